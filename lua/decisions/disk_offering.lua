-- Which disk offering a disk gets. The form of this file: lua/decisions/README.md.

local offerings = require "cloudstack.offerings"
local rows = require "decision.rows"

-- More GB than any storage of CloudStack's gives to one disk.
local SIZE = { "size", "integer", "GB, for a customised offering: 1 to 1048576", optional = true, least = 1, most = 1048576 }

local function match(answer, facts)
  local offering = type(answer) == "table" and rows.like(answer.offering or answer, facts.offerings)
  if not offering then return nil, "it must be one of facts.offerings" end
  if not rows.fits(answer.size, SIZE) then return nil, rows.range(SIZE, "GB") end
  local size = offering.iscustomized and math.tointeger(answer.size) or facts.size
  if size < facts.size then return nil, ("its size is %d GB, %d GB are asked for"):format(size, facts.size) end
  return offerings.disk(offering, size, { least = facts.custom_least, most = facts.custom_most })
end

local function weigh(facts, chosen)
  return rows.weigh(facts.offerings, { chosen.offering }, function(offering)
    if offering.iscustomized and facts.custom_most and facts.size > facts.custom_most then
      return ("gives %d GB at most, %d are wanted"):format(facts.custom_most, facts.size)
    elseif not offering.iscustomized and (offering.disksize or 0) < facts.size then
      return ("gives %d of %d GB"):format(offering.disksize or 0, facts.size)
    end
  end)
end

return {
  summary = "Which disk offering a disk gets.",
  asked = "Asked by `create_disk` when the manifest names no `disk_offering`, by `create_vm` for an ephemeral disk "
    .. "(`disk`) without `ephemeral_disk_offering`, by `calculate_vm_cloud_properties`, by `update_disk` as by `create_disk`, "
    .. "and by `resize_disk` for a disk whose own offering cannot grow: there only with the offerings that CloudStack takes in "
    .. "its place.",
  verbs = { "create_disk", "create_vm", "calculate_vm_cloud_properties", "resize_disk", "update_disk" },
  facts = rows.of_a_new_one {
    { "kind", '"persistent"|"ephemeral"', "what the disk is for" },
    { "size", "integer", "GB wanted, rounded up" },
    { "wanted", "string", "the name that the configuration has for this kind (`cloudstack.default_offer.disk`, "
      .. "`.ephemeral_disk`)", optional = true },
    { "fallback", "string", "the name of the configured customised offering (`cloudstack.default_offer.custom_disk`)",
      optional = true },
    { "current", "string", "id of the offering that the disk has; `resize_disk` and `update_disk` only", optional = true },
    { "custom_least", "integer", "the least GB of a customised disk here, where it is known", optional = true },
    { "custom_most", "integer", "the most", optional = true },
    { "zone", "object", "where the disk will be", fields = rows.zone },
    { "vm", "object", "the VM that the disk is for; `create_disk` only, where BOSH names one", optional = true, fields = {
      { "name", "string", "its CID" },
      { "offering", "string", "its service offering", optional = true },
      { "storage", '"shared"|"local"', "where that offering has the VM's own disks", optional = true },
      { "host", "string", "the host that it runs on; root admins see it", optional = true },
    } },
    { "offerings", "object[]", "every disk offering usable in the zone", open = true, fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name" },
      { "disksize", "integer", "its GB; 0 or absent for a customised one", optional = true },
      { "iscustomized", "boolean", "does it take whatever size is asked?", optional = true },
      { "storagetype", "string", '`"shared"` or `"local"`', optional = true },
      { "tags", "string", "the tags that a storage pool must have, with commas", optional = true },
    } },
  },
  answer = {
    type = "answer|offerings",
    fields = {
      { "offering", "offerings", "one row of `facts.offerings`" },
      SIZE,
    },
    text = "one row of `facts.offerings`, or `{ offering = row, size = GB }`. `size` counts for a customised offering "
      .. "only and must be a whole number of at most 1048576, not below the wanted one; without it the wanted size is taken. A fixed "
      .. "offering that gives less than the wanted size is refused.",
  },
  ours = "`wanted` where there is one, else `fallback` where it exists, else the smallest fixed offering that is large "
    .. "enough, else a customised one; on shared storage where there is one, else on local storage. A disk that has an "
    .. "offering already keeps it where that gives the size and no other is configured.",
  example = {
    kind = "persistent", size = 20, zone = { id = "z1", name = "zone1" },
    offerings = {
      { id = "d1", name = "shared.10", disksize = 10, iscustomized = false, storagetype = "shared" },
      { id = "d2", name = "shared.50", disksize = 50, iscustomized = false, storagetype = "shared", tags = "ssd" },
      { id = "d3", name = "shared.custom", disksize = 0, iscustomized = true, storagetype = "shared" },
    },
  },
  match = match, weigh = weigh,
}

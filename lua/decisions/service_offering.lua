-- Which service offerings a VM of a wanted size is tried with. The form of this file: lua/decisions/README.md.

local offerings = require "cloudstack.offerings"
local rows = require "decision.rows"

local function match(answer, facts)
  if type(answer) ~= "table" then return nil, "it must be a list of offerings" end
  local chosen = {}
  for i, one in ipairs(answer.id and { answer } or answer) do
    chosen[i] = rows.like(one, facts.offerings)
    if not chosen[i] then return nil, ("its entry %d is none of facts.offerings"):format(i) end
  end
  if #chosen == 0 then return nil, "it must name at least one offering" end
  if answer.zone ~= nil then
    for _, zone in ipairs(facts.zones or {}) do
      if zone == answer.zone then chosen.zone = zone end
    end
    if not chosen.zone then return nil, "its zone is none of facts.zones" end
  end
  return chosen
end

-- What is too little in an offering, or nil.
local function lack(offering, facts)
  for _, id in ipairs(facts.refused) do
    if id == offering.id then return "CloudStack had no room for it" end
  end
  return offerings.size_problem(offering, facts.cpu, facts.ram)
end

local function weigh(facts, chosen)
  return rows.weigh(facts.offerings, chosen, function(offering) return lack(offering, facts) end)
end

return {
  summary = "Which service offerings a VM of a wanted size is tried with.",
  asked = "Asked by `create_vm` when the manifest names no `compute_offering` but `cpu` and `ram`, and by "
    .. "`calculate_vm_cloud_properties`, which names the first of the answer that does in every zone.",
  verbs = { "create_vm", "calculate_vm_cloud_properties" },
  facts = rows.of_a_new_one {
    { "cpu", "integer", "CPUs wanted" },
    { "ram", "integer", "MB wanted" },
    { "zone", "object", "where the VM will be", fields = rows.zone },
    { "zones", "string[]", "where the VM may be instead: names or ids, from `zones` in the cloud_properties, of those not "
      .. "tried yet", optional = true },
    { "refused", "string[]", "ids of offerings for which CloudStack had no room in this zone, since this request began" },
    { "offerings", "object[]", "every service offering usable in the zone; for `calculate_vm_cloud_properties` only "
      .. "those that fit `cloudstack.calculate.*`", open = true, fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name" },
      { "cpunumber", "integer", "its CPUs; absent from a customised one", optional = true },
      { "memory", "integer", "its MB; absent from a customised one", optional = true },
      { "iscustomized", "boolean", "does it take whatever size is asked?", optional = true },
      { "serviceofferingdetails", "table<string, string>", "of a customised one, as text: `mincpunumber`, `maxcpunumber`, "
        .. "`minmemory`, `maxmemory`", optional = true },
      { "hosttags", "string", "the tags that a host must have, with commas", optional = true },
      { "isvolatile", "boolean", "does each reboot give its VMs a new root disk?", optional = true },
    } },
  },
  answer = {
    type = "offerings[]|offerings",
    text = "a list of rows of `facts.offerings`, best first, or one row. Each is tried in turn while CloudStack says "
      .. "that it has no room, with the same VM where CloudStack lets it change. The list must not be empty. When none had room, "
      .. "`create_vm` asks again, with `refused`; an answer that has nothing new, or nil, ends the tries in this zone, and the next of "
      .. "`zones` is tried, or the one that the list names in its field `zone`. Twelve starts are the most in one `create_vm`.",
  },
  ours = "those with enough CPUs and memory, the smallest first, customised ones last, three at most; "
    .. "after three that had no room none.",
  example = {
    cpu = 2, ram = 4096, group = "bosh-cf-diego-cell", zone = { id = "z1", name = "zone1" }, zones = { "zone2" }, refused = {},
    offerings = {
      { id = "s1", name = "shared.small", cpunumber = 1, memory = 2048, iscustomized = false },
      { id = "s2", name = "shared.large", cpunumber = 4, memory = 8192, iscustomized = false, hosttags = "ssd" },
      { id = "s3", name = "shared.custom", iscustomized = true },
    },
  },
  match = match, weigh = weigh,
}

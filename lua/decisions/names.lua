-- What an object is called, and its tags. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"

local MOST_TAGS = 100 -- CloudStack takes them in one command

local function match(answer)
  if type(answer) ~= "table" or type(answer.display_name) ~= "string" or answer.display_name == "" then
    return nil, "it must be { display_name = string, tags = { key = string } }"
  end
  if answer.tags ~= nil and type(answer.tags) ~= "table" then return nil, "its tags must be a table of strings by their keys" end
  if not rows.holds_at_most(MOST_TAGS, answer.tags) then return nil, ("it has more than %d tags"):format(MOST_TAGS) end
  local tags = {}
  for key, value in pairs(answer.tags or {}) do
    if type(key) ~= "string" or type(value) ~= "string" then return nil, "its tags must be strings" end
    tags[key] = value
  end
  return { display_name = answer.display_name, tags = tags }
end

return {
  summary = "What an object is called in CloudStack's user interface, and which tags it carries from its creation on.",
  asked = "Asked for every VM (once per try), disk, ephemeral disk, uploaded stemcell, snapshot, and network that the CPI makes.",
  verbs = { "create_vm", "create_disk", "create_stemcell", "snapshot_disk", "create_network" },
  facts = rows.of_a_new_one {
    { "kind", '"vm"|"disk"|"ephemeral-disk"|"stemcell"|"snapshot"|"network"', "what it is" },
    { "cid", "string", "the CID; for an ephemeral disk the name that CloudStack gave it, "
      .. "for a snapshot the name that it gets" },
    { "director", "string", '`director.name` of the configuration; `""` when not configured' },
    { "director_uuid", "string", "as the request's context has it", optional = true },
    { "agent_id", "string", "VMs only", optional = true },
    { "vm_cid", "string", "the VM of an ephemeral disk", optional = true },
    { "stemcell_name", "string", "stemcells only", optional = true },
    { "stemcell_version", "string", "stemcells only", optional = true },
  },
  answer = {
    type = "answer",
    fields = {
      { "display_name", "string", "at least one character" },
      { "tags", "table<string, string>", "tags by their keys", optional = true },
    },
    text = [[
`{ display_name = string, tags = { key = string } }`. The display name has at least one character and is
cut after 255 bytes; VMs, stemcells and networks show it, disks and snapshots have no place for it. Tags are cut after 255
bytes, empty ones are left out; at most 100.

`director_uuid`, `bosh_request`, `bosh_cid`, `bosh_agent_id` and `bosh_ephemeral_of` are the CPI's own tags, by
which objects are found again; a policy cannot change or remove them. The CID is not decided here either.]],
  },
  ours = "the display name is the CID, with the group before it for a VM, or the stemcell's name and version; the tags are "
    .. "`bosh_kind` and, where configured, `director_name`.",
  example = {
    kind = "vm", cid = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c", director = "bosh",
    director_uuid = "3c1a6b3e-7f52-4d0a-9b52-6a1f0c9d8e7f", agent_id = "e55144cb-56a9-4c92-92b3-00fb6b94f9f5",
    group = "bosh-cf-diego-cell",
  },
  match = match,
}

-- Which affinity groups a VM is in. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"

local LONGEST = 255
local MOST = 32 -- groups; each is a request, and a claim that is announced

local function match(answer)
  if answer == "none" then return {} end
  if type(answer) ~= "table" then return nil, 'it must be a list of { name = string, type = string }, or "none"' end
  if not rows.holds_at_most(MOST, answer) then return nil, ("it has more than %d groups"):format(MOST) end
  local list, seen = {}, {}
  for i, one in ipairs(answer.name and { answer } or answer) do
    if type(one) ~= "table" or type(one.name) ~= "string" or one.name == "" or #one.name > LONGEST then
      return nil, ("its entry %d has no name of 1 to %d characters"):format(i, LONGEST)
    elseif one.type ~= nil and (type(one.type) ~= "string" or one.type == "") then
      return nil, ("its entry %d has a type that is not a string"):format(i)
    end
    if not seen[one.name] then list[#list + 1] = { name = one.name, type = one.type } end
    seen[one.name] = true
  end
  return list
end

return {
  summary = "Which affinity groups a VM is in, beside those that its cloud_properties name.",
  asked = "Asked by every `create_vm`.",
  verbs = { "create_vm" },
  facts = rows.of_a_new_one {
    { "names", "string[]", "`affinity_group` of the cloud_properties; the VM is in these in any case" },
    { "type", "string", "`affinity_group_type` of the cloud_properties", optional = true },
    { "auto", "string", "the name of the group that all VMs of the instance group share, where "
      .. "`cloudstack.enable_auto_anti_affinity` is true", optional = true },
    { "auto_type", "string", "`cloudstack.auto_anti_affinity_type`" },
    { "groups", "object[]", "the groups that there are; looked up only when `names` or `auto` asks for one, so it may be "
      .. "empty or have just that one", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name" },
      { "type", "string", "its type" },
      { "vms", "integer", "how many VMs are in it, destroyed ones included" },
    } },
  },
  answer = {
    type = 'answer[]|answer|"none"',
    fields = {
      { "name", "string", "the group's name" },
      { "type", "string", "its type, where it has to be made; one of another type that exists is an error", optional = true },
    },
    text = [[
a list of at most 32 `{ name = ..., type = ... }`, one of them, an empty list or `"none"`. A group that is not there is made, with
the type `host anti-affinity` when none is given, and deleted with its last VM. Types: `host anti-affinity`,
`host affinity`, and from CloudStack 4.18 on `non-strict host anti-affinity` and `non-strict host affinity`.]],
  },
  ours = "`auto` with `auto_type`, when there is one and `names` is empty; else none.",
  example = {
    names = {}, group = "bosh-cf-diego-cell", auto = "3c1a6b3e-7f52-4d0a-9b52-6a1f0c9d8e7f-bosh-cf-diego-cell",
    auto_type = "non-strict host anti-affinity", groups = {},
  },
  match = match,
}

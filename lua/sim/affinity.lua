-- Affinity groups: there are none in this cloud, and the list says so.
local lists = require "sim.lists"

local affinity = {}

local function list(m, call)
  return lists.answer(m, call, "affinitygroup", {}, nil)
end

affinity.commands = {
  { name = "listAffinityGroups", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "affinity_group" }, { "name", "string" }, { "type", "string" },
    { "virtualmachineid", "uuid", of = "vm" },
  } },
}

return affinity

-- What is said of an object that is gone by the commands that work on it: up to 4.22 one text for all of them, before
-- anything else is looked at; from 4.23 on each command's own.
local refusal = require "sim.refusal"

local removed_objects = {}

-- CloudStack's names of the kinds, as the text has them.
local TYPES = {
  vm = "VirtualMachine", volume = "Volume", snapshot = "Snapshot", template = "VirtualMachineTemplate", network = "Network",
  public_address = "IpAddress", firewall_rule = "FirewallRule", loadbalancer = "LoadBalancer", affinity_group = "AffinityGroup",
  vpc = "Vpc", nic = "Nic", port_forwarding = "PortForwardingRule",
}

local function speaks_so(m)
  return m.version:at_least "4.15" and not m.version:at_least "4.23"
end

-- A list shows nothing of what is gone, whatever the version.
local function is_question(name)
  return name:find "^list" or name:find "^query" or name:find "^get" or name:find "^find"
end

local function refuse(object, kind)
  if not object.ghost and not object.removed then return end
  refusal.invalid("Unable to find UUID for id [%d] of type [%s]", object.number, TYPES[kind])
end

function removed_objects.refuse(m, entry, arguments)
  if not speaks_so(m) or is_question(entry.name) then return end
  for _, spec in ipairs(entry.parameters) do
    local object = arguments[spec[1]]
    if object and spec[2] == "uuid" and spec.required and TYPES[spec.of] then refuse(object, spec.of) end
  end
end

return removed_objects

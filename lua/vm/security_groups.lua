-- The security groups of a VM: those that its cloud_properties and its networks name, in zones that have groups.

local errors = require "errors"
local groups = require "cloudstack.security_groups"
local networks = require "cloudstack.networks"

local vm_groups = { name = "security_groups" }

vm_groups.properties = { security_groups = "list" }

local function add_names(names, seen, given, where)
  for _, name in ipairs(given or {}) do
    if type(name) ~= "string" or name == "" then
      error(errors.cloud("%s: 'security_groups' must be a list of names or ids", where))
    end
    if not seen[name] then names[#names + 1], seen[name] = name, true end
  end
end

-- Every name once, in the order of the manifest.
local function wanted(order)
  local names, seen = {}, {}
  add_names(names, seen, order.properties.security_groups, "cloud_properties of the VM")
  for _, network in ipairs(order.networks) do
    add_names(names, seen, network.properties.security_groups, ("cloud_properties of network '%s'"):format(network.name))
  end
  return names
end

function vm_groups.ask(_, order)
  return { security_groups = #wanted(order) > 0 and groups.request() or nil }
end

-- The groups' ids, with commas, or nil for none: then CloudStack takes the account's default group where the zone has
-- groups. Raises CloudError where they can't protect the VM.
function vm_groups.plan(_, order, found, plan)
  local names = wanted(order)
  if #names == 0 then return nil end
  if not found.zone.securitygroupsenabled then
    error(errors.cloud("zone '%s' has no security groups, yet the VM shall have: %s", found.zone.name,
      table.concat(names, ", ")))
  end
  for _, nic in ipairs(plan.networks) do
    if not networks.offers(nic.target, "SecurityGroup") then
      error(errors.cloud("network '%s' has no security groups, so the VM can't have any: %s", nic.target.name,
        table.concat(names, ", ")))
    end
  end
  local ids = {}
  for i, name in ipairs(names) do ids[i] = groups.pick(found.security_groups, name).id end
  return table.concat(ids, ",")
end

function vm_groups.parameters(_, _, _, plan) return { securitygroupids = plan.security_groups } end

return vm_groups

-- The security groups of a VM: those that its cloud_properties and its networks name, in zones that have groups.

local errors = require "errors"
local groups = require "cloudstack.security_groups"
local networks = require "cloudstack.networks"

local vm_groups = {}

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

-- Adds to a gather what the VM's groups need; nothing for a VM without.
function vm_groups.add_requests(requests, order)
  if #wanted(order) > 0 then requests.security_groups = groups.request() end
end

-- The groups' ids, with commas, or nil for none: then CloudStack takes the account's default group where the zone has
-- groups. Raises CloudError where they can't protect the VM.
function vm_groups.plan(order, found, nics)
  local names = wanted(order)
  if #names == 0 then return nil end
  if not found.zone.securitygroupsenabled then
    error(errors.cloud("zone '%s' has no security groups, yet the VM shall have: %s", found.zone.name,
      table.concat(names, ", ")))
  end
  for _, nic in ipairs(nics) do
    if not networks.offers(nic.target, "SecurityGroup") then
      error(errors.cloud("network '%s' has no security groups, so the VM can't have any: %s", nic.target.name,
        table.concat(names, ", ")))
    end
  end
  local ids = {}
  for i, name in ipairs(names) do ids[i] = groups.pick(found.security_groups, name).id end
  return table.concat(ids, ",")
end

return vm_groups

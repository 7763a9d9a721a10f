-- Networks.

local errors = require "errors"
local exact = require "cloudstack.exact"
local zones = require "cloudstack.zones"

local networks = {}

-- All that the account may use: the `name` filter exists only from 4.22 on, and one list serves every NIC.
function networks.request()
  return { "listNetworks", {}, rows = "network" }
end

-- A network by its id, and the VPC that it is a tier of: tiers of several VPCs may have one name.
local function described(row)
  return row.vpcid and ("%s (of VPC '%s')"):format(row.id, tostring(row.vpcname or row.vpcid)) or row.id
end

-- The zone's network with that id or name; raises NetworkNotFound with the names that there are.
function networks.pick(rows, wanted, zone)
  local there = zones.rows_in(rows, zone)
  return exact.one(there, wanted, "network", described) or error(errors.network_not_found(
    "network '%s' is not in zone '%s'; there are: %s", wanted, zone.name, exact.names(there)))
end

-- Is the zone a basic one, in which VMs are deployed without naming a network?
function networks.is_basic(zone)
  return zone.networktype == "Basic"
end

-- The zone's network, where it has only one; else nil.
function networks.first_in(rows, zone)
  local there = zones.rows_in(rows, zone)
  return #there == 1 and there[1] or nil
end

-- A fresh CID of a network that we make.
function networks.new_cid(uuid)
  return "cpi-network-" .. uuid
end

-- The network with that id or name in whatever zone, or nil.
function networks.find(cpi, wanted)
  return exact.one(cpi.cloudstack:rows(networks.request()), wanted, "network")
end

-- The VMs that keep a network from being deleted, for the message: a user does not see VMs that are only destroyed.
local function inhabitants(cpi, network)
  local rows = cpi.cloudstack:rows({ "listVirtualMachines", { networkid = network.id }, rows = "virtualmachine" })
  if #rows > 0 then return "VMs are in it: " .. exact.names(rows) end
  return "no VM that this account sees is in it: one may be destroyed and not expunged yet"
end

-- Deletes a network (nil: nothing). Raises CloudError with the reason where it stays, which CloudStack does not name.
function networks.delete(cpi, network, name)
  if not network then return end
  local task = cpi.cloudstack:run { "deleteNetwork", { id = network.id }, job = true, idempotent = true,
    what = "deleting network " .. name, timeout = cpi.settings.cloudstack.timeout.global }
  if not task.failure then return end
  local there = cpi.cloudstack:rows({ "listNetworks", { id = network.id }, rows = "network" })[1]
  if there then
    error(errors.cloud("network '%s' is not deleted: %s (%s)", name, inhabitants(cpi, there), cpi.cloudstack.say(task.failure)))
  end
end

-- Does the network offer the service (UserData, Dhcp, StaticNat, ...)?
function networks.offers(network, service)
  for _, one in ipairs(network.service or {}) do
    if one.name == service then return true end
  end
  return false
end

-- The names of who provides the service in the network, in lower case; {} where CloudStack does not say.
function networks.providers(network, service)
  local names = {}
  for _, one in ipairs(network.service or {}) do
    for _, provider in ipairs(one.name == service and one.provider or {}) do names[#names + 1] = tostring(provider.name):lower() end
  end
  return names
end

return networks

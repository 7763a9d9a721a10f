-- Networks.

local errors = require "errors"
local exact = require "cloudstack.exact"

local networks = {}

-- All that the account may use: the `name` filter exists only from 4.22 on, and one list serves every NIC.
function networks.request()
  return { "listNetworks", {}, rows = "network" }
end

local function in_zone(rows, zone)
  local there = {}
  for _, row in ipairs(rows) do
    if row.zoneid == zone.id then there[#there + 1] = row end
  end
  return there
end

-- The zone's network with that id or name; raises NetworkNotFound with the names that there are.
function networks.pick(rows, wanted, zone)
  local there = in_zone(rows, zone)
  return exact.one(there, wanted, "network") or error(errors.network_not_found(
    "network '%s' is not in zone '%s'; there are: %s", wanted, zone.name, exact.names(there)))
end

-- Does the network offer the service (UserData, Dhcp, StaticNat, ...)?
function networks.offers(network, service)
  for _, one in ipairs(network.service or {}) do
    if one.name == service then return true end
  end
  return false
end

return networks

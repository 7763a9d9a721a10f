-- What CloudStack's networks can't give a VM: IPv6 where they have none, addresses outside their prefix, blocks that are too large.
-- Refused before anything is made.

local address = require "base.address"
local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local ipv6 = require "base.ipv6"
local nics = require "vm.nics"
local zones = require "cloudstack.zones"

local network_limits = {}

local function is_there(network) return type(network.ip6cidr) == "string" and network.ip6cidr ~= "" end

-- The names of the networks with IPv6 that there are, for people.
local function with_ipv6(rows, zone)
  local names = {}
  for _, row in ipairs(zones.rows_in(rows, zone)) do
    if is_there(row) then names[#names + 1] = row.name end
  end
  return #names > 0 and "those of the zone that have: " .. table.concat(names, ", ") or "no network of the zone has"
end

local function refuse_ipv6(network, found)
  local target = network.target
  if not capabilities.at_least(found.can.version, 4, 12) then -- apache/cloudstack 2773 and 3077
    error(errors.not_supported("network '%s' is an IPv6 one; CloudStack %s has no IPv6 addresses that a VM can be given; that "
      .. "needs 4.12", network.name, tostring(found.can.version)))
  elseif not is_there(target) then
    error(errors.cloud("network '%s' is an IPv6 one, and network '%s' of CloudStack has no IPv6; %s", network.name, target.name,
      with_ipv6(found.networks, found.zone)))
  end
  if network.kind == "dynamic" then return end
  local gateway = address.same(network.ip, target.ip6gateway)
  if not address.is_in(network.ip, target.ip6cidr) or gateway then
    error(errors.cloud("network '%s': address %s is not one that a VM can have in network '%s' (%s, gateway %s)", network.name,
      network.ip, target.name, target.ip6cidr, tostring(target.ip6gateway)))
  end
end

-- 2 to that power, for people.
local function amount(bits)
  return bits < 31 and ("%d"):format(1 << bits) or ("2^%d"):format(bits)
end

local function refuse_block(cpi, network)
  local bits = address.bits(network.family) - network.prefix
  local most = cpi.settings.cloudstack.prefix_addresses
  if bits < 31 and 1 << bits <= most then return end
  error(errors.cloud("network '%s': its prefix %d is %s addresses, which CloudStack gives a NIC one by one; %d are the most "
    .. "(cloudstack.prefix_addresses)", network.name, network.prefix, amount(bits), most))
end

-- check(cpi, network, found): network with its target. Raises CloudError and NotSupported.
function network_limits.check(cpi, network, found)
  if network.family == 6 then refuse_ipv6(network, found) end
  if nics.is_block(network) then refuse_block(cpi, network) end
end

-- check_nic(nic): every NIC has an IPv4 address, and CloudStack can't leave it out.
function network_limits.check_nic(nic)
  if nic.networks[1].family == 4 then return end
  error(errors.not_supported("%s %s IPv6 alone, and CloudStack gives every NIC an IPv4 address: add an IPv4 network in network '%s', "
    .. "manual or dynamic", #nic.networks == 1 and "network" or "networks", nics.names_of(nic.networks)
    .. (#nic.networks == 1 and " is" or " are"), nic.target.name))
end

-- The IPv6 address that CloudStack derives from a NIC's MAC, or nil where the MAC or a prefix of 64 bits is not known.
function network_limits.by_mac(nic)
  local network = ipv6.network(nic.target.ip6cidr or "")
  return nic.mac and network and network.bits == 64 and ipv6.eui64(network, nic.mac) or nil
end

return network_limits

-- Which addresses of a guest network are taken and by which NIC: its own ones, its secondary ones, its IPv6 ones. They
-- stay taken until the NIC is gone, whatever state its VM is in.
local ipv4 = require "base.ipv4"
local ipv6 = require "base.ipv6"

local guest_addresses = {}

-- The NIC, if any, that holds an address.
function guest_addresses.holder(network, address)
  return network.taken and network.taken[address]
end

-- Every address below network.lowest is taken.
function guest_addresses.take(network, address, nic)
  network.taken = network.taken or {}
  network.taken[address] = nic
end

function guest_addresses.give_back(network, address)
  if not address or not guest_addresses.holder(network, address) then return end
  network.taken[address] = nil
  local number = ipv4.number(address)
  if number and network.lowest and number < network.lowest then network.lowest = number end
end

-- Is it one that a VM may have at all? Isolated networks give any of theirs, shared ones those of their range.
local function is_offered(network, address)
  local number = ipv4.number(address)
  if not number or not network.first or address == network.gateway then return false end
  if number <= network.first or number >= network.last then return false end
  return network.type ~= "Shared" or number >= network.from and number <= network.to
end

-- May a VM have this address now?
function guest_addresses.is_free(network, address)
  return is_offered(network, address) and not guest_addresses.holder(network, address)
end

-- The lowest free address, or nil.
function guest_addresses.lowest(network, besides)
  if not network.from then return nil end
  local from, first = math.max(network.lowest or network.from, network.from), nil
  for number = from, network.to do
    local address = ipv4.text(number)
    if guest_addresses.is_free(network, address) then
      first = first or number
      if address ~= besides then
        network.lowest = first
        return address
      end
    end
  end
  network.lowest = first or network.to + 1
end

-- ---------------------------------------------------------------------------------------------------------
-- IPv6

-- Is it an IPv6 address of the network's range?
function guest_addresses.is_in_ipv6_range(network, address)
  local groups = ipv6.parse(address)
  local range = network.ip6
  if not groups or not range then return false end
  if range.first then return ipv6.is_between(groups, range.first, range.last) end
  return ipv6.is_within(groups, range.network)
end

-- The same spelling for every way to write one.
function guest_addresses.spelled(address)
  local groups = ipv6.parse(address)
  return groups and ipv6.text(groups) or address
end

-- The IPv6 address that a NIC of a network with IPv6 gives itself by its MAC, whatever was asked for; nil elsewhere.
function guest_addresses.ipv6_of(network, mac)
  return network.ip6 and ipv6.eui64(network.ip6.network, mac)
end

-- ip6(spec) -> what a network keeps of ip6cidr, ip6gateway and ip6range; nil for a network without | raises a text
function guest_addresses.ip6(cidr, gateway, range)
  if not cidr and not gateway then return nil end
  local network = ipv6.network(cidr or "")
  if not network or network.bits ~= 64 then error(("'%s' is not an IPv6 network of 64 bits"):format(tostring(cidr)), 0) end
  if not ipv6.parse(gateway or "") or not ipv6.is_within(ipv6.parse(gateway), network) then
    error(("IPv6 gateway '%s' is not inside %s"):format(tostring(gateway), cidr), 0)
  end
  local first, last = range and ipv6.parse(range[1] or ""), range and ipv6.parse(range[2] or "")
  if range and not (first and last) then error("an IPv6 range has two addresses", 0) end
  return { cidr = cidr, gateway = gateway, network = network, first = first, last = last }
end

return guest_addresses

-- The public addresses of a zone: which are handed out, to whom, and for what.
local ipv4 = require "base.ipv4"

local public_pool = {}

-- The one that is handed out with that text, or nil.
function public_pool.held(m, zone, address)
  return m:first("public_address", function(one) return one.zone == zone and one.address == address end)
end

local function is_free(m, zone, address)
  local range, number = zone.public, ipv4.number(address)
  return range and number and number > range.first and number < range.last and not public_pool.held(m, zone, address)
end

local function lowest(m, zone)
  local range = zone.public
  for number = range and range.first + 1 or 1, range and range.last - 1 or 0 do
    local address = ipv4.text(number)
    if is_free(m, zone, address) then return address end
  end
end

-- take(m, zone, wanted, fields) -> the address as an object with those fields, or nil where none (or not the wanted
-- one) is free
function public_pool.take(m, zone, wanted, fields)
  local address = wanted or lowest(m, zone)
  if not address or not is_free(m, zone, address) then return nil end
  fields.address, fields.zone = address, zone
  return m:add("public_address", fields)
end

-- All that nobody has, in order.
function public_pool.free(m, zone)
  local range, out = zone.public, {}
  for number = range and range.first + 1 or 1, range and range.last - 1 or 0 do
    local address = ipv4.text(number)
    if not public_pool.held(m, zone, address) then out[#out + 1] = address end
  end
  return out
end

-- The public address that an address of a NIC has by static NAT (nil: the NIC's own), or nil.
function public_pool.of_nic(m, nic, guest)
  return m:first_by("public_address", "nic", nic, function(one) return one.guest == guest end)
end

-- The address by which a network or a VPC reaches the world, or nil as long as it has no router.
function public_pool.source_nat(m, place)
  return m:first("public_address", function(one)
    return one.source_nat and (place.kind == "vpc" and one.vpc == place or one.network == place)
  end)
end

-- Gives a network or a VPC its router's address, where it has none.
function public_pool.give_source_nat(m, place)
  if public_pool.source_nat(m, place) then return end
  public_pool.take(m, place.zone, nil, {
    account = place.account, source_nat = true, network = place.kind == "network" and place or nil,
    vpc = place.kind == "vpc" and place or nil,
  })
end

return public_pool

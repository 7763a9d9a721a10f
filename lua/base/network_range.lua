-- The range of a new network: what the director asks for, or a free block of the size that it asks for.

local errors = require "errors"
local ipv4 = require "base.ipv4"

local network_range = {}

local PRIVATE = ipv4.range "10.0.0.0/8"
local SMALLEST, LARGEST = 8, 29 -- bits of a netmask; smaller than /29 leaves no room for router and VMs

local function overlaps(a, b) return a.first <= b.last and b.first <= a.last end

local function block_at(first, bits)
  return ipv4.range(("%s/%d"):format(ipv4.text(first), bits))
end

-- The first block of that size inside `outer` that none of `used` touches, or nil.
local function free_block(outer, bits, used)
  local size, first = 1 << (32 - bits), outer.first
  while first + size - 1 <= outer.last do
    local block, blocker = block_at(first, bits), nil
    for _, one in ipairs(used) do
      if overlaps(block, one) then blocker = one end
    end
    if not blocker then return block end
    first = (blocker.last + 1 + size - 1) // size * size -- the next boundary after what is in the way
  end
end

local function ranges_of(cidrs)
  local list = {}
  for _, cidr in ipairs(cidrs) do list[#list + 1] = ipv4.range(cidr) end
  return list
end

local function with_gateway(range, gateway, where)
  local number = gateway and ipv4.number(gateway) or range.first + 1
  if gateway and (not ipv4.number(gateway) or number <= range.first or number >= range.last) then
    error(errors.cloud("%s: gateway '%s' is not an address inside %s/%d", where, gateway, ipv4.text(range.first), range.bits))
  end
  return { cidr = ("%s/%d"):format(ipv4.text(range.first), range.bits), gateway = ipv4.text(number), netmask = range.netmask }
end

-- of(definition, outer, used) -> { cidr, gateway, netmask }
--   definition  { range, gateway, netmask_bits } as the director sends it
--   outer       the VPC's cidr, or nil for a network of its own
--   used        the cidrs of the networks that are there: a block that we choose touches none of them
-- Raises CloudError for a text that is not a range, and where no block is free.
function network_range.of(definition, outer, used)
  local where = "create_network"
  if definition.range then
    local range = ipv4.network(definition.range)
    if not range or range.bits > LARGEST then
      error(errors.cloud("%s: range must be an IPv4 network of at least 8 addresses, got '%s'", where, definition.range))
    end
    return with_gateway(range, definition.gateway, where)
  end
  local bits = definition.netmask_bits
  if bits == nil then error(errors.cloud("%s: the definition has neither 'range' nor 'netmask_bits'", where)) end
  if not math.type(bits) or not math.tointeger(bits) or bits < SMALLEST or bits > LARGEST then
    error(errors.cloud("%s: netmask_bits must be a whole number from %d to %d, got '%s'", where, SMALLEST, LARGEST, tostring(bits)))
  end
  local block = free_block(outer and ipv4.range(outer) or PRIVATE, math.tointeger(bits), ranges_of(used))
  if not block then
    error(errors.cloud("%s: no block of /%d is free in %s", where, bits, outer or "10.0.0.0/8"))
  end
  return with_gateway(block, definition.gateway, where)
end

-- Does a network of that cidr touch one of the others?
function network_range.touches(cidr, others)
  local own = ipv4.range(cidr)
  for _, one in ipairs(own and ranges_of(others) or {}) do
    if overlaps(own, one) then return true end
  end
  return false
end

return network_range

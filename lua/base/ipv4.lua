-- IPv4 addresses and networks as numbers. Pure.
local ipv4 = {}

-- "10.0.0.1" -> number | nil
function ipv4.number(text)
  local a, b, c, d = tostring(text):match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
  if not a then return nil end
  local number = 0
  for _, part in ipairs { a, b, c, d } do
    local octet = tonumber(part)
    if octet > 255 then return nil end
    number = number * 256 + octet
  end
  return math.tointeger(number)
end

function ipv4.text(number)
  return ("%d.%d.%d.%d"):format(number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255)
end

-- "10.9.0.0/16" -> { first, last, netmask, bits } with the network's own and its broadcast address | nil
function ipv4.range(text)
  local address, size = tostring(text):match "^([%d%.]+)/(%d+)$"
  local first, bits = ipv4.number(address or ""), math.tointeger(tonumber(size))
  if not first or not bits or bits > 32 then return nil end
  local mask = 0xffffffff << (32 - bits) & 0xffffffff
  return { first = first & mask, last = (first & mask) | (~mask & 0xffffffff), netmask = ipv4.text(mask), bits = bits }
end

-- The same, of a network that has room for a router and a VM.
function ipv4.network(text)
  local range = ipv4.range(text)
  return range and range.bits >= 1 and range.bits <= 30 and range or nil
end

return ipv4

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

-- "10.0.0.0/24" -> { first, last, netmask } with the network's own and its broadcast address | nil
function ipv4.network(text)
  local address, bits = tostring(text):match "^([%d%.]+)/(%d+)$"
  local first, size = ipv4.number(address or ""), tonumber(bits)
  if not first or size < 1 or size > 30 then return nil end
  local mask = 0xffffffff << (32 - size) & 0xffffffff
  return { first = first & mask, last = (first & mask) | (~mask & 0xffffffff), netmask = ipv4.text(mask) }
end

return ipv4

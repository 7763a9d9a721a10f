-- IPv6 addresses as eight groups of 16 bits, and the address that a NIC gives itself. Pure.
local ipv4 = require "base.ipv4"

local ipv6 = {}

local function groups_in(text)
  local out = {}
  if text == "" then return out end
  for part in (text .. ":"):gmatch "(.-):" do
    if not part:match "^%x%x?%x?%x?$" then return nil end
    out[#out + 1] = tonumber(part, 16)
  end
  return out
end

-- The last 32 bits may be written as an IPv4 address.
local function without_dots(text)
  local head, tail = text:match "^(.*:)([%d%.]+%.[%d%.]+)$"
  local number = head and ipv4.number(tail)
  return number and ("%s%x:%x"):format(head, number >> 16, number & 0xffff) or text
end

-- parse("2001:db8::1") -> { eight numbers } | nil
function ipv6.parse(given)
  local text = without_dots(tostring(given))
  local head, tail = text:match "^(.-)::(.*)$"
  if not head then
    local all = groups_in(text)
    return all and #all == 8 and all or nil
  end
  local left, right = groups_in(head), groups_in(tail)
  if not left or not right or #left + #right > 7 then return nil end
  while #left + #right < 8 do left[#left + 1] = 0 end
  return table.move(right, 1, #right, #left + 1, left)
end

-- The longest run of at least two groups of zero: where it begins and how long it is.
local function zeros(groups)
  local best, longest, from = nil, 1, nil
  for i = 1, 9 do
    if groups[i] == 0 then
      from = from or i
    elseif from then
      if i - from > longest then best, longest = from, i - from end
      from = nil
    end
  end
  return best, longest
end

local function joined(groups, from, to)
  local out = {}
  for i = from, to do out[#out + 1] = ("%x"):format(groups[i]) end
  return table.concat(out, ":")
end

function ipv6.text(groups)
  local at, count = zeros(groups)
  if not at then return joined(groups, 1, 8) end
  return joined(groups, 1, at - 1) .. "::" .. joined(groups, at + count, 8)
end

-- The groups with all bits after the first `bits` cleared.
local function masked(groups, bits)
  local out = {}
  for i = 1, 8 do
    local own = math.max(0, math.min(16, bits - 16 * (i - 1)))
    out[i] = groups[i] & (0xffff << (16 - own) & 0xffff)
  end
  return out
end

-- network("2001:db8:7::/64") -> { groups (of its first address), bits } | nil
function ipv6.network(text)
  local address, size = tostring(text):match "^([%x:%.]+)/(%d+)$"
  local groups, bits = ipv6.parse(address or ""), math.tointeger(tonumber(size))
  if not groups or not bits or bits > 128 then return nil end
  return { groups = masked(groups, bits), bits = bits }
end

-- The netmask of that many bits, as the agent reads one.
function ipv6.netmask(bits)
  local ones = {}
  for i = 1, 8 do ones[i] = 0xffff end
  return ipv6.text(masked(ones, bits))
end

function ipv6.is_within(groups, network)
  local first = masked(groups, network.bits)
  for i = 1, 8 do
    if first[i] ~= network.groups[i] then return false end
  end
  return true
end

-- The address that comes `count` after (up to 65536 of them).
function ipv6.after(groups, count)
  local out, carry = {}, count
  for i = 8, 1, -1 do
    local sum = groups[i] + carry
    out[i], carry = sum & 0xffff, sum >> 16
  end
  return out
end

-- Is it one of the addresses from the first to the last, all as groups?
function ipv6.is_between(groups, first, last)
  local function before(a, b)
    for i = 1, 8 do
      if a[i] ~= b[i] then return a[i] < b[i] end
    end
    return false
  end
  return not before(groups, first) and not before(last, groups)
end

-- The address that follows from a network of 64 bits and a MAC (EUI-64), as a text.
function ipv6.eui64(network, mac)
  local bytes = {}
  for hex in mac:gmatch "%x%x" do bytes[#bytes + 1] = tonumber(hex, 16) end
  local groups = table.move(network.groups, 1, 4, 1, {})
  groups[5], groups[6] = (bytes[1] ~ 2) << 8 | bytes[2], bytes[3] << 8 | 0xff
  groups[7], groups[8] = 0xfe00 | bytes[4], bytes[5] << 8 | bytes[6]
  return ipv6.text(groups)
end

return ipv6

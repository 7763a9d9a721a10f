-- IPv6 addresses as eight groups of 16 bits, and the address that a NIC gives itself. Pure.
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

-- parse("2001:db8::1") -> { eight numbers } | nil
function ipv6.parse(text)
  local head, tail = tostring(text):match "^(.-)::(.*)$"
  if not head then
    local all = groups_in(tostring(text))
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

-- network("2001:db8:7::/64") -> { groups, bits } | nil; only whole groups of bits
function ipv6.network(text)
  local address, size = tostring(text):match "^([%x:]+)/(%d+)$"
  local groups, bits = ipv6.parse(address or ""), tonumber(size)
  if not groups or not bits or bits % 16 ~= 0 or bits > 112 then return nil end
  return { groups = groups, bits = bits }
end

function ipv6.is_within(groups, network)
  for i = 1, network.bits // 16 do
    if groups[i] ~= network.groups[i] then return false end
  end
  return true
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

-- The address that follows from a network of 64 bits and a MAC (EUI-64).
function ipv6.eui64(network, mac)
  local bytes = {}
  for hex in mac:gmatch "%x%x" do bytes[#bytes + 1] = tonumber(hex, 16) end
  local groups = table.move(network.groups, 1, 4, 1, {})
  groups[5], groups[6] = (bytes[1] ~ 2) << 8 | bytes[2], bytes[3] << 8 | 0xff
  groups[7], groups[8] = 0xfe00 | bytes[4], bytes[5] << 8 | bytes[6]
  return ipv6.text(groups)
end

return ipv6

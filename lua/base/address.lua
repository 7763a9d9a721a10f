-- IP addresses of both families: what a text means, whichever way it is spelled. Pure.

local ipv4 = require "base.ipv4"
local ipv6 = require "base.ipv6"

local address = {}

-- 4, 6, or nil for what is not an address.
function address.family(text)
  if type(text) ~= "string" then return nil end
  return ipv4.number(text) and 4 or ipv6.parse(text) and 6 or nil
end

-- The one spelling by which addresses are compared: "2001:DB8:0::1" -> "2001:db8::1". What is not an address comes back as it is.
function address.canonical(text)
  local family = address.family(text)
  if family == 4 then return ipv4.text(ipv4.number(text)) end
  return family == 6 and ipv6.text(ipv6.parse(text)) or text
end

-- Do both texts mean one address?
function address.same(a, b)
  return a ~= nil and address.canonical(a) == address.canonical(b)
end

-- How many bits an address of a family has.
function address.bits(family) return family == 6 and 128 or 32 end

-- Is the address in the network ("10.0.0.0/24", "2001:db8::/64")? nil where one of them cannot be read, or they are of two families.
function address.is_in(text, cidr)
  local family, range, network = address.family(text), ipv4.range(cidr), ipv6.network(cidr)
  if family == 4 and range then
    local number = ipv4.number(text)
    return number >= range.first and number <= range.last
  end
  if family == 6 and network then return ipv6.is_within(ipv6.parse(text), network) end
  return nil
end

-- The first address of the block of that prefix that holds the address, in the canonical spelling.
function address.first_of(text, prefix)
  if address.family(text) == 4 then return ipv4.text(ipv4.range(("%s/%d"):format(text, prefix)).first) end
  return ipv6.text(ipv6.network(("%s/%d"):format(text, prefix)).groups)
end

-- The address that comes `count` after, in the canonical spelling.
function address.after(text, count)
  if address.family(text) == 4 then return ipv4.text(ipv4.number(text) + count) end
  return ipv6.text(ipv6.after(ipv6.parse(text), count))
end

return address

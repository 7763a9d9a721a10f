-- One of BOSH's networks, as create_vm is given it: its type, its address or its block of addresses, its group of NICs.
-- CloudStack is not asked here.

local address = require "base.address"
local errors = require "errors"
local read_properties = require "request.cloud_properties"

local KINDS = { manual = true, dynamic = true, vip = true }

local properties_of = {
  nic = { name = "text", undiscoverable = "boolean", mac = "text", security_groups = "list", zone = "any" },
  vip = { name = "text", acquire = "boolean", firewall_rules = "list", zone = "any" },
}

local function kind_of(name, given)
  local kind = given.type
  if kind == nil or kind == "" then kind = given.ip and "manual" or "dynamic" end
  if not KINDS[kind] then
    error(errors.not_supported("network '%s' has the type '%s'; manual, dynamic and vip are known", name, tostring(kind)))
  end
  return kind
end

-- A unicast MAC in the lower case that the agent compares with, or nil.
local function mac_of(properties, name)
  local mac = properties.mac and properties.mac:lower()
  if mac and (not mac:find "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$" or tonumber(mac:sub(1, 2), 16) % 2 == 1) then
    error(errors.cloud("cloud_properties of network '%s': 'mac' must be a unicast MAC such as 02:00:5e:10:00:01, got '%s'",
      name, properties.mac))
  end
  return mac
end

-- The address of a manual network, in the canonical spelling; that of a dynamic one is only a memory of the previous VM and is
-- not asked for.
local function address_of(name, kind, given)
  if kind ~= "manual" then return nil end
  if type(given.ip) ~= "string" or given.ip == "" then error(errors.cpi("network '%s' is manual and has no ip", name)) end
  if not address.family(given.ip) then
    error(errors.cpi("network '%s': '%s' is not an IPv4 or IPv6 address", name, given.ip))
  end
  return address.canonical(given.ip)
end

-- What the director sends as text, "32" or "128" for one address; nil where there is none.
local function prefix_of(name, given)
  if given.prefix == nil or given.prefix == "" then return nil end
  local prefix = math.tointeger(tonumber(given.prefix))
  if not prefix or prefix < 1 or prefix > 128 then
    error(errors.cpi("network '%s': 'prefix' must be a number of bits such as 32, got '%s'", name, tostring(given.prefix)))
  end
  return prefix
end

-- A dynamic network has no address that says its family.
local function family_of(ip, prefix, given)
  if ip then return address.family(ip) end
  local is_ipv6 = prefix and prefix > 32 or type(given.netmask) == "string" and given.netmask:find(":", 1, true)
  return is_ipv6 and 6 or 4
end

-- Only a manual network can be a block, and it begins where the block does.
local function check_block(name, kind, ip, prefix, bits)
  if prefix > bits then
    error(errors.cpi("network '%s': a prefix of %d bits is too long for %s", name, prefix, ip or "an IPv4 address"))
  elseif prefix < bits and kind ~= "manual" then
    error(errors.not_supported("network '%s' is a %s one and has the prefix %d: only a manual network can be more than one address",
      name, kind, prefix))
  elseif prefix < bits and address.first_of(ip, prefix) ~= ip then
    error(errors.cpi("network '%s': address %s is not the first one of a block with the prefix %d, %s is", name, ip, prefix,
      address.first_of(ip, prefix)))
  end
end

local function group_of(name, given)
  local group = given.nic_group
  if group == nil or group == "" then return nil end
  if type(group) ~= "string" and not math.type(group) then
    error(errors.cpi("network '%s': 'nic_group' must be a text", name))
  end
  return math.type(group) == "integer" and ("%d"):format(group) or tostring(group)
end

-- read(name, network, null) -> {
--   name, kind   "manual", "dynamic" or "vip"
--   ip           the address of a manual one, in the canonical spelling
--   family       4 or 6
--   prefix       the bits of the network's block of addresses; 32 or 128: it is one address
--   group        its nic_group as a text, or nil
--   properties   its cloud_properties, checked;  given  what BOSH sent }
-- Raises CpiError and NotSupported for what is not a network, CloudError for cloud_properties.
return function(name, network, null)
  if type(network) ~= "table" then error(errors.cpi("network '%s' must be an object", name)) end
  local given = {}
  for key, value in pairs(network) do
    if value ~= null then given[key] = value end
  end
  local kind = kind_of(name, given)
  local ip, prefix = address_of(name, kind, given), prefix_of(name, given)
  local family = family_of(ip, prefix, given)
  local bits = address.bits(family)
  prefix = prefix or bits
  check_block(name, kind, ip, prefix, bits)
  local properties = read_properties(given.cloud_properties, kind == "vip" and properties_of.vip or properties_of.nic,
    ("cloud_properties of network '%s'"):format(name), null)
  properties.mac = mac_of(properties, name)
  return { name = name, kind = kind, ip = ip, family = family, prefix = prefix, group = group_of(name, given),
    properties = properties, given = network }
end

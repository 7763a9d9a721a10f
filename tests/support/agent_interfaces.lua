-- What a bosh-agent makes of the networks in its settings: the interfaces of the guest, as it configures them. The rules are those
-- of its interface_configuration_creator.go and ubuntu_net_manager.go, and were compared with what the agent itself writes.
--
-- of(networks, names) -> { interface = { addresses = { "10.0.0.5/24", ... }, gateway, dhcp, advertised, routes = { "10.9.0.0/16 by
-- 10.0.0.1" } } }, does it let the kernel have IPv6?
--   networks  decoded from the settings;  names  { MAC = interface } of the guest
-- Raises where the agent would not come up.

local address = require "base.address"
local ipv4 = require "base.ipv4"
local ipv6 = require "base.ipv6"

local function text(value) return type(value) == "string" and value or "" end

local function is_default_for(network, role)
  for _, one in ipairs(type(network.default) == "table" and network.default or {}) do
    if one == role then return true end
  end
  return false
end

local function is_dhcp(network)
  return network.type == "dynamic" or network.use_dhcp == true or text(network.ip) == "" or text(network.netmask) == ""
end

-- Bits of a netmask, which must be of the family that is expected.
local function bits_of(netmask, family)
  for bits = 0, address.bits(family) do
    local mask = family == 4 and ipv4.range(("0.0.0.0/%d"):format(bits)).netmask or ipv6.netmask(bits)
    if address.same(mask, netmask) then return bits end
  end
  error(("netmask cannot be converted to CIDR: %s"):format(netmask), 0)
end

local function static_of(name, network)
  if not address.family(network.ip) then error(("invalid IP '%s'"):format(text(network.ip)), 0) end
  if not address.family(network.netmask) then error(("invalid netmask '%s'"):format(text(network.netmask)), 0) end
  local family = address.family(network.ip) == 4 and address.family(network.netmask) == 4 and 4 or 6
  return { name = name, network = network, family = family,
    address = ("%s/%d"):format(network.ip, bits_of(network.netmask, family)) }
end

local function routes_of(list, family)
  local routes = {}
  for i, route in ipairs(list or {}) do
    routes[i] = ("%s/%d by %s"):format(route.Destination, bits_of(route.Netmask, family), route.Gateway)
  end
  return routes
end

-- Those with that MAC; an interface that none has gets its configuration by DHCP.
local function with_mac(networks, mac)
  local found = {}
  for _, network in pairs(networks) do
    if network.mac == mac then found[#found + 1] = network end
  end
  return #found > 0 and found or { {} }
end

local function divide(networks, names)
  local statics, dynamics = {}, {}
  for name, network in pairs(networks) do
    if text(network.mac) ~= "" and not names[network.mac] then
      error(("No device found for network '%s' with MAC address '%s'"):format(name, network.mac), 0)
    end
  end
  for mac, interface in pairs(names) do
    for _, network in ipairs(with_mac(networks, mac)) do
      if (is_dhcp(network) or text(network.mac) == "") and text(network.alias) == "" then
        dynamics[#dynamics + 1] = { name = interface, network = network }
      else
        statics[#statics + 1] = static_of(interface, network)
      end
    end
  end
  for _, network in pairs(networks) do
    if text(network.mac) == "" and text(network.alias) ~= "" then statics[#statics + 1] = static_of(network.alias, network) end
  end
  return statics, dynamics
end

local function of(networks, names)
  local kept, count, interfaces = {}, 0, {}
  for name, network in pairs(networks) do
    if network.type ~= "vip" then kept[name], count = network, count + 1 end
  end
  local only = count == 1 and select(2, next(kept))
  local mac, second = next(names), next(names, (next(names)))
  if only and text(only.mac) == "" and not second then
    only = setmetatable({ mac = mac }, { __index = only })
    kept = { only = only }
  end
  local statics, dynamics = divide(kept, names)
  local has_ipv6 = false
  for _, one in ipairs(dynamics) do
    local there = interfaces[one.name] or { addresses = {}, dhcp = true, routes = {} }
    local is_ipv6 = address.family(one.network.ip) == 6
    there.advertised, has_ipv6 = there.advertised or is_ipv6 or nil, has_ipv6 or is_ipv6
    table.move(routes_of(one.network.routes, is_ipv6 and 6 or 4), 1, #(one.network.routes or {}), #there.routes + 1, there.routes)
    interfaces[one.name] = there
  end
  for _, one in ipairs(statics) do
    if not one.name:find ":" then -- of several for one interface one wins
      if interfaces[one.name] then error(("%s is configured twice, and one of the two is lost"):format(one.name), 0) end
      has_ipv6 = has_ipv6 or one.family == 6
      interfaces[one.name] = { addresses = { one.address }, gateway = is_default_for(one.network, "gateway") and one.network.gateway
        or nil, advertised = one.family == 6 or nil, routes = routes_of(one.network.routes, one.family) }
    end
  end
  for _, one in ipairs(statics) do
    local label = one.name:match "^(.-):"
    if label then
      local there = interfaces[label]
      if not there or there.dhcp then error(("%s has no interface with an address of its own, and is lost"):format(one.name), 0) end
      if #(one.network.routes or {}) > 0 then error(("the routes of %s are lost"):format(one.name), 0) end
      table.insert(there.addresses, one.address)
    end
  end
  for _, one in pairs(interfaces) do table.sort(one.addresses) end
  return interfaces, has_ipv6
end

return { of = of }

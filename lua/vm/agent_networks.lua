-- What the agent must know of a VM's networks: the part `networks` of its settings. Pure.
--
-- How the agent reads them (bosh-agent, platform/net: interface_configuration_creator, ubuntu_net_manager; tried with its own
-- parser in tests/bosh): it finds a NIC by the MAC of a network. Of several networks with one MAC the dynamic ones become one
-- configuration for DHCP and router advertisements; of several with addresses of their own only the last would be set. So one
-- network of a shared NIC has the MAC, the gateway and all routes of the NIC, and each of the others is an alias of its interface,
-- "eth0:1", without a MAC. Stemcells call the interfaces eth0, eth1 and so on, in the order of the NICs. An alias counts only
-- beside a network with an address of its own, so a dynamic network on such a NIC becomes one with the address that it was given.

local cloud_nics = require "cloudstack.nics"
local ipv6 = require "base.ipv6"
local network_limits = require "vm.network_limits"
local networks = require "cloudstack.networks"
local nics = require "vm.nics"
local tables = require "base.tables"

local agent_networks = {}

local function text(value) return type(value) == "string" and value ~= "" and value or nil end

-- Where a dynamic network is: CloudStack's words in the NIC's row (nil: the VM is not made yet), or what follows from its MAC.
local function placed(nic, network, row)
  local target = nic.target
  if network.family == 4 then
    if not row then return {} end
    return { ip = text(row.ipaddress), netmask = text(row.netmask) or target.netmask, gateway = text(row.gateway) or target.gateway }
  end
  local range = ipv6.network(target.ip6cidr)
  return { ip = row and text(row.ip6address) or network_limits.by_mac(nic), netmask = range and ipv6.netmask(range.bits),
    gateway = target.ip6gateway }
end

-- The same of any network; what BOSH left out of a manual one is the network's in CloudStack.
local function details(nic, network, row)
  if network.kind == "dynamic" then return placed(nic, network, row) end
  local given, target = network.given, nic.target
  local range = network.family == 6 and ipv6.network(target.ip6cidr)
  return { netmask = text(given.netmask) or range and ipv6.netmask(range.bits) or target.netmask,
    gateway = text(given.gateway) or range and target.ip6gateway or not range and target.gateway or nil }
end

-- The nameservers that DHCP would have brought: the router's where it serves names, else those of the zone.
local function nameservers(target, json)
  if target.type == "Isolated" and networks.offers(target, "Dns") and text(target.gateway) then return json.array { target.gateway } end
  local list = json.array {}
  for _, key in ipairs { "dns1", "dns2" } do list[#list + 1] = text(target[key]) end
  return list
end

-- A dynamic network with the address that it was given, for the agent to set.
local function settled(nic, network, row, json)
  local one = tables.with(network.given, details(nic, network, row))
  if network.kind ~= "dynamic" then return one end
  one.type = "manual"
  local has_dns = type(one.dns) == "table" and one.dns ~= json.null
  if network.family == 4 and not has_dns then one.dns = nameservers(nic.target, json) end
  return one
end

-- Does the agent set the addresses of the NIC all by DHCP and router advertisements?
local function is_dynamic(nic)
  for _, network in ipairs(nic.networks) do
    if network.kind ~= "dynamic" then return false end
  end
  return true
end

-- The network of a NIC that has its MAC: that of the VM's gateway, else that of the NIC's own address.
local function main_of(nic)
  for _, network in ipairs(nic.networks) do
    if nics.is_default_for(network, "gateway") then return network end
  end
  return nic.networks[1]
end
agent_networks.main_of = main_of

-- ---------------------------------------------------------------------------------------------------------

-- The settings of the networks of a NIC that are set one by one; at: its place among the NICs.
local function add_static(settings, nic, at, row, routes, json)
  local main, count, all = main_of(nic), 0, json.array {}
  for _, network in ipairs(nic.networks) do
    table.move(routes[network.name] or {}, 1, #(routes[network.name] or {}), #all + 1, all)
    local one = settled(nic, network, row, json)
    if network == main then
      one.mac = nic.mac
    else
      count = count + 1
      one.alias = ("eth%d:%d"):format(at - 1, count)
    end
    settings[network.name] = one
  end
  if #all > 0 then settings[main.name].routes = all end
end

-- of(order, list, json, vm) -> { network name = its settings }, vips among them, which the agent skips.
--   list  the NICs in their order, as vm/nics.lua groups them;  vm  the VM's row, nil before it is made
function agent_networks.of(order, list, json, vm)
  local settings, routes = {}, order.routes or {}
  for _, network in ipairs(order.networks) do
    settings[network.name] = tables.with(network.given, { routes = routes[network.name] })
  end
  for at, nic in ipairs(list) do
    local row = cloud_nics.in_network(vm, nic.target.id)
    if #nic.networks > 1 and not is_dynamic(nic) then
      add_static(settings, nic, at, row, routes, json)
    else
      for _, network in ipairs(nic.networks) do
        local is_ipv6 = network.family == 6 and placed(nic, network, row) or nil -- by which the agent knows that it is one
        settings[network.name] = tables.with(tables.with(settings[network.name], is_ipv6), { mac = nic.mac })
      end
    end
  end
  return settings
end

-- Is there an address in the settings that only CloudStack knows, once the VM is made?
function agent_networks.needs_vm(list)
  for _, nic in ipairs(list) do
    for _, network in ipairs(#nic.networks > 1 and nic.networks or {}) do
      local is_by_dhcp = network.family == 4 and is_dynamic(nic)
      if network.kind == "dynamic" and not is_by_dhcp and not placed(nic, network).ip then return true end
    end
  end
  return false
end

-- The MAC of a NIC in lower case, with which the agent compares; row: CloudStack's, nil before the VM is made. nil where neither has it.
local function mac_of(nic, row) return nic.mac or row and text(row.macaddress) and row.macaddress:lower() or nil end

-- { network name = MAC }: those that CloudStack gave to NICs of one network, which the settings lack so far; vm: the VM's row.
function agent_networks.macs(list, vm)
  local macs = {}
  for _, nic in ipairs(list) do
    local row = cloud_nics.in_network(vm, nic.target.id)
    if #nic.networks == 1 then macs[nic.name] = mac_of(nic, row) end
  end
  return macs
end

-- What BOSH's answer says of a network besides what BOSH gave: the MAC of its NIC, and where a dynamic one is; row: the NIC's.
function agent_networks.answered(nic, network, row)
  return tables.with(network.kind == "dynamic" and placed(nic, network, row) or {}, { mac = mac_of(nic, row) })
end

return agent_networks

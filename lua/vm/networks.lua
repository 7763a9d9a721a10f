-- The networks of a VM: what BOSH asks for, which NIC comes first, what it becomes in CloudStack's words.

local errors = require "errors"
local ipv4 = require "base.ipv4"
local networks = require "cloudstack.networks"
local read_properties = require "request.cloud_properties"
local tables = require "base.tables"

local vm_networks = { name = "networks" }

local properties_of = {
  nic = { name = "text", undiscoverable = "boolean", mac = "text", security_groups = "list", zone = "any" },
  vip = { name = "text", acquire = "boolean", firewall_rules = "list", zone = "any" },
}

local function kind_of(name, network)
  local kind = network.type
  if kind == nil or kind == "" then kind = network.ip and "manual" or "dynamic" end
  if kind ~= "manual" and kind ~= "dynamic" and kind ~= "vip" then
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

-- One network as { name, kind, ip, properties, given }; the ip of a dynamic one is only a memory of the
-- previous VM and is not asked for.
local function read_one(name, network, null)
  if type(network) ~= "table" then error(errors.cpi("network '%s' must be an object", name)) end
  local given = {}
  for key, value in pairs(network) do
    if value ~= null then given[key] = value end
  end
  local kind = kind_of(name, given)
  if kind == "manual" and (type(given.ip) ~= "string" or given.ip == "") then
    error(errors.cpi("network '%s' is manual and has no ip", name))
  end
  if kind == "manual" and not ipv4.number(given.ip) then
    error(errors.cpi("network '%s': '%s' is not an IPv4 address", name, given.ip))
  end
  local properties = read_properties(given.cloud_properties, kind == "vip" and properties_of.vip or properties_of.nic,
    ("cloud_properties of network '%s'"):format(name), null)
  properties.mac = mac_of(properties, name)
  return { name = name, kind = kind, ip = kind == "manual" and given.ip or nil, properties = properties, given = network }
end

-- The argument `networks` of create_vm as a list, by name, vips among them.
function vm_networks.read(cpi, order)
  local given, json = order.given_networks, cpi.json
  if type(given) ~= "table" or given == json.null or next(given) == nil or #given > 0 then
    error(errors.cpi("argument networks must be an object with at least one network"))
  end
  local list, nics = {}, 0
  for i, name in ipairs(tables.sorted_keys(given)) do
    list[i] = read_one(name, given[name], json.null)
    if list[i].kind ~= "vip" then nics = nics + 1 end
  end
  if nics == 0 then error(errors.cpi("argument networks must have a network that is not a vip")) end
  return list
end

function vm_networks.ask()
  local request = networks.request()
  request.cached = true
  return { networks = request }
end

local function is_default_for(network, role)
  for _, one in ipairs(type(network.given.default) == "table" and network.given.default or {}) do
    if one == role then return true end
  end
  return false
end

-- A MAC of our own: unicast, locally administered, random.
local function fresh_mac(cpi)
  local digits = cpi.bytes.uuid():gsub("%-", "")
  return "02" .. digits:sub(1, 10):gsub("..", ":%0")
end

-- The facts of one NIC for the networks policy.
local function facts_of(cpi, nic)
  local target = nic.target
  return {
    name = nic.name, kind = nic.kind, ip = nic.ip, undiscoverable = nic.properties.undiscoverable or false,
    gateway = is_default_for(nic, "gateway"), dns = is_default_for(nic, "dns"),
    fresh_mac = fresh_mac(cpi),
    network = { id = target.id, name = target.name, type = target.type,
      serves_metadata = networks.offers(target, "UserData") },
  }
end

-- CloudStack's network for one of BOSH's. A basic zone has one, which need not be named.
local function target_of(network, found)
  local zone, wanted = found.zone, network.properties.name
  if wanted then return networks.pick(found.networks, wanted, zone) end
  local only = networks.is_basic(zone) and networks.first_in(found.networks, zone)
  return only or error(errors.cloud("cloud_properties of network '%s' must have 'name': the network in CloudStack", network.name))
end

local function refuse_basic(zone, count)
  if networks.is_basic(zone) and count > 1 then
    error(errors.cloud("zone '%s' is a basic one: a VM has one NIC there, not %d", zone.name, count))
  end
end

-- The agent distinguishes NICs by their MACs.
local function refuse_twin_macs(nics)
  local owner = {}
  for _, nic in ipairs(nics) do
    if nic.mac and owner[nic.mac] then
      error(errors.cloud("networks '%s' and '%s' have the same MAC %s; every NIC has its own", owner[nic.mac], nic.name, nic.mac))
    end
    if nic.mac then owner[nic.mac] = nic.name end
  end
end

-- The NICs in their order, each { name, kind, ip, mac, target }; target is CloudStack's network.
function vm_networks.plan(cpi, order, found)
  local by_name, facts, fresh = {}, {}, {}
  for _, network in ipairs(order.networks) do
    if network.kind ~= "vip" then
      local nic = { name = network.name, kind = network.kind, ip = network.ip, properties = network.properties,
        given = network.given, target = target_of(network, found) }
      by_name[nic.name], facts[#facts + 1] = nic, facts_of(cpi, nic)
      fresh[nic.name] = facts[#facts].fresh_mac
    end
  end
  refuse_basic(found.zone, #facts)
  local answer = cpi.decide("networks", { networks = facts }, order.instance)
  local nics = {}
  for i, name in ipairs(answer.order) do
    nics[i] = by_name[name]
    nics[i].mac = nics[i].properties.mac or answer.macs[name]
    nics[i].has_fresh_mac = nics[i].mac == fresh[name]
  end
  refuse_twin_macs(nics)
  return nics
end

-- Other random MACs in the place of those that a failed try has used: its VM has them until CloudStack has expunged it.
function vm_networks.renew(cpi, _, _, plan, try)
  if try.number == 1 then return plan.networks end
  local nics = {}
  for i, nic in ipairs(plan.networks) do nics[i] = tables.with(nic, nic.has_fresh_mac and { mac = fresh_mac(cpi) } or nil) end
  return nics
end

-- iptonetworklist keeps the order; networkids with an address does not. A basic
-- zone takes no network, only an address.
function vm_networks.parameters(_, _, found, plan)
  local nics, params = plan.networks, {}
  if networks.is_basic(found.zone) then return { ipaddress = nics[1].ip, macaddress = nics[1].mac } end
  for i, nic in ipairs(nics) do
    local prefix = ("iptonetworklist[%d]."):format(i - 1)
    params[prefix .. "networkid"] = nic.target.id
    params[prefix .. "ip"] = nic.ip
    params[prefix .. "mac"] = nic.mac
  end
  return params
end

local function has_nic(vm, nic)
  for _, there in ipairs(vm.nic or {}) do
    if there.networkid == nic.target.id and (not nic.ip or there.ipaddress == nic.ip) then return true end
  end
  return false
end

-- The VM has the addresses that were asked for.
function vm_networks.verify(_, _, _, plan, try, vm)
  for _, nic in ipairs(plan.networks) do
    if not has_nic(vm, nic) then
      error(errors.vm_creation_failed("VM %s has no NIC with %s in network '%s'", try.vm_cid, nic.ip or "an address",
        nic.target.name))
    end
  end
end

-- The MAC that CloudStack gave a NIC, in the lower case that the agent compares with; vm: its row. nil where two of its
-- NICs could be meant.
local function mac_given(nic, vm)
  local mac
  for _, there in ipairs(vm and vm.nic or {}) do
    local is_it = there.networkid == nic.target.id and (not nic.ip or there.ipaddress == nic.ip)
    if is_it and mac then return nil end
    if is_it and type(there.macaddress) == "string" then mac = there.macaddress:lower() end
  end
  return mac
end

-- { network name = MAC }: those that we gave, and with the VM's row those that CloudStack gave.
function vm_networks.macs(nics, vm)
  local macs = {}
  for _, nic in ipairs(nics) do macs[nic.name] = nic.mac or mac_given(nic, vm) end
  return macs
end

-- The networks for the agent, by name: as they came, with their routes.
function vm_networks.of_agent(order)
  local list, routes = {}, order.routes or {}
  for _, network in ipairs(order.networks) do list[network.name] = tables.with(network.given, { routes = routes[network.name] }) end
  return list
end

-- The second half of create_vm's answer: the networks of the agent, with the MACs of their NICs and the addresses that the
-- CPI gave to the vips, { network name = address }.
function vm_networks.result(order, plan, vm, vips)
  local macs, result = vm_networks.macs(plan.networks, vm), vm_networks.of_agent(order)
  for name, network in pairs(result) do result[name] = tables.with(network, { mac = macs[name], ip = vips and vips[name] }) end
  return result
end

return vm_networks

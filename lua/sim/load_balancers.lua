-- Load balancer rules: a public port that is spread over VMs of one network.
local accounts = require "sim.accounts"
local firewall = require "sim.firewall"
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local networks = require "sim.networks"
local nics = require "sim.nics"
local refusal = require "sim.refusal"
local tables = require "base.tables"
local tags = require "sim.tag_rows"
local vm_rows = require "sim.vm_rows"
local zones = require "sim.zones"

local load_balancers = {}

local ALGORITHMS = { roundrobin = true, leastconn = true, source = true }

function load_balancers.on(m, address)
  return m:rows("loadbalancer", function(rule) return rule.address == address end)
end

function load_balancers.remove(m, rule)
  if rule.opened then firewall.remove(m, rule.opened) end
  rule.tags, rule.members = nil, {}
  m:remove(rule)
  local address = rule.address
  if address.vpc and not address.vm and #load_balancers.on(m, address) == 0 then address.network = nil end
end

local function position(rule, vm) return tables.place(rule.members, vm) end

-- A VM that is destroyed leaves its rules.
function load_balancers.forget(m, vm)
  for _, rule in ipairs(m:rows "loadbalancer") do
    local at = position(rule, vm)
    if at then table.remove(rule.members, at) end
  end
end

local function row(m, rule)
  local out = {
    id = rule.id, name = rule.name, description = rule.description, publicipid = rule.address.id,
    publicip = rule.address.address, publicport = tostring(rule.first), privateport = tostring(rule.private),
    algorithm = rule.algorithm, networkid = rule.network.id, cidrlist = rule.cidrs, state = rule.state,
    protocol = rule.protocol, tags = tags.plain(m, rule),
  }
  zones.show(out, rule.address.zone)
  return accounts.show_owner(out, rule.account)
end

-- ---------------------------------------------------------------------------------------------------------
-- createLoadBalancerRule, deleteLoadBalancerRule

local function refuse_ports(arguments)
  for _, name in ipairs { "publicPort", "privatePort" } do
    local port = arguments[name:lower()]
    if port < 1 or port > 65535 then refusal.invalid("%s is an invalid value: %d", name, port) end
  end
end

local function refuse_address(m, address, network, arguments)
  if not address then
    refusal.invalid "Unable to create load balance rule; can't find/allocate source IP"
  elseif address.ghost or address.removed then
    refusal.invalid "Unable to create load balancer rule; can't find source IP"
  elseif not network then
    refusal.parameter("IP address ID=%d is not associated with any Network", address.number)
  elseif address.network and address.network ~= network then
    refusal.parameter("Cannot create Load Balancer rule %s as the IP address %s is not associated with the network %s "
      .. "(ID=%s)", arguments.name, address.address, network.name, network.id)
  elseif not networks.has_service(network, "Lb") then
    refusal.invalid("LB service is not supported in network id= %d", network.number)
  elseif address.vm then
    error(refusal.new(537, 4360, "Can't do load balance on ip address: " .. address.address), 0)
  end
  for _, other in ipairs(load_balancers.on(m, address)) do
    if other.first == arguments.publicport then
      firewall.conflict(arguments.publicport, arguments.publicport, other, "LoadBalancing", 9999)
    end
  end
end

local function refuse_open(address, arguments)
  if address.vpc and arguments.openfirewall then
    refusal.invalid "Can't have openFirewall=true when IP address belongs to VPC"
  end
end

local PROTOCOLS = { tcp = true, udp = true, ["tcp-proxy"] = true, ssl = true }
local RESERVED = { [8081] = true } -- where the router shows its statistics

local function refuse_service(arguments)
  local protocol = arguments.protocol
  if protocol and not PROTOCOLS[protocol:lower()] then refusal.invalid("Invalid protocol: %s", protocol) end
  if RESERVED[arguments.publicport] then refusal.invalid "LB service provider cannot support this rule" end
end

-- The network of a rule: the one that is named; with a zone the account's only one there; else the address's.
local function network_of(m, call)
  local arguments, address = call.arguments, call.arguments.publicipid
  if arguments.networkid then return arguments.networkid end
  if arguments.zoneid then return networks.only_isolated(m, accounts.owner(m, call), arguments.zoneid) end
  return address and address.network
end

local function create(m, call)
  local arguments = call.arguments
  local address = arguments.publicipid
  local network = network_of(m, call)
  refuse_ports(arguments)
  if not ALGORITHMS[arguments.algorithm] then refusal.invalid("Invalid algorithm: %s", arguments.algorithm) end
  refuse_address(m, address, network, arguments)
  refuse_service(arguments)
  refuse_open(address, arguments)
  local opened = arguments.openfirewall ~= false and not address.vpc and firewall.add(m, {
    address = address, account = address.account, protocol = "tcp", first = arguments.publicport,
    last = arguments.publicport, cidrs = table.concat(arguments.cidrlist or { "0.0.0.0/0" }, ","),
  }) or nil
  address.network = network
  local rule = m:add("loadbalancer", {
    name = arguments.name, description = arguments.description, address = address, network = network,
    account = address.account, first = arguments.publicport, last = arguments.publicport,
    private = arguments.privateport, algorithm = arguments.algorithm, protocol = arguments.protocol, members = {},
    cidrs = arguments.cidrlist and table.concat(arguments.cidrlist, ","), opened = opened, state = "Add",
  })
  return jobs.created(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule", finish = function() return { loadbalancer = row(m, rule) } end,
    cancel = function() load_balancers.remove(m, rule) end,
  }), rule)
end

local function refuse_unknown(rule)
  if rule.ghost or rule.removed then refusal.invalid("Unable to find load balancer rule: %d", rule.number) end
end

local function delete(m, call)
  local rule = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule",
    finish = function()
      refuse_unknown(rule)
      load_balancers.remove(m, rule)
    end,
  }))
end

local function update(m, call)
  local rule, arguments = call.arguments.id, call.arguments
  return jobs.answer(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule",
    finish = function()
      refuse_unknown(rule)
      if arguments.algorithm and not ALGORITHMS[arguments.algorithm] then
        refusal.invalid("Invalid algorithm: %s", arguments.algorithm)
      end
      rule.name, rule.algorithm = arguments.name or rule.name, arguments.algorithm or rule.algorithm
      rule.description = arguments.description or rule.description
      return { loadbalancer = row(m, rule) }
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- its VMs

local function address_in(m, vm, network)
  for _, nic in ipairs(nics.of(m, vm)) do
    if nic.network == network then return nic.address end
  end
end

-- The newest version says why; those before it do not.
local function refuse_assignment(m, format, ...)
  if not m.version:at_least "4.23" then refusal.internal "Failed to assign load balancer rule" end
  refusal.internal("Failed to assign load balancer rule due to: " .. format, ...)
end

local function refuse_member(m, rule, vm)
  if vm.ghost or vm.removed or vm.state == "Destroyed" or vm.state == "Expunging" then
    refuse_assignment(m, "Invalid instance id specified")
  end
  local address = address_in(m, vm, rule.network)
  if not address then
    refuse_assignment(m, "VM with id specified cannot be added because it doesn't belong in the same network.")
  elseif position(rule, vm) then
    refuse_assignment(m, "VM %d with %s is already mapped to load balancer.", vm.number, address)
  end
end

-- vmidipmap[n]: the VMs with the address by which each is reached, which has to be its own.
local function refuse_map(m, rule, map)
  for _, fields in ipairs(map or {}) do
    local vm = fields.vmid and m:find("vm", fields.vmid)
    if not vm or (fields.vmip and fields.vmip ~= address_in(m, vm, rule.network)) then
      refuse_assignment(m, "VM with id specified has no such address.")
    end
  end
end

local function members_of(m, arguments)
  local list = table.move(arguments.virtualmachineids or {}, 1, #(arguments.virtualmachineids or {}), 1, {})
  for _, fields in ipairs(arguments.vmidipmap or {}) do list[#list + 1] = m:find("vm", fields.vmid) end
  return list
end

local function assign(m, call)
  local rule, list = call.arguments.id, members_of(m, call.arguments)
  return jobs.answer(jobs.start(m, call, {
    finish = function()
      refuse_unknown(rule)
      refuse_map(m, rule, call.arguments.vmidipmap)
      if #list == 0 then refuse_assignment(m, "no VM is given.") end
      for _, vm in ipairs(list) do refuse_member(m, rule, vm) end
      for _, vm in ipairs(list) do rule.members[#rule.members + 1] = vm end
      rule.state = "Active"
    end,
  }))
end

local function leave(m, call)
  local rule, list = call.arguments.id, call.arguments.virtualmachineids or {}
  return jobs.answer(jobs.start(m, call, {
    finish = function()
      refuse_unknown(rule)
      for _, vm in ipairs(list) do
        local at = position(rule, vm)
        if at then table.remove(rule.members, at) end
      end
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- lists

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("loadbalancer", function(rule)
    return mine(rule) and lists.fits(rule, arguments)
      and (not arguments.publicipid or rule.address == arguments.publicipid)
      and (not arguments.networkid or rule.network == arguments.networkid)
      and (not arguments.zoneid or rule.address.zone == arguments.zoneid)
      and (not arguments.virtualmachineid or position(rule, arguments.virtualmachineid) ~= nil)
  end)
  return lists.answer(m, call, "loadbalancerrule", found, function(rule) return row(m, rule) end)
end

local function list_members(m, call)
  local rule = call.arguments.id
  if rule.ghost or rule.removed then return {} end
  if not call.arguments.lbvmips then
    return lists.answer(m, call, "loadbalancerruleinstance", rule.members, function(vm) return vm_rows.row(m, vm, call.account) end)
  end
  return lists.answer(m, call, "lbrulevmidip", rule.members, function(vm)
    return { loadbalancerruleinstance = vm_rows.row(m, vm, call.account),
      lbvmipaddresses = m:array { address_in(m, vm, rule.network) } }
  end)
end

local PACKAGE = "org.apache.cloudstack.api.command.user.loadbalancer."
local RULE = { "id", "uuid", of = "loadbalancer", required = true, acl = true }
local MEMBERS = { "virtualmachineids", "uuids", of = "vm", acl = true }

load_balancers.commands = {
  { name = "createLoadBalancerRule", run = create, class = PACKAGE .. "CreateLoadBalancerRuleCmd", parameters = {
    { "algorithm", "string", required = true }, { "name", "string", required = true },
    { "privateport", "integer", required = true }, { "publicport", "integer", required = true },
    { "description", "string", max = 4096 }, { "publicipid", "uuid", of = "public_address", acl = true },
    { "zoneid", "uuid", of = "zone" }, { "networkid", "uuid", of = "network", acl = true },
    { "openfirewall", "boolean" }, { "cidrlist", "strings" }, { "protocol", "string" },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "deleteLoadBalancerRule", run = delete, class = PACKAGE .. "DeleteLoadBalancerRuleCmd", parameters = { RULE } },
  { name = "updateLoadBalancerRule", run = update, class = PACKAGE .. "UpdateLoadBalancerRuleCmd", parameters = {
    RULE, { "algorithm", "string" }, { "name", "string" }, { "description", "string", max = 4096 },
  } },
  { name = "assignToLoadBalancerRule", run = assign, class = PACKAGE .. "AssignToLoadBalancerRuleCmd",
    parameters = { RULE, MEMBERS, { "vmidipmap", "map" } } },
  { name = "removeFromLoadBalancerRule", run = leave, class = PACKAGE .. "RemoveFromLoadBalancerRuleCmd",
    parameters = { RULE, MEMBERS } },
  { name = "listLoadBalancerRules", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "loadbalancer" }, { "name", "string" }, { "publicipid", "uuid", of = "public_address" },
    { "virtualmachineid", "uuid", of = "vm" }, { "zoneid", "uuid", of = "zone" },
    { "networkid", "uuid", of = "network" }, { "tags", "map" },
  } },
  { name = "listLoadBalancerRuleInstances", run = list_members, parameters = lists.parameters {
    { "id", "uuid", of = "loadbalancer", required = true, acl = true }, { "applied", "boolean", ignored = true },
    { "lbvmips", "boolean" },
  } },
}

return load_balancers

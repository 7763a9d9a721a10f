-- Port forwarding: a public port that leads to one VM; and the list of rules that static NAT once had, which is empty.
local firewall = require "sim.firewall"
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local nics = require "sim.nics"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"

local port_forwarding = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.firewall."

local function on(m, address)
  return m:rows("port_forwarding", function(rule) return rule.address == address end)
end

local function remove(m, rule)
  if rule.opened then firewall.remove(m, rule.opened) end
  rule.tags = nil
  m:remove(rule)
end

-- A VM or an address that goes takes its rules along.
function port_forwarding.forget(m, vm)
  for _, rule in ipairs(m:rows_by("port_forwarding", "vm", vm)) do remove(m, rule) end
end

function port_forwarding.release(m, address)
  for _, rule in ipairs(on(m, address)) do remove(m, rule) end
end

local function row(m, rule)
  return {
    id = rule.id, privateport = tostring(rule.private), privateendport = tostring(rule.private_last), protocol = rule.protocol,
    publicport = tostring(rule.first), publicendport = tostring(rule.last), virtualmachineid = rule.vm.id,
    virtualmachinename = rule.vm.name, virtualmachinedisplayname = rule.vm.displayname, ipaddressid = rule.address.id,
    ipaddress = rule.address.address, state = "Active", cidrlist = rule.cidrs, tags = tags.plain(m, rule),
    vmguestip = rule.nic.address, networkid = rule.nic.network.id, networkname = rule.nic.network.name,
  }
end

local function refuse_ports(arguments)
  for _, name in ipairs { "publicport", "privateport" } do
    local port = arguments[name]
    if port < 1 or port > 65535 then
      refusal.invalid("%s is an invalid value: %d", name == "publicport" and "publicPort" or "privatePort", port)
    end
  end
end

local function refuse_taken(m, arguments)
  local address, first = arguments.ipaddressid, arguments.publicport
  local last = arguments.publicendport or first
  if address.vm then
    error(refusal.new(537, 4360, ("Can't create port forwarding rule: there is 1 to 1 Nat rule specified for the ip address id=%d")
      :format(address.number)), 0)
  end
  for _, other in ipairs(on(m, address)) do
    if other.protocol == arguments.protocol:lower() and other.first <= last and first <= other.last then
      firewall.conflict(first, last, other, "PortForwarding", 9999)
    end
  end
  for _, other in ipairs(m:rows("loadbalancer", function(one) return one.address == address end)) do
    if other.first >= first and other.first <= last then firewall.conflict(first, last, other, "LoadBalancing", 9999) end
  end
end

local function nic_for(m, arguments)
  local vm, network = arguments.virtualmachineid, arguments.networkid or arguments.ipaddressid.network
  if not network then refusal.parameter("IP address ID=%d is not associated with any Network", arguments.ipaddressid.number) end
  if vm.ghost or vm.removed or vm.state == "Destroyed" or vm.state == "Expunging" then
    refusal.invalid("Unable to create port forwarding rule on address: invalid virtual machine id specified (%d).", vm.number)
  end
  return nics.in_network(m, vm, network)
    or refusal.invalid "Unable to create port forwarding rule: the VM doesn't belong to the network with specified id"
end

local function create(m, call)
  local arguments = call.arguments
  local address, protocol = arguments.ipaddressid, arguments.protocol:lower()
  if address.ghost or address.removed then refusal.invalid "Unable to create port forwarding rule on invalid IP address" end
  refuse_ports(arguments)
  local nic = nic_for(m, arguments)
  refuse_taken(m, arguments)
  local last = arguments.publicendport or arguments.publicport
  local opened = arguments.openfirewall ~= false and not address.vpc and firewall.add(m, {
    address = address, account = address.account, protocol = protocol, first = arguments.publicport, last = last,
    cidrs = table.concat(arguments.cidrlist or { "0.0.0.0/0" }, ","),
  }) or nil
  if address.vpc then address.network = nic.network end
  local rule = m:add("port_forwarding", {
    address = address, account = address.account, vm = nic.vm, nic = nic, protocol = protocol, first = arguments.publicport,
    last = last, private = arguments.privateport, private_last = arguments.privateendport or arguments.privateport,
    cidrs = table.concat(arguments.cidrlist or {}, ","), opened = opened, state = "Active",
  })
  return jobs.created(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule", finish = function() return { portforwardingrule = row(m, rule) } end,
    cancel = function() remove(m, rule) end,
  }), rule)
end

local function delete(m, call)
  local rule = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    finish = function()
      if rule.ghost or rule.removed then refusal.invalid("Unable to find port forwarding rule by id %d", rule.number) end
      remove(m, rule)
    end,
  }))
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("port_forwarding", function(rule)
    return mine(rule) and lists.fits(rule, arguments)
      and (not arguments.ipaddressid or rule.address == arguments.ipaddressid)
      and (not arguments.networkid or rule.nic.network == arguments.networkid)
  end)
  return lists.answer(m, call, "portforwardingrule", found, function(rule) return row(m, rule) end)
end

-- Static NAT needs no rules here.
local function list_ip_forwarding(m, call)
  lists.scope(m, call)
  return lists.answer(m, call, "ipforwardingrule", {}, function() end)
end

port_forwarding.commands = {
  { name = "createPortForwardingRule", run = create, class = PACKAGE .. "CreatePortForwardingRuleCmd", parameters = {
    { "ipaddressid", "uuid", of = "public_address", required = true, acl = true },
    { "virtualmachineid", "uuid", of = "vm", required = true, acl = true }, { "protocol", "string", required = true },
    { "publicport", "integer", required = true }, { "publicendport", "integer" },
    { "privateport", "integer", required = true }, { "privateendport", "integer" },
    { "networkid", "uuid", of = "network", acl = true }, { "openfirewall", "boolean" }, { "cidrlist", "strings" },
  } },
  { name = "deletePortForwardingRule", run = delete, class = PACKAGE .. "DeletePortForwardingRuleCmd", parameters = {
    { "id", "uuid", of = "port_forwarding", required = true, acl = true },
  } },
  { name = "listPortForwardingRules", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "port_forwarding" }, { "ipaddressid", "uuid", of = "public_address" },
    { "networkid", "uuid", of = "network" }, { "tags", "map" },
  } },
  { name = "listIpForwardingRules", run = list_ip_forwarding, parameters = lists.owned_parameters {
    { "id", "string", ignored = true }, { "ipaddressid", "uuid", of = "public_address" },
    { "virtualmachineid", "uuid", of = "vm" },
  } },
}

return port_forwarding

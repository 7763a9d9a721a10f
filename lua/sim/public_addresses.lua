-- Public addresses: list, acquire, release.
local accounts = require "sim.accounts"
local firewall = require "sim.firewall"
local ipv4 = require "base.ipv4"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local lists = require "sim.lists"
local load_balancers = require "sim.load_balancers"
local public_pool = require "sim.public_pool"
local refusal = require "sim.refusal"
local static_nat = require "sim.static_nat"
local tags = require "sim.tag_rows"
local zones = require "sim.zones"

local public_addresses = {}

function public_addresses.seed(m)
  for _, spec in ipairs(m.world.public_addresses) do
    local network, vpc = spec.network and m:named("network", spec.network), spec.vpc and m:named("vpc", spec.vpc)
    local place = network or vpc
    local account = m:named("account", spec.account or m.world.default_account)
    local zone = place and place.zone or m:named("zone", spec.zone or m.world.zones[1].name)
    local fields = { id = m:id_of("address:" .. spec.name), account = account, network = network, vpc = vpc, of_world = true }
    if not public_pool.take(m, zone, spec.name, fields) then
      error(("world: public_addresses '%s' is not free in zone '%s'"):format(spec.name, zone.name), 0)
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- rows

local function show_nat(out, address)
  local vm = address.vm
  if not vm then return end
  out.virtualmachineid, out.virtualmachinetype, out.vmipaddress = vm.id, "User", address.nic.address
  out.virtualmachinename, out.virtualmachinedisplayname = vm.name, vm.displayname
end

local function row(m, address, state)
  local out = {
    id = address.id, ipaddress = address.address, allocated = m:date(address.created),
    issourcenat = address.source_nat or false, forvirtualnetwork = true, isstaticnat = address.vm ~= nil,
    issystem = false, networkid = m:id_of("public:" .. address.zone.name), state = state or "Allocated",
    physicalnetworkid = m:id_of("physical:" .. address.zone.name), tags = tags.rows(m, address, "PublicIpAddress"),
    isportable = false, hasrules = false, forsystemvms = false, forprovider = false, hasannotations = false,
  }
  zones.show(out, address.zone)
  accounts.show_owner(out, address.account)
  show_nat(out, address)
  if address.network then
    out.associatednetworkid, out.associatednetworkname = address.network.id, address.network.name
  end
  if address.vpc then out.vpcid, out.vpcname = address.vpc.id, address.vpc.name end
  return out
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("public_address", function(address)
    return mine(address) and lists.fits(address, arguments)
      and (not arguments.ipaddress or address.address == arguments.ipaddress)
      and (not arguments.zoneid or address.zone == arguments.zoneid)
      and (not arguments.vpcid or address.vpc == arguments.vpcid)
      and (not arguments.associatednetworkid or address.network == arguments.associatednetworkid)
      and (arguments.issourcenat == nil or (address.source_nat or false) == arguments.issourcenat)
      and (arguments.isstaticnat == nil or (address.vm ~= nil) == arguments.isstaticnat)
  end)
  return lists.answer(m, call, "publicipaddress", found, function(address) return row(m, address) end)
end

-- ---------------------------------------------------------------------------------------------------------
-- associateIpAddress, disassociateIpAddress

-- The network that an address without network or VPC goes to: the account's only isolated one of the zone.
local function network_in(m, owner, zone)
  local found = m:rows("network", function(network)
    return network.account == owner and network.zone == zone and not network.vpc
  end)
  if #found ~= 1 or zone.securitygroups then
    refusal.invalid("Account name=%s domain=%s doesn't have virtual Networks in zone=%s", owner.name, owner.domain.name,
      zone.name)
  end
  return found[1]
end

local function refuse_limit(m, owner)
  local most = owner.limits.public_ip
  if most and most >= 0 and limits.amounts.public_ip(m, owner) >= most then
    error(refusal.new(532, 4280, ("Maximum number of public IP addresses for account: %s has been exceeded.")
      :format(owner.name)), 0)
  end
end

local INSUFFICIENT = "Insufficient address capacity"

local function associate(m, call)
  local arguments, owner = call.arguments, accounts.owner(m, call)
  local network, vpc = arguments.networkid, arguments.vpcid
  local zone = vpc and vpc.zone or network and network.zone or arguments.zoneid
  if not zone then refusal.invalid "Unable to figure out zone to assign ip to" end
  if zone.networktype == "Basic" then error(refusal.new(533, 9999, INSUFFICIENT), 0) end
  if not vpc and not network then network = network_in(m, owner, zone) end
  if vpc then network = nil end
  refuse_limit(m, owner)
  local fields = { account = network and network.account or owner, network = network, vpc = vpc }
  if network and network.vpc then fields.network = nil end
  -- The first address of a network that has no router yet becomes the router's.
  fields.source_nat = fields.network ~= nil and not public_pool.source_nat(m, network) or nil
  local address = public_pool.take(m, zone, arguments.ipaddress, fields)
  if not address then error(refusal.new(533, 9999, INSUFFICIENT), 0) end
  return jobs.created(jobs.start(m, call, {
    instance = address, instance_type = "IpAddress",
    finish = function()
      if network and network.vpc then
        m:remove(address)
        refusal.invalid("Can't assign ip to the network directly when network belongs to VPC.Specify vpcId to associate "
          .. "ip address to VPC")
      end
      return { ipaddress = row(m, address, network and "Allocating") }
    end,
    cancel = function() m:remove(address) end,
  }), address)
end

-- What is on it goes with it.
function public_addresses.release(m, address)
  static_nat.disable(m, address)
  for _, rule in ipairs(load_balancers.on(m, address)) do load_balancers.remove(m, rule) end
  for _, rule in ipairs(firewall.on(m, address)) do firewall.remove(m, rule) end
  address.tags = nil
  m:remove(address)
end

local function disassociate(m, call)
  local address = call.arguments.id
  if not address then refusal.parameter "Unable to execute API command disassociateipaddress due to missing parameter id" end
  if address.ghost or address.removed then refusal.failed "Unable to find ip address by id" end
  return jobs.answer(jobs.start(m, call, {
    instance = address, instance_type = "IpAddress",
    finish = function()
      if address.source_nat then
        refusal.internal "IP address is used for source nat purposes and can not be disassociated."
      end
      public_addresses.release(m, address)
    end,
  }))
end

local PACKAGE = "org.apache.cloudstack.api.command.user.address."

public_addresses.commands = {
  { name = "listPublicIpAddresses", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "public_address" }, { "ipaddress", "string" }, { "zoneid", "uuid", of = "zone" },
    { "vpcid", "uuid", of = "vpc" }, { "associatednetworkid", "uuid", of = "network" },
    { "issourcenat", "boolean" }, { "isstaticnat", "boolean" }, { "allocatedonly", "boolean" }, { "state", "string" },
    { "forvirtualnetwork", "boolean" }, { "tags", "map" },
  } },
  { name = "associateIpAddress", run = associate, class = PACKAGE .. "AssociateIPAddrCmd", parameters = {
    { "zoneid", "uuid", of = "zone" }, { "networkid", "uuid", of = "network", acl = true },
    { "vpcid", "uuid", of = "vpc", acl = true },
    { "ipaddress", "string", since = "4.13", check = function(value)
      if not ipv4.number(value) then return "Invalid IP address value: " .. value end
    end },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "disassociateIpAddress", run = disassociate, class = PACKAGE .. "DisassociateIPAddrCmd", parameters = {
    { "id", "uuid", of = "public_address", acl = true }, { "accountid", "uuid", of = "account" },
  } },
}

return public_addresses

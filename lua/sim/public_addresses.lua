-- Public addresses: list, acquire, release.
local accounts = require "sim.accounts"
local firewall = require "sim.firewall"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local lists = require "sim.lists"
local load_balancers = require "sim.load_balancers"
local networks = require "sim.networks"
local port_forwarding = require "sim.port_forwarding"
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
  out.virtualmachineid, out.virtualmachinetype, out.vmipaddress = vm.id, "User", address.guest or address.nic.address
  out.virtualmachinename, out.virtualmachinedisplayname = vm.name, vm.displayname
end

local function row(m, address, state)
  local out = {
    id = address.id, ipaddress = address.address, allocated = m:date(address.created),
    issourcenat = address.source_nat or false, forvirtualnetwork = true, isstaticnat = address.vm ~= nil,
    issystem = false, networkid = m:id_of("public:" .. address.zone.name), state = state or "Allocated",
    physicalnetworkid = m:id_of("physical:" .. address.zone.name), tags = tags.plain(m, address),
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

-- An address that nobody has; administrators and users see them alike.
local function free_row(m, entry)
  local out = {
    id = m:id_of(("free:%s:%s"):format(entry.zone.name, entry.address)), ipaddress = entry.address, issourcenat = false,
    forvirtualnetwork = true, isstaticnat = false, issystem = false, networkid = m:id_of("public:" .. entry.zone.name),
    state = "Free", physicalnetworkid = m:id_of("physical:" .. entry.zone.name), tags = m:array(), isportable = false,
    hasrules = false, forsystemvms = false, forprovider = false, hasannotations = false,
  }
  zones.show(out, entry.zone)
  return out
end

local function free_ones(m, arguments)
  local wants_free = arguments.allocatedonly == false or lists.same(arguments.state, "Free")
  local found = {}
  if not wants_free or arguments.id or arguments.vpcid or arguments.associatednetworkid then return found end
  for _, zone in ipairs(m:rows "zone") do
    if not arguments.zoneid or arguments.zoneid == zone then
      for _, address in ipairs(public_pool.free(m, zone)) do
        if not arguments.ipaddress or address == arguments.ipaddress then found[#found + 1] = { zone = zone, address = address } end
      end
    end
  end
  return found
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
  if lists.same(arguments.state, "Free") then found = {} end
  for _, entry in ipairs(free_ones(m, arguments)) do found[#found + 1] = entry end
  return lists.answer(m, call, "publicipaddress", found, function(entry)
    return entry.kind and row(m, entry) or free_row(m, entry)
  end)
end

-- ---------------------------------------------------------------------------------------------------------
-- associateIpAddress, disassociateIpAddress

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
  if network and network.type == "Shared" and not accounts.is_admin(call.account) then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
  if zone.networktype == "Basic" then error(refusal.new(533, 9999, INSUFFICIENT), 0) end
  if not vpc and not network then network = networks.only_isolated(m, owner, zone) end
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
  port_forwarding.release(m, address)
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
    { "forvirtualnetwork", "boolean", ignored = true }, { "tags", "map" },
  } },
  { name = "associateIpAddress", run = associate, class = PACKAGE .. "AssociateIPAddrCmd", parameters = {
    { "zoneid", "uuid", of = "zone" }, { "networkid", "uuid", of = "network", acl = true },
    { "vpcid", "uuid", of = "vpc", acl = true },
    { "ipaddress", "string", since = "4.13" },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "disassociateIpAddress", run = disassociate, class = PACKAGE .. "DisassociateIPAddrCmd", parameters = {
    { "id", "uuid", of = "public_address", acl = true }, { "accountid", "uuid", of = "account", ignored = true },
  } },
}

return public_addresses

-- Guest networks: which accounts may use them, what they can do, how they are shown.
local lists = require "sim.lists"
local zones = require "sim.zones"
local accounts = require "sim.accounts"
local tags = require "sim.tag_rows"
local ipv4 = require "base.ipv4"
local guest_addresses = require "sim.guest_addresses"
local network_offerings = require "sim.network_offerings"
local public_pool = require "sim.public_pool"
local refusal = require "sim.refusal"
local tables = require "base.tables"

local networks = {}

-- Keeps a network; its state, VLAN and domain follow from its type.
function networks.add(m, fields)
  m.last_vlan = (m.last_vlan or 141) + 1
  fields.state, fields.vlan = fields.type == "Shared" and "Setup" or "Allocated", m.last_vlan
  fields.domain = fields.domain or (fields.type == "Shared" and "cs1cloud.internal" or nil)
  return m:add("network", fields)
end

function networks.seed(m)
  for i, spec in ipairs(m.world.networks) do
    local offering = network_offerings.for_network(m, spec)
    local cidr = spec.cidr and ipv4.network(spec.cidr) or {}
    local project = spec.project and m:named("project", spec.project)
    local owner = project and project.account or m:named("account", spec.account or m.world.default_account)
    networks.add(m, {
      id = m:id_of("network:" .. spec.name), number = 203 + i, name = spec.name, offering = offering,
      displaytext = spec.displaytext or spec.name, zone = m:named("zone", spec.zone), type = spec.type,
      cidr = spec.cidr, gateway = spec.gateway, netmask = cidr.netmask, first = cidr.first, last = cidr.last,
      from = spec.range and ipv4.number(spec.range[1]) or cidr.first and cidr.first + 1,
      to = spec.range and ipv4.number(spec.range[2]) or cidr.last and cidr.last - 1,
      ip6 = guest_addresses.ip6(spec.ip6cidr, spec.ip6gateway, spec.ip6range),
      services = spec.services or offering.services, userdata = spec.userdata, account = spec.type ~= "Shared" and owner or nil,
      vpc = spec.vpc and m:named("vpc", spec.vpc), acl = spec.acl and m:named("acl", spec.acl), of_world = true,
    })
  end
end

function networks.has_service(network, name)
  return tables.place(network.services, name) ~= nil
end

-- Do its VMs find their user data on a disk, and not at the router?
function networks.has_config_drive(network) return network.userdata == "ConfigDrive" end

-- The network gets its VLAN and router with its first VM, and with the router a public address.
function networks.implement(m, network)
  if network.state ~= "Allocated" then return end
  network.state = "Implemented"
  if networks.has_service(network, "SourceNat") and not network.vpc then public_pool.give_source_nat(m, network) end
end

function networks.is_implemented(network)
  return network.state ~= "Allocated"
end

function networks.may_use(network, account)
  local owner = network.account
  return not owner or owner == account or owner.project ~= nil and owner.project.members[account] == true
end

-- The account's only isolated network in a zone, for commands that name none.
function networks.only_isolated(m, owner, zone)
  local found = m:rows("network", function(network)
    return network.account == owner and network.zone == zone and network.type == "Isolated" and not network.vpc
  end)
  if #found == 0 or zone.securitygroups then
    refusal.invalid("Account name=%s domain=%s doesn't have virtual Networks in zone=%s", owner.name, owner.domain.name,
      zone.name)
  elseif #found > 1 then
    refusal.invalid "Account has more than one isolated network in the zone"
  end
  return found[1]
end

function networks.domain_of(network)
  return network.domain or ("cs%dcloud.internal"):format(network.account.number)
end

-- Network {...} as it stands in error texts
function networks.described(network)
  return ('Network {"id": %d, "name": "%s", "uuid": "%s", "networkofferingid": %d}')
    :format(network.number, network.name, network.id, network.offering.number)
end

-- ---------------------------------------------------------------------------------------------------------
-- commands

local function services(m, network)
  local out = m:array()
  for i, name in ipairs(network.services) do
    local provider = name == "UserData" and network.userdata or network_offerings.provider(network.vpc, name)
    out[i] = { name = name, capability = m:array(), provider = m:array { { name = provider } } }
  end
  return out
end

local function show_owner(m, out, network)
  if network.account then
    out.acltype = "Account"
    accounts.show_owner(out, network.account)
  else
    local root = m:named("domain", "ROOT")
    out.acltype, out.subdomainaccess = "Domain", true
    out.domainid, out.domain, out.domainpath = root.id, root.name, root.path
  end
end

local function show_vpc(out, network)
  if network.vpc then out.vpcid, out.vpcname = network.vpc.id, network.vpc.name end
  if network.acl then out.aclid, out.aclname = network.acl.id, network.acl.name end
end

-- row(m, network, account) as the account sees it
function networks.row(m, network, account)
  local offering = network.offering
  local out = {
    id = network.id, name = network.name, displaytext = network.displaytext, broadcastdomaintype = "Vlan",
    traffictype = "Guest", gateway = network.gateway, netmask = network.netmask, cidr = network.cidr,
    networkofferingid = offering.id, networkofferingname = offering.name,
    networkofferingdisplaytext = offering.text, networkofferingconservemode = true,
    networkofferingavailability = offering.availability, issystem = false, state = network.state, related = network.id,
    dns1 = network.zone.dns, type = network.type, service = services(m, network),
    networkdomain = networks.domain_of(network), physicalnetworkid = m:id_of("physical:" .. network.zone.name),
    restartrequired = false, specifyvlan = network.type == "Shared", specifyipranges = network.type == "Shared",
    canusefordeploy = true, ispersistent = false, tags = tags.plain(m, network), strechedl2subnet = false,
    redundantrouter = false, supportsvmautoscaling = network.type == "Isolated" and not network.vpc, created = m:date(network.created),
    receivedbytes = 0, sentbytes = 0, publicmtu = 1500, privatemtu = 1500, hasannotations = false,
  }
  zones.show(out, network.zone)
  show_owner(m, out, network)
  show_vpc(out, network)
  if network.ip6 then out.ip6cidr, out.ip6gateway = network.ip6.cidr, network.ip6.gateway end
  if network.ip6 and network.type == "Isolated" then
    out.internetprotocol, out.ip6routing, out.ip6routes = "DualStack", "Static", m:array()
  end
  if network.type == "L2" then out.networkdomain = nil end
  if network.type == "Isolated" then out.egressdefaultpolicy = false end
  if account.role == "admin" and networks.is_implemented(network) then
    out.vlan, out.broadcasturi = tostring(network.vlan), "vlan://" .. network.vlan
  end
  if network.zone.networktype == "Basic" then -- its addresses belong to the pods
    out.broadcastdomaintype, out.gateway, out.netmask, out.cidr = "Native", nil, nil, nil
  end
  return out
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call, false)
  local found = m:rows("network", function(network)
    return (not network.account or mine(network))
      and lists.fits(network, arguments)
      and (not arguments.zoneid or network.zone == arguments.zoneid)
      and (not arguments.type or lists.same(network.type, arguments.type))
      and (not arguments.acltype or lists.same(network.account and "Account" or "Domain", arguments.acltype))
      and (not arguments.vpcid or network.vpc == arguments.vpcid)
      and (arguments.forvpc == nil or (network.vpc ~= nil) == arguments.forvpc) and not arguments.issystem
  end)
  return lists.answer(m, call, "network", lists.reversed(found), function(network)
    return networks.row(m, network, call.account)
  end)
end

networks.commands = {
  { name = "listNetworks", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "network" }, { "name", "string", since = "4.22" }, { "zoneid", "uuid", of = "zone" },
    { "type", "string" }, { "acltype", "string" }, { "forvpc", "boolean" }, { "issystem", "boolean" },
    { "vpcid", "uuid", of = "vpc" }, { "canusefordeploy", "boolean", ignored = true }, { "traffictype", "string" }, { "tags", "map" },
  } },
}

return networks

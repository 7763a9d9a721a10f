-- VPCs: private clouds whose networks are tiers of one router.
local accounts = require "sim.accounts"
local ipv4 = require "base.ipv4"
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local public_pool = require "sim.public_pool"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"
local zones = require "sim.zones"

local vpcs = {}

local SERVICES = { "PortForwarding", "UserData", "SourceNat", "NetworkACL", "Vpn", "Dhcp", "StaticNat", "Dns", "Lb" }

local function add(m, fields)
  local range = ipv4.network(fields.cidr)
  fields.first, fields.last = range.first, range.last
  local vpc = m:add("vpc", fields)
  public_pool.give_source_nat(m, vpc)
  return vpc
end

function vpcs.seed(m)
  m:add("vpc_offering", { id = m:id_of "vpc offering", name = "Default VPC offering" })
  for _, name in ipairs { "default_allow", "default_deny" } do
    m:add("acl", { id = m:id_of("acl:" .. name), name = name,
      description = name == "default_allow" and "Default Network ACL Allow All" or "Default Network ACL Deny All" })
  end
  for _, spec in ipairs(m.world.vpcs) do
    add(m, {
      id = m:id_of("vpc:" .. spec.name), name = spec.name, displaytext = spec.name, cidr = spec.cidr,
      zone = m:named("zone", spec.zone), account = m:named("account", spec.account or m.world.default_account),
    })
  end
end

-- VPC {...} as it stands in error texts
function vpcs.described(vpc)
  return ('VPC {"id":%d,"name":"%s","uuid":"%s"}'):format(vpc.number, vpc.name, vpc.id)
end

local function services(m)
  local out = m:array()
  for i, name in ipairs(SERVICES) do
    out[i] = { name = name, provider = m:array { { name = "VpcVirtualRouter" } } }
  end
  return out
end

local function row(m, vpc)
  local offering = m:find_number("vpc_offering", 1)
  local out = {
    id = vpc.id, name = vpc.name, displaytext = vpc.displaytext, state = "Enabled", service = services(m), cidr = vpc.cidr,
    vpcofferingid = offering.id, vpcofferingname = offering.name, vpcofferingconservemode = false,
    created = m:date(vpc.created), network = m:array(), restartrequired = false,
    networkdomain = ("cs%dcloud.internal"):format(vpc.account.number), tags = tags.rows(m, vpc, "Vpc"),
    distributedvpcrouter = false, regionlevelvpc = false, redundantvpcrouter = false, publicmtu = 1500,
    hasannotations = false,
  }
  for _, tier in ipairs(m:rows("network", function(network) return network.vpc == vpc end)) do
    out.network[#out.network + 1] = { id = tier.id, name = tier.name, cidr = tier.cidr, gateway = tier.gateway }
  end
  zones.show(out, vpc.zone)
  return accounts.show_owner(out, vpc.account)
end

local function create(m, call)
  local arguments = call.arguments
  if not ipv4.network(arguments.cidr) then refusal.invalid("Invalid CIDR specified %s", arguments.cidr) end
  local vpc = add(m, {
    name = arguments.name, displaytext = arguments.displaytext or arguments.name, cidr = arguments.cidr,
    zone = arguments.zoneid, account = accounts.owner(m, call),
  })
  return jobs.created(jobs.start(m, call, { finish = function() return { vpc = row(m, vpc) } end }), vpc)
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("vpc", function(vpc)
    return mine(vpc) and lists.fits(vpc, arguments) and (not arguments.zoneid or vpc.zone == arguments.zoneid)
  end)
  return lists.answer(m, call, "vpc", lists.reversed(found), function(vpc) return row(m, vpc) end)
end

local function tiers(m, vpc)
  return m:rows("network", function(network) return network.vpc == vpc end)
end

local function delete(m, call)
  local vpc = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = vpc, instance_type = "Vpc",
    finish = function()
      if vpc.ghost or vpc.removed then refusal.invalid("unable to find VPC id=%d", vpc.number) end
      local count = #tiers(m, vpc)
      if count > 0 then refusal.invalid("Can't delete VPC %s as its used by %d networks", vpcs.described(vpc), count) end
      for _, address in ipairs(m:rows("public_address", function(one) return one.vpc == vpc end)) do m:remove(address) end
      for _, acl in ipairs(m:rows("acl", function(one) return one.vpc == vpc end)) do m:remove(acl) end
      vpc.tags = nil
      m:remove(vpc)
    end,
  }))
end

local function list_offerings(m, call)
  local found = m:rows("vpc_offering", function(offering) return lists.fits(offering, call.arguments) end)
  return lists.answer(m, call, "vpcoffering", found, function(offering)
    return { id = offering.id, name = offering.name, displaytext = offering.name, created = m:date(offering.created),
      isdefault = true, state = "Enabled", service = services(m), distributedvpcrouter = false, supportsregionLevelvpc = false,
      fornsx = false, internetprotocol = "IPv4" }
  end)
end

vpcs.commands = {
  { name = "createVPC", run = create, class = "org.apache.cloudstack.api.command.user.vpc.CreateVPCCmd", parameters = {
    { "name", "string", required = true }, { "displaytext", "string" }, { "cidr", "string", required = true },
    { "zoneid", "uuid", of = "zone", required = true },
    { "vpcofferingid", "uuid", of = "vpc_offering", required = true },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "listVPCs", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "vpc" }, { "name", "string" }, { "zoneid", "uuid", of = "zone" }, { "tags", "map" },
  } },
  { name = "deleteVPC", run = delete, class = "org.apache.cloudstack.api.command.user.vpc.DeleteVPCCmd", parameters = {
    { "id", "uuid", of = "vpc", required = true, acl = true },
  } },
  { name = "listVPCOfferings", run = list_offerings, parameters = lists.parameters {
    { "id", "uuid", of = "vpc_offering" }, { "name", "string" },
  } },
}

return vpcs

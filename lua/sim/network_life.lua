-- Networks that come and go: createNetwork and deleteNetwork, isolated ones and the tiers of VPCs.
local accounts = require "sim.accounts"
local guest_addresses = require "sim.guest_addresses"
local ipv4 = require "base.ipv4"
local ipv6 = require "base.ipv6"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local network_offerings = require "sim.network_offerings"
local networks = require "sim.networks"
local public_addresses = require "sim.public_addresses"
local refusal = require "sim.refusal"
local vpcs = require "sim.vpcs"

local network_life = {}

-- A network without addresses: its VMs have NICs and nothing else.
local NO_RANGE = {}

local GUEST = { gateway = "10.1.1.1", netmask = "255.255.255.0" } -- where a network names none

local PRIVATE = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10" }

local function is_private(number)
  for _, text in ipairs(PRIVATE) do
    local range = ipv4.range(text)
    if number >= range.first and number <= range.last then return true end
  end
  return false
end

-- "10.0.0.1", "255.255.255.0" -> range { first, last, netmask }, cidr
local function range_of(gateway, netmask)
  local address, mask = ipv4.number(gateway or ""), ipv4.number(netmask or "")
  local bits = 0
  while mask and bits < 32 and mask << bits & 0x80000000 ~= 0 do bits = bits + 1 end
  if not address or not mask or bits == 0 then refusal.invalid "Invalid gateway or netmask" end
  if mask ~= 0xffffffff << (32 - bits) & 0xffffffff then refusal.invalid "Invalid netmask" end
  local cidr = ("%s/%d"):format(ipv4.text(address & mask), bits)
  if not is_private(address & mask) then
    refusal.invalid("Virtual Guest Cidr %s is not RFC 1918 or 6598 compliant", cidr)
  end
  return ipv4.network(cidr) or refusal.invalid("Invalid CIDR specified %s", cidr), cidr
end

local function refuse_zone(zone, offering)
  if zone.networktype == "Basic" then
    refusal.invalid "Only AclType=Domain can be specified for network creation in Basic zone"
  elseif zone.securitygroups and offering.type == "Isolated" then
    refusal.invalid "Only shared or L2 guest network can be created in security group enabled zone"
  end
end

local function refuse_offering(offering, vpc, account)
  if offering.type == "Shared" and account.role ~= "admin" then
    refusal.invalid "This user can only create an Isolated network, a L2 network or a Shared network with specifyVlan=false."
  elseif vpc and not offering.vpc then
    refusal.invalid "Network offering can't be used for VPC networks"
  elseif offering.vpc and not vpc then
    refusal.invalid "Network offering can be used for VPC networks only"
  end
end

local function tiers(m, vpc)
  return m:rows("network", function(network) return network.vpc == vpc end)
end

local function refuse_tier(m, vpc, range, cidr)
  if range.first < vpc.first or range.last > vpc.last then
    refusal.invalid("Network cidr %s is not within vpc %s cidr", cidr, vpcs.described(vpc))
  end
  for _, tier in ipairs(tiers(m, vpc)) do
    if range.first <= tier.last and tier.first <= range.last then
      refusal.invalid("Network cidr %s crosses other network cidr %s belonging to the same vpc %s", cidr,
        networks.described(tier), vpcs.described(vpc))
    end
  end
  if #tiers(m, vpc) >= m:setting "vpc.max.networks" then
    refusal.failed("Number of networks per VPC cannot surpass [%d].", m:setting "vpc.max.networks")
  end
end

-- The first /64 of the zone's prefix that no network has, with the router at its first address.
local function prefix_of_zone(m, zone)
  local outer = ipv6.network(zone.ip6prefix or "")
  if not outer or outer.bits > 64 then refusal.internal("Failed to create network due to no IPv6 prefix in zone: %s", zone.name) end
  local taken = {}
  for _, network in ipairs(m:rows "network") do taken[network.ip6 and network.ip6.cidr or 0] = true end
  for i = 0, 0xffff do
    local groups = table.move(outer.groups, 1, 8, 1, {})
    groups[4] = groups[4] + i
    local cidr = ipv6.text(groups) .. "/64"
    if not taken[cidr] then return guest_addresses.ip6(cidr, ipv6.text(ipv6.after(groups, 1))) end
  end
end

local function create(m, call)
  local arguments = call.arguments
  local zone, offering, vpc = arguments.zoneid, arguments.networkofferingid, arguments.vpcid
  local owner = vpc and vpc.account or accounts.owner(m, call)
  refuse_zone(zone, offering)
  refuse_offering(offering, vpc, call.account)
  if vpc and not (arguments.gateway and arguments.netmask) then
    refusal.invalid "Gateway/netmask are required when create network for VPC"
  end
  local gateway, range, cidr = nil, NO_RANGE, nil
  if offering.type ~= "L2" then
    gateway = arguments.gateway or GUEST.gateway
    range, cidr = range_of(gateway, arguments.netmask or GUEST.netmask)
  end
  if vpc then refuse_tier(m, vpc, range, cidr) end
  limits.check(m, owner, { network = 1 })
  local network = networks.add(m, {
    name = arguments.name, displaytext = arguments.displaytext or arguments.name, zone = zone, offering = offering,
    type = offering.type, cidr = cidr, gateway = gateway, netmask = range.netmask, first = range.first,
    last = range.last, from = range.first and range.first + 1, to = range.last and range.last - 1,
    services = offering.services, account = owner, vpc = vpc, acl = arguments.aclid, domain = arguments.networkdomain,
    ip6 = network_offerings.has_ipv6(m, offering) and prefix_of_zone(m, zone) or nil,
  })
  return { network = networks.row(m, network, call.account) }
end

-- VMs that are only destroyed are in it, too.
local function is_in_use(m, network)
  return m:count_by("nic", "network", network) > 0
end

local function delete(m, call)
  local network = call.arguments.id
  if network.ghost or network.removed then refusal.invalid("Network ID=%d doesn't exist", network.number) end
  return jobs.answer(jobs.start(m, call, {
    instance = network, instance_type = "Network",
    finish = function()
      if network.removed then refusal.invalid("Network ID=%d doesn't exist", network.number) end
      if is_in_use(m, network) then refusal.internal "Failed to delete network" end
      for _, address in ipairs(m:rows("public_address", function(one) return one.network == network end)) do
        if network.vpc then address.network = nil else public_addresses.release(m, address) end
      end
      network.tags = nil
      m:remove(network)
    end,
  }))
end

network_life.commands = {
  { name = "createNetwork", run = create, parameters = {
    { "name", "string", required = true }, { "displaytext", "string" },
    { "networkofferingid", "uuid", of = "network_offering", required = true },
    { "zoneid", "uuid", of = "zone", required = true }, { "gateway", "string" }, { "netmask", "string" },
    { "startip", "string" }, { "endip", "string" }, { "networkdomain", "string" },
    { "vpcid", "uuid", of = "vpc", acl = true }, { "aclid", "uuid", of = "acl" }, { "acltype", "string" },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "deleteNetwork", run = delete, class = "org.apache.cloudstack.api.command.user.network.DeleteNetworkCmd",
    parameters = { { "id", "uuid", of = "network", required = true, acl = true }, { "forced", "boolean" } } },
}

return network_life

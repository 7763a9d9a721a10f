-- Network offerings: what a network of each kind can do.
local lists = require "sim.lists"

local network_offerings = {}

local ROUTER = { "UserData", "Dhcp", "Dns", "SourceNat", "StaticNat", "Firewall", "PortForwarding", "Lb", "Vpn" }
local TIER = { "UserData", "Dhcp", "Dns", "SourceNat", "StaticNat", "NetworkACL", "PortForwarding", "Vpn" }

local function with(list, more)
  local out = table.move(list, 1, #list, 1, {})
  out[#out + 1] = more
  return out
end

local OFFERINGS = {
  { number = 6, name = "DefaultSharedNetworkOfferingWithSGService", type = "Shared", availability = "Optional",
    text = "Offering for Shared Security group enabled networks", services = { "SecurityGroup", "UserData", "Dhcp", "Dns" } },
  { number = 7, name = "DefaultSharedNetworkOffering", type = "Shared", availability = "Optional",
    text = "Offering for Shared networks", services = { "UserData", "Dhcp", "Dns" } },
  { number = 10, name = "DefaultIsolatedNetworkOfferingWithSourceNatService", type = "Isolated",
    availability = "Required", text = "Offering for Isolated networks with Source Nat service enabled", services = ROUTER },
  { number = 12, name = "DefaultIsolatedNetworkOfferingForVpcNetworks", type = "Isolated", availability = "Optional",
    text = "Offering for Isolated Vpc networks with Source Nat service enabled", services = with(TIER, "Lb"), vpc = true },
  { number = 13, name = "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB", type = "Isolated", availability = "Optional",
    text = "Offering for Isolated Vpc networks with Source Nat service enabled and LB service Disabled", services = TIER,
    vpc = true },
  { number = 17, name = "DefaultL2NetworkOffering", type = "L2", availability = "Optional",
    text = "Offering for L2 networks", services = {} },
}

function network_offerings.seed(m)
  for _, spec in ipairs(OFFERINGS) do
    local offering = { id = m:id_of("network_offering:" .. spec.name) }
    for key, value in pairs(spec) do offering[key] = value end
    m:add("network_offering", offering)
  end
  for i, spec in ipairs(m.world.network_offerings) do -- a root admin's
    m:add("network_offering", { id = m:id_of("network_offering:" .. spec.name), number = 30 + i, name = spec.name, type = spec.type,
      text = spec.displaytext or spec.name, availability = "Optional", vpc = spec.vpc, internetprotocol = spec.internetprotocol,
      services = spec.services or spec.type == "Isolated" and (spec.vpc and TIER or ROUTER) or {}, is_custom = true })
  end
end

-- Do its networks have IPv6 besides, of the zone's prefix? From 4.17 on.
function network_offerings.has_ipv6(m, offering)
  return offering.internetprotocol == "DualStack" and m.version:at_least "4.17"
end

-- The offering that a network of the world is made from.
function network_offerings.for_network(m, spec)
  if spec.offering then return m:named("network_offering", spec.offering) end
  if spec.type == "L2" then return m:find_number("network_offering", 17) end
  local has_groups = false
  for _, service in ipairs(spec.services or {}) do has_groups = has_groups or service == "SecurityGroup" end
  if spec.type == "Shared" and has_groups then return m:find_number("network_offering", 6) end
  return m:find_number("network_offering", spec.type == "Shared" and 7 or spec.vpc and 12 or 10)
end

function network_offerings.provider(is_of_vpc, service)
  if service == "SecurityGroup" then return "SecurityGroupProvider" end
  return is_of_vpc and "VpcVirtualRouter" or "VirtualRouter"
end

local function row(m, offering)
  local services = m:array()
  for i, name in ipairs(offering.services) do
    services[i] = { name = name,
      provider = m:array { { name = network_offerings.provider(offering.vpc, name) } } }
  end
  return {
    id = offering.id, name = offering.name, displaytext = offering.text, created = m:date(offering.created),
    traffictype = "Guest", isdefault = not offering.is_custom, specifyvlan = offering.type == "Shared", conservemode = true,
    specifyipranges = offering.type == "Shared", availability = offering.availability, networkrate = 200,
    state = "Enabled", guestiptype = offering.type, service = services, forvpc = offering.vpc or false, fornsx = false,
    fortungsten = false, ispersistent = false, egressdefaultpolicy = false, supportsstrechedl2subnet = false,
    supportspublicaccess = false, supportsinternallb = false, internetprotocol = offering.internetprotocol or "IPv4",
    specifyasnumber = false, hasannotations = false, serviceofferingid = #offering.services > 0 and m:id_of "router offering" or nil,
  }
end

local function list(m, call)
  local arguments = call.arguments
  local found = m:rows("network_offering", function(offering)
    return lists.fits(offering, arguments)
      and (arguments.forvpc == nil or (offering.vpc or false) == arguments.forvpc)
      and (not arguments.guestiptype or lists.same(offering.type, arguments.guestiptype))
      and (not arguments.state or lists.same(arguments.state, "Enabled"))
  end)
  return lists.answer(m, call, "networkoffering", found, function(offering) return row(m, offering) end)
end

network_offerings.commands = {
  { name = "listNetworkOfferings", run = list, parameters = lists.parameters {
    { "id", "uuid", of = "network_offering" }, { "name", "string" }, { "zoneid", "uuid", of = "zone" },
    { "forvpc", "boolean" }, { "guestiptype", "string" }, { "state", "string" },
  } },
}

return network_offerings

-- Zones: the places everything else lies in.
local ipv4 = require "base.ipv4"
local lists = require "sim.lists"

local zones = {}

function zones.seed(m)
  for _, spec in ipairs(m.world.zones) do
    local is_plain = spec.networktype ~= "Basic" and not spec.securitygroups
    m:add("zone", {
      id = m:id_of("zone:" .. spec.name), name = spec.name, networktype = spec.networktype or "Advanced",
      securitygroups = spec.securitygroups or spec.networktype == "Basic", localstorage = spec.localstorage ~= false,
      allocationstate = spec.allocationstate or "Enabled", dns = spec.dns or "10.147.28.6", ip6prefix = spec.ip6prefix,
      public = is_plain and ipv4.network(spec.public or "192.0.2.0/24") or nil,
    })
  end
end

local function row(m, zone, account)
  local out = {
    id = zone.id, name = zone.name, networktype = zone.networktype, securitygroupsenabled = zone.securitygroups,
    gputotal = 0, gpuused = 0, allocationstate = zone.allocationstate, zonetoken = m:id_of("token:" .. zone.name),
    dhcpprovider = "VirtualRouter", localstorageenabled = zone.localstorage, tags = m:array(),
    allowuserspecifyvrmtu = false, routerprivateinterfacemaxmtu = 1500, routerpublicinterfacemaxmtu = 1500,
    type = "Core", isnsxenabled = false, ismultiarch = false, asnrange = "", routedmodeenabled = true,
    hasannotations = false,
  }
  if account.role == "admin" then
    out.dns1, out.internaldns1, out.guestcidraddress = zone.dns, zone.dns, "10.1.1.0/24"
  end
  return out
end

-- available=false asks for the zones where the account has a router.
local function has_router(m, zone, account)
  return account.role == "admin" or m:first("network", function(network)
    return network.zone == zone and network.account == account and network.state == "Implemented"
  end) ~= nil
end

local function list(m, call)
  local arguments = call.arguments
  local found = m:rows("zone", function(zone)
    return lists.fits(zone, arguments)
      and (call.account.role == "admin" or zone.allocationstate == "Enabled")
      and (not arguments.networktype or lists.same(zone.networktype, arguments.networktype))
      and (arguments.available ~= false or has_router(m, zone, call.account))
  end)
  return lists.answer(m, call, "zone", found, function(zone) return row(m, zone, call.account) end)
end

function zones.show(out, zone)
  out.zoneid, out.zonename = zone.id, zone.name
end

zones.commands = {
  { name = "listZones", run = list, parameters = lists.parameters {
    { "id", "uuid", of = "zone" }, { "ids", "uuids", of = "zone", since = "4.19" }, { "available", "boolean" },
    { "name", "string" }, { "networktype", "string" }, { "showcapacities", "boolean", ignored = true },
    { "domainid", "uuid", of = "domain" }, { "tags", "map" },
  } },
}

return zones

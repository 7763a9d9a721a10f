-- Service offerings (what a VM gets of a host) and disk offerings (what a disk may be).
local leases = require "sim.leases"
local lists = require "sim.lists"

local offerings = {}

local function zone_of(m, spec)
  return spec.zone and m:named("zone", spec.zone)
end

function offerings.seed(m)
  for i, spec in ipairs(m.world.service_offerings) do
    m:add("service_offering", {
      id = m:id_of("service_offering:" .. spec.name), number = 11 + i, name = spec.name,
      displaytext = spec.displaytext or spec.name, cpu = spec.cpu, mhz = spec.mhz or 1000, memory = spec.memory,
      limits = spec.limits, customized = spec.customized or false, storage = spec.storage or "shared", hosttags = spec.hosttags,
      storagetags = spec.storagetags, zone = zone_of(m, spec), rootdisksize = spec.rootdisksize or 0,
      lease_days = spec.leaseduration, lease_action = spec.leaseexpiryaction,
    })
  end
  for _, spec in ipairs(m.world.disk_offerings) do
    m:add("disk_offering", {
      id = m:id_of("disk_offering:" .. spec.name), name = spec.name, displaytext = spec.displaytext or spec.name,
      size = spec.size or 0, customized = spec.customized or false, storage = spec.storage or "shared",
      tags_wanted = spec.tags, strict = spec.strict or false, zone = zone_of(m, spec),
    })
  end
end

local function service_row(m, offering)
  local out = {
    id = offering.id, name = offering.name, state = "Active", displaytext = offering.displaytext,
    created = m:date(offering.created), storagetype = offering.storage, provisioningtype = "thin", offerha = false,
    limitcpuuse = false, isvolatile = false, issystem = false, defaultuse = false, iscustomized = offering.customized,
    hosttags = offering.hosttags, rootdisksize = offering.rootdisksize, dynamicscalingenabled = true,
    diskofferingstrictness = false, diskofferingid = m:id_of("compute_only:" .. offering.name),
    diskofferingname = offering.name, diskofferingdisplaytext = offering.displaytext, encryptroot = false,
    hasannotations = false,
  }
  out[m.version:at_least "4.18" and "storagetags" or "tags"] = offering.storagetags
  out.serviceofferingdetails = offering.limits
  leases.show_offering(m, out, offering)
  if not offering.customized then
    out.cpunumber, out.cpuspeed, out.memory = offering.cpu, offering.mhz, offering.memory
  end
  if offering.zone then out.zoneid, out.zone = offering.zone.id, offering.zone.name end
  return out
end

local function disk_row(m, offering)
  local out = {
    id = offering.id, name = offering.name, state = "Active", displaytext = offering.displaytext,
    disksize = offering.size, created = m:date(offering.created), iscustomized = offering.customized,
    tags = offering.tags_wanted, storagetype = offering.storage, provisioningtype = "thin", displayoffering = true,
    encrypt = false, hasannotations = false,
  }
  if m.version:at_least "4.17" then out.disksizestrictness = offering.strict end
  if offering.zone then out.zoneid, out.zone = offering.zone.id, offering.zone.name end
  return out
end

local function list(kind, key, row)
  return function(m, call)
    local arguments = call.arguments
    local found = m:rows(kind, function(offering)
      return lists.fits(offering, { id = arguments.id, name = arguments.name, keyword = arguments.keyword })
        and (not arguments.zoneid or not offering.zone or offering.zone == arguments.zoneid)
        and (not arguments.storagetype or offering.storage == arguments.storagetype)
        and (not arguments.state or lists.same(arguments.state, "Active"))
        and (not arguments.cpunumber or offering.cpu == arguments.cpunumber)
        and (not arguments.memory or offering.memory == arguments.memory)
    end)
    return lists.answer(m, call, key, found, function(offering) return row(m, offering) end)
  end
end

offerings.commands = {
  { name = "listServiceOfferings", run = list("service_offering", "serviceoffering", service_row),
    parameters = lists.parameters {
      { "id", "uuid", of = "service_offering" }, { "name", "string" }, { "virtualmachineid", "uuid", of = "vm" },
      { "issystem", "boolean" }, { "zoneid", "uuid", of = "zone", since = "4.13" },
      { "cpunumber", "integer", since = "4.15" }, { "memory", "integer", since = "4.15" },
      { "storagetype", "string", since = "4.19" }, { "state", "string", since = "4.19" }, { "listall", "boolean" },
    } },
  { name = "listDiskOfferings", run = list("disk_offering", "diskoffering", disk_row),
    parameters = lists.parameters {
      { "id", "uuid", of = "disk_offering" }, { "name", "string" }, { "zoneid", "uuid", of = "zone", since = "4.13" },
      { "storagetype", "string", since = "4.19" }, { "state", "string", since = "4.19" }, { "listall", "boolean" },
    } },
}

return offerings

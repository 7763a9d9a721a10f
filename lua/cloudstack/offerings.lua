-- Service offerings and disk offerings. Sizes are GB here, rounded up from BOSH's MB.

local errors = require "errors"
local exact = require "cloudstack.exact"

local offerings = {}

-- MB to GB, never less than asked.
function offerings.gigabytes(megabytes)
  return megabytes // 1024 + (megabytes % 1024 > 0 and 1 or 0)
end

function offerings.service_request()
  return { "listServiceOfferings", {}, rows = "serviceoffering", cached = true }
end

function offerings.disk_request()
  return { "listDiskOfferings", {}, rows = "diskoffering", cached = true }
end

-- The offerings that may be used in a zone: an offering with a zoneid (a list, comma-separated) belongs to
-- those zones only.
function offerings.in_zone(rows, zone)
  local usable = {}
  for _, row in ipairs(rows) do
    if not row.zoneid or row.zoneid == "" or row.zoneid:find(zone.id, 1, true) then usable[#usable + 1] = row end
  end
  return usable
end

-- Has the zone the kind of storage that the offering's disks are on?
function offerings.has_storage(offering, zone)
  return offering.storagetype ~= "local" or zone.localstorageenabled ~= false
end

-- Those of in_zone() whose disks have a place there: what a policy may choose from.
function offerings.usable(rows, zone)
  local usable = {}
  for _, row in ipairs(offerings.in_zone(rows, zone)) do
    if offerings.has_storage(row, zone) then usable[#usable + 1] = row end
  end
  return usable
end

local MOST = 2147483647 -- CloudStack counts CPUs and MB in 32 bits

-- The least and the most that a customised offering takes of a thing; CloudStack has them as text.
local function range(offering, thing)
  local details = type(offering.serviceofferingdetails) == "table" and offering.serviceofferingdetails or {}
  return math.tointeger(tonumber(details["min" .. thing])), math.tointeger(tonumber(details["max" .. thing])) or MOST
end

local function part_problem(offering, thing, wanted, unit)
  local has = offering[thing]
  if has or not offering.iscustomized then
    return (has or 0) < wanted and ("has %d of %d %s"):format(has or 0, wanted, unit) or nil
  end
  local _, most = range(offering, thing)
  return wanted > most and ("takes %d %s at most, %d are wanted"):format(most, unit, wanted) or nil
end

-- Why the service offering cannot give so many CPUs and MB, or nil where it can.
function offerings.size_problem(offering, cpu, ram)
  return part_problem(offering, "cpunumber", cpu, "CPUs") or part_problem(offering, "memory", ram, "MB")
end

-- What to ask of a customised offering: the CPUs, MHz and MB that it leaves open, its least where less is wanted.
function offerings.custom_size(offering, cpu, mhz, ram)
  local least_cpu, least_ram = range(offering, "cpunumber"), range(offering, "memory")
  return {
    cpuNumber = not offering.cpunumber and math.max(cpu, least_cpu or 1) or nil,
    cpuSpeed = not offering.cpuspeed and mhz or nil,
    memory = not offering.memory and math.max(ram, least_ram or 1) or nil,
  }
end

-- What to call the offering so that it is found again among rows: its name, or its id where others have that name.
function offerings.handle(offering, rows)
  for _, row in ipairs(rows) do
    if row.id ~= offering.id and row.name == offering.name then return offering.id end
  end
  return offering.name
end

-- The zone's offering with that id or name; raises CloudError with the names that there are. rows: of all zones; kind: "service" or
-- "disk".
function offerings.pick(rows, wanted, kind, zone)
  local there = offerings.in_zone(rows, zone)
  local offering = exact.one(there, wanted, kind .. " offering")
  if offering then return offering end
  if #exact.all(rows, wanted) == 0 then
    error(errors.cloud("%s offering '%s' is not in CloudStack; there are: %s", kind, wanted, exact.names(there)))
  end
  error(errors.cloud("%s offering '%s' is for other zones than '%s'; there are: %s", kind, wanted, zone.name, exact.names(there)))
end

-- { offering, size } for a disk of `size` GB (nil: whatever the offering gives), or nil and why the offering
-- cannot give it. size is absent from the answer for a fixed offering: CloudStack refuses one there. limits: the GB that
-- customised offerings take here, { least, most }, where they are known.
function offerings.disk(offering, size, limits)
  if offering.iscustomized then
    if not size then return nil, ("disk offering '%s' needs a size"):format(offering.name) end
    local least, most = limits and limits.least, limits and limits.most
    if most and size > most then
      return nil, ("disk offering '%s': customised disks have %d GB at most here, %d GB are asked for"):format(offering.name, most,
        size)
    end
    return { offering = offering, size = math.max(size, least or size) }
  end
  local gives = offering.disksize or 0
  if size and gives < size then
    return nil, ("disk offering '%s' gives %d GB, %d GB are asked for"):format(offering.name, gives, size)
  end
  return { offering = offering }
end

-- Tags of an offering as a set: hosttags and storagetags of a service offering, tags of a disk offering.
function offerings.tags(offering)
  local set = {}
  for _, list in ipairs { offering.tags or "", offering.hosttags or "", offering.storagetags or "" } do
    for tag in tostring(list):gmatch "[^,%s]+" do set[tag] = true end
  end
  return set
end

-- The offerings that have every tag of `wanted` and none of `unwanted` (lists, or nil).
function offerings.tagged(rows, wanted, unwanted)
  local kept = {}
  for _, row in ipairs(rows) do
    local tags, good = offerings.tags(row), true
    for _, tag in ipairs(wanted or {}) do good = good and tags[tag] end
    for _, tag in ipairs(unwanted or {}) do good = good and not tags[tag] end
    if good then kept[#kept + 1] = row end
  end
  return kept
end

return offerings

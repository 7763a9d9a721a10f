-- Service offerings and disk offerings. Sizes are GB here, rounded up from BOSH's MB.

local errors = require "errors"
local exact = require "cloudstack.exact"

local offerings = {}

-- MB to GB, never less than asked.
function offerings.gigabytes(megabytes)
  return (megabytes + 1023) // 1024
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

-- The offering with that id or name; raises CloudError with the names that there are. kind: "service" or "disk".
function offerings.pick(rows, wanted, kind)
  return exact.one(rows, wanted, kind .. " offering") or
    error(errors.cloud("%s offering '%s' is not in CloudStack; there are: %s", kind, wanted, exact.names(rows)))
end

-- { offering, size } for a disk of `size` GB (nil: whatever the offering gives), or nil and why the offering
-- cannot give it. size is absent from the answer for a fixed offering: CloudStack refuses one there.
function offerings.disk(offering, size)
  if offering.iscustomized then
    if not size then return nil, ("disk offering '%s' needs a size"):format(offering.name) end
    return { offering = offering, size = size }
  end
  local gives = offering.disksize or 0
  if size and gives < size then
    return nil, ("disk offering '%s' gives %d GB, asked were %d GB"):format(offering.name, gives, size)
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

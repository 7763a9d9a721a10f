-- Zones.

local errors = require "errors"
local exact = require "cloudstack.exact"

local zones = {}

function zones.request()
  return { "listZones", {}, rows = "zone", cached = true }
end

-- The zone with that id or name; raises CloudError with the names that there are.
function zones.pick(rows, wanted)
  return exact.one(rows, wanted, "zone")
    or error(errors.cloud("zone '%s' is not in CloudStack; there are: %s", wanted, exact.names(rows)))
end

-- The rows that are of that zone: networks, templates, addresses and whatever else has a zoneid.
function zones.rows_in(rows, zone)
  local there = {}
  for _, row in ipairs(rows) do
    if row.zoneid == zone.id then there[#there + 1] = row end
  end
  return there
end

return zones

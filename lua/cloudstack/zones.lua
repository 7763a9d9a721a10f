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

return zones

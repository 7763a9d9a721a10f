-- Which disk offering a disk gets: an explicit one of the manifest, else what the disk_offering policy says.

local errors = require "errors"
local offerings = require "cloudstack.offerings"

-- What the site's configuration would have, per kind.
local function configured(cpi, kind)
  local default = cpi.settings.cloudstack.default_offer
  local named = kind == "persistent" and default.disk or kind == "ephemeral" and default.ephemeral_disk or ""
  return named ~= "" and named or nil, default.custom_disk ~= "" and default.custom_disk or nil
end

-- disk_choice(cpi, kind, { explicit, size, zone, offerings, limits, current, vm, instance }) -> { offering, size }
--   kind      "persistent" or "ephemeral"
--   explicit  id or name from cloud_properties, or nil: then the policy decides
--   size      GB, or nil for an explicit fixed offering of any size
--   limits    { least, most } GB of a customised disk, where they are known
--   current   the id of the offering that the disk has, where it exists already
--   vm        the facts of the VM that it is for, or nil
--   instance  whose it is, as request/environment.lua has it, or nil
-- Raises CloudError when the offering does not exist or is too small.
return function(cpi, kind, wanted)
  if wanted.explicit then
    local offering = offerings.pick(wanted.offerings, wanted.explicit, "disk", wanted.zone)
    local choice, why = offerings.disk(offering, wanted.size, wanted.limits)
    return choice or error(errors.cloud("%s", why))
  end
  local named, fallback = configured(cpi, kind)
  local limits = wanted.limits or {}
  return cpi.decide("disk_offering", {
    custom_least = limits.least, custom_most = limits.most,
    kind = kind, size = wanted.size, wanted = named, fallback = fallback,
    offerings = offerings.usable(wanted.offerings, wanted.zone),
    zone = { id = wanted.zone.id, name = wanted.zone.name }, current = wanted.current, vm = wanted.vm,
  }, wanted.instance)
end

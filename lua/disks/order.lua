-- What BOSH and a manifest ask of a persistent disk, checked: create_disk and update_disk.

local arguments = require "request.arguments"
local offerings = require "cloudstack.offerings"
local read_properties = require "request.cloud_properties"

local properties_of_a_disk = { disk_offering = "text", zone = "text", name = "text" }

-- disk_order(cpi, argument, size, cloud_properties) -> { gigabytes, offering, zone }
--   argument  what the verb calls the size, for messages;  size  in MB, rounded up
--   offering, zone  ids or names from the manifest, or nil
return function(cpi, argument, size, cloud_properties)
  local megabytes = arguments.megabytes(argument, size)
  local properties = read_properties(cloud_properties, properties_of_a_disk, "cloud_properties of the disk", cpi.json.null)
  return { gigabytes = offerings.gigabytes(megabytes), offering = properties.disk_offering, zone = properties.zone }
end

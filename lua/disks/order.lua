-- What BOSH and a manifest ask of a persistent disk, checked: create_disk and update_disk.

local admitted = require "request.admitted"
local arguments = require "request.arguments"
local offerings = require "cloudstack.offerings"
local read_properties = require "request.cloud_properties"

local properties_of_a_disk = { disk_offering = "text", zone = "text", name = "text", policy = "object" }

local disk_order = { WHAT = "cloud_properties of the disk", properties = properties_of_a_disk }

-- read(cpi, argument, size, cloud_properties) -> { gigabytes, properties, given_properties, instance }
--   argument    what the verb calls the size, for messages;  size  in MB, rounded up
--   properties  checked: disk_offering and zone are ids or names
--   instance    { policy }: the site's own keys
function disk_order.read(cpi, argument, size, cloud_properties)
  local megabytes, null = arguments.megabytes(argument, size), cpi.json.null
  local properties = read_properties(cloud_properties, properties_of_a_disk, disk_order.WHAT, null)
  return { gigabytes = offerings.gigabytes(megabytes), properties = properties, given_properties = cloud_properties,
    instance = { policy = admitted.site_keys(properties, null) } }
end

return disk_order

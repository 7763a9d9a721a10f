-- calculate_vm_cloud_properties({ cpu, ram, ephemeral_disk_size }): the cloud_properties of a VM that has at
-- least so many CPUs and MB; what it answers, create_vm takes. Raises CloudError when nothing is large enough.

local arguments = require "arguments"
local capabilities = require "cloudstack.capabilities"
local disk_choice = require "disk_choice"
local errors = require "errors"
local offerings = require "cloudstack.offerings"
local zones = require "cloudstack.zones"

local function count(wanted, key)
  local value = math.type(wanted[key]) and math.tointeger(wanted[key])
  if not value or value <= 0 then
    error(errors.cpi("desired_instance_size.%s must be a whole number above 0", key))
  end
  return value
end

return function(cpi, desired)
  desired = arguments.object("desired_instance_size", desired, cpi.json.null)
  local cpu, ram, disk = count(desired, "cpu"), count(desired, "ram"), count(desired, "ephemeral_disk_size")
  local tagged = cpi.settings.cloudstack.calculate
  local found = cpi.cloudstack:gather {
    zones = zones.request(), services = offerings.service_request(), disks = offerings.disk_request(),
    capabilities = capabilities.request(),
  }
  local zone = zones.pick(found.zones, cpi.settings.cloudstack.default_zone)

  local services, disks = offerings.in_zone(found.services, zone), offerings.in_zone(found.disks, zone)
  local service = cpi.decide("service_offering", {
    cpu = cpu, ram = ram, zone = { id = zone.id, name = zone.name }, refused = {},
    offerings = offerings.tagged(services, tagged.compute_tags, tagged.not_compute_tags),
  })[1]
  local choice = disk_choice(cpi, "ephemeral", {
    size = offerings.gigabytes(disk), zone = zone,
    limits = capabilities.read(found.capabilities).custom_disk,
    offerings = offerings.tagged(disks, tagged.disk_tags, tagged.not_disk_tags),
  })
  return {
    compute_offering = offerings.handle(service, services),
    cpu = service.iscustomized and cpu or nil, ram = service.iscustomized and ram or nil,
    ephemeral_disk_offering = offerings.handle(choice.offering, disks), disk = disk,
  }
end

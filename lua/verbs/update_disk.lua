-- update_disk(disk_cid, new_size, cloud_properties): size and disk offering as the manifest has them now. The disk keeps
-- its data and its CID; NotImplemented or NotSupported where it cannot be done in place: the director copies then.

local admission = require "disks.admission"
local arguments = require "request.arguments"
local capabilities = require "cloudstack.capabilities"
local changes = require "cloudstack.volume_changes"
local disk_choice = require "disks.choice"
local disk_order = require "disks.order"
local errors = require "errors"
local instance_tags = require "cloudstack.instance_tags"
local offerings = require "cloudstack.offerings"
local tables = require "base.tables"
local volumes = require "cloudstack.volumes"

local function refuse_other_zone(volume, zone)
  if zone and zone ~= volume.zoneid and zone ~= volume.zonename then
    error(errors.not_supported("disk '%s' is in zone '%s' and does not move to zone '%s'", volume.name,
      tostring(volume.zonename), zone))
  end
end

return function(cpi, disk_cid, new_size, cloud_properties)
  arguments.text("disk_cid", disk_cid)
  local order = disk_order.read(cpi, "new_size", new_size, cloud_properties)
  local found = cpi.cloudstack:gather {
    volumes = volumes.request(disk_cid), offerings = offerings.disk_request(), capabilities = capabilities.request(),
  }
  local volume = volumes.pick(found.volumes, disk_cid) or volumes.missing(disk_cid)
  order.instance = tables.with(instance_tags.of(volume), order.instance)
  order = admission(cpi, "update_disk", order, { disk_cid = disk_cid })
  refuse_other_zone(volume, order.properties.zone)
  local can = capabilities.read(found.capabilities)
  local choice = disk_choice(cpi, "persistent", {
    explicit = order.properties.disk_offering, size = order.gigabytes, zone = { id = volume.zoneid, name = volume.zonename },
    offerings = found.offerings, current = volume.diskofferingid, limits = can.custom_disk, instance = order.instance,
  })
  local gigabytes = choice.size or choice.offering.disksize
  changes.refuse_smaller(volume, gigabytes)
  if choice.offering.id ~= volume.diskofferingid then
    changes.move(cpi, volume, choice, can.version)
  elseif gigabytes > volumes.gigabytes(volume) then
    changes.grow(cpi, volume, gigabytes)
  end
end

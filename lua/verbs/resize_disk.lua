-- resize_disk(disk_cid, new_size): the disk gets at least `new_size` MB, with its data and its CID. A disk that has
-- them already stays as it is. NotImplemented where CloudStack cannot: then the director copies the disk.

local arguments = require "request.arguments"
local capabilities = require "cloudstack.capabilities"
local changes = require "cloudstack.volume_changes"
local disk_choice = require "disks.choice"
local errors = require "errors"
local exact = require "cloudstack.exact"
local instance_tags = require "cloudstack.instance_tags"
local offerings = require "cloudstack.offerings"
local volumes = require "cloudstack.volumes"

local function look_up(cpi, disk_cid)
  local found = cpi.cloudstack:gather {
    volumes = volumes.request(disk_cid), offerings = offerings.disk_request(), capabilities = capabilities.request(),
  }
  local volume = volumes.pick(found.volumes, disk_cid) or volumes.missing(disk_cid)
  local offering = exact.one(found.offerings, volume.diskofferingid, "disk offering")
  return volume, offering, found.offerings, capabilities.read(found.capabilities)
end

-- The size of a fixed offering was never asked for: a disk of it may be larger than BOSH thinks.
local function is_large_enough(volume, offering, gigabytes)
  local has = volumes.gigabytes(volume)
  return has == gigabytes or has > gigabytes and offering and not offering.iscustomized and has == offering.disksize
end

-- Another offering that gives the size and that CloudStack takes in its place.
local function other_offering(cpi, volume, offering, rows, gigabytes, limits)
  local ok, choice = pcall(disk_choice, cpi, "persistent", {
    size = gigabytes, zone = { id = volume.zoneid, name = volume.zonename }, offerings = changes.alike(rows, offering),
    current = offering.id, limits = limits, instance = instance_tags.of(volume),
  })
  if ok then return choice end
  if not errors.is(choice) or choice.type ~= "Bosh::Clouds::CloudError" then error(choice, 0) end
  error(errors.not_implemented("disk '%s' has the disk offering '%s', whose size does not change, and nothing takes its place: "
    .. "%s", volume.name, offering.name, choice.message))
end

return function(cpi, disk_cid, new_size)
  arguments.text("disk_cid", disk_cid)
  local gigabytes = offerings.gigabytes(arguments.megabytes("new_size", new_size))
  local volume, offering, rows, can = look_up(cpi, disk_cid)
  if is_large_enough(volume, offering, gigabytes) then return end
  changes.refuse_smaller(volume, gigabytes)
  if not offering or changes.may_grow(offering, can.version) then return changes.grow(cpi, volume, gigabytes) end
  changes.move(cpi, volume, other_offering(cpi, volume, offering, rows, gigabytes, can.custom_disk), can.version)
end

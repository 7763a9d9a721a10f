-- The disks of a new VM: the ephemeral one that is made with it, and the persistent ones that will be attached.

local disk_choice = require "disks.choice"
local errors = require "errors"
local offerings = require "cloudstack.offerings"
local volumes = require "cloudstack.volumes"

local vm_disks = {}

local function wants_ephemeral(properties)
  return (properties.disk or 0) > 0 or properties.ephemeral_disk_offering ~= nil
end

-- Adds to a gather: disk offerings where an ephemeral disk is wanted, each persistent disk by its name.
function vm_disks.add_requests(requests, order)
  if wants_ephemeral(order.properties) then requests.disk_offerings = offerings.disk_request() end
  for i, disk_cid in ipairs(order.disk_cids) do requests["disk " .. i] = volumes.request(disk_cid) end
end

-- The persistent disks exist and can be attached to a VM in this zone: better said now than after the deploy.
function vm_disks.check_persistent(order, found)
  for i, disk_cid in ipairs(order.disk_cids) do
    local volume = volumes.pick(found["disk " .. i], disk_cid) or volumes.missing(disk_cid)
    if volume.zoneid ~= found.zone.id then
      error(errors.cloud("disk '%s' is in zone '%s', the VM would be in zone '%s'", disk_cid,
        tostring(volume.zonename), found.zone.name))
    end
  end
end

-- { offering, size } of the ephemeral disk, or nil for none: then the agent uses the rest of the root disk.
function vm_disks.ephemeral(cpi, order, found)
  local properties = order.properties
  if not wants_ephemeral(properties) then return nil end
  local megabytes = properties.disk or 0
  return disk_choice(cpi, "ephemeral", {
    explicit = properties.ephemeral_disk_offering, zone = found.zone, limits = found.can.custom_disk, offerings = found.disk_offerings,
    size = megabytes > 0 and offerings.gigabytes(megabytes) or nil,
  })
end

-- The disks that CloudStack made with a VM, among its volumes.
function vm_disks.made_with(rows)
  local list = {}
  for _, volume in ipairs(rows) do
    if volumes.is_ephemeral(volume) then list[#list + 1] = volume end
  end
  return list
end

return vm_disks

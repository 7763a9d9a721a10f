-- resizeVolume and changeOfferingForVolume: a volume's size and what it may be, attached or not.
local guests = require "sim.guests"
local infrastructure = require "sim.infrastructure"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local placement = require "sim.placement"
local refusal = require "sim.refusal"
local volume_rows = require "sim.volume_rows"

local resize = {}

local GIB = 1024 * 1024 * 1024
local USER = "org.apache.cloudstack.api.command.user.volume."
local ADMIN = "org.apache.cloudstack.api.command.admin.volume."
local RESIZABLE = { KVM = true, XenServer = true, VMware = true, Simulator = true }

-- What a command refuses while its job runs: resizeVolume has a code of its own, changeOfferingForVolume the usual one.
local function refuser(code)
  return function(format, ...)
    error(refusal.new(code, nil, select("#", ...) > 0 and format:format(...) or format), 0)
  end
end

local function refuse_custom_size(m, gigabytes, refuse)
  local least, most = m:setting "custom.diskoffering.size.min", m:setting "custom.diskoffering.size.max"
  if gigabytes < least or gigabytes > most then
    refuse("Volume size: %d GB is out of allowed range. Min: %d. Max: %d", gigabytes, least, most)
  end
end

local function refuse_state(m, volume, refuse)
  if volume.ghost or volume.removed then refusal.invalid "No such volume" end
  local busy = m:first_by("snapshot", "volume", volume, function(snapshot)
    return snapshot.state == "Creating" or snapshot.state == "BackingUp"
  end)
  if busy then
    refusal.internal "There is/are unbacked up snapshot(s) on this volume, resize volume is not permitted, please try again later."
  end
  if volume.pool and not RESIZABLE[m.world.hypervisor] then
    refuse("Hypervisor %s does not support volume resize", m.world.hypervisor)
  end
  if volume.state ~= "Ready" and volume.state ~= "Allocated" then
    refuse("Volume should be in ready or allocated state before attempting a resize. Volume %s is in state %s.", volume.id,
      volume.state)
  end
end

local function refuse_smaller(volume, size, arguments, refuse)
  if size < volume.size and not arguments.shrinkok then
    refuse("Going from existing size of %d to size of %d would shrink the volume.Need to sign off by supplying the "
      .. "shrinkok parameter with value of true.", volume.size, size)
  end
end

-- What only shows once the hypervisor is asked.
local function refuse_growth(m, volume, size, account, refuse)
  if size == volume.size then return end
  limits.check(m, volume.account or account, { primary_storage = size - volume.size })
  local vm, pool = volume.vm, volume.pool
  if pool and not infrastructure.has_room(m, pool, size - volume.size) then
    refusal.internal("Storage pool %s does not have enough space to resize volume %s", pool.name, volume.name)
  end
  if pool and vm and vm.state ~= "Stopped" and m.world.hypervisor == "XenServer" then
    refuse "The VM must be stopped or the disk detached in order to resize with the XenServer Hypervisor."
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- resizeVolume

-- A root disk may have any size, as far as its pool goes.
local ROOT = { customized = true }

-- Newer servers give a disk of a fixed offering another size, unless the offering is strict.
local function size_alone(m, volume, gigabytes, refuse)
  local offering = volume.offering or ROOT
  if not gigabytes then return volume.size end
  if not m.version:at_least "4.17" and not offering.customized then
    refuse("To change a volume's size without providing a new disk offering, its current disk offering must be "
      .. "customizable or it must be a root volume (if providing a disk offering, make sure it is different from the "
      .. "current disk offering).")
  end
  if offering.strict then
    refuse("Resize of volume %s is not allowed, since disk size is strictly fixed as per the disk offering", volume.id)
  end
  if offering.customized then refuse_custom_size(m, gigabytes, refuse) end
  return gigabytes * GIB
end

local function refuse_other_offering(volume, offering, refuse)
  local old = volume.offering or ROOT
  if (old.strict or false) ~= (offering.strict or false) then
    refuse "Disk offering size strictness does not match with new disk offering"
  end
  if old.tags_wanted and old.tags_wanted ~= offering.tags_wanted then
    refuse "The tags on the new and old disk offerings must match."
  elseif not old.tags_wanted and offering.tags_wanted then
    refuse "There are no tags on the current disk offering. The new disk offering needs to have no tags, as well."
  end
end

local function size_with(m, offering, gigabytes, refuse)
  if not offering.customized then return offering.size * GIB end
  if not gigabytes then refuse "The new disk offering requires that a size be specified." end
  refuse_custom_size(m, gigabytes, refuse)
  return gigabytes * GIB
end

local function resized(m, volume, arguments, account)
  local refuse = refuser(432)
  refuse_state(m, volume, refuse)
  local offering = arguments.diskofferingid
  if offering then refuse_other_offering(volume, offering, refuse) end
  local size = offering and size_with(m, offering, arguments.size, refuse)
    or size_alone(m, volume, arguments.size, refuse)
  refuse_smaller(volume, size, arguments, refuse)
  if size < volume.size then refusal.internal("Failed to resize volume %s: it can't be shrunk", volume.id) end
  refuse_growth(m, volume, size, account, refuse)
  return size
end

local function announce(m, volume)
  local vm = volume.vm
  if vm and vm.state == "Running" then guests.resize(m, vm, volume) end
end

local function run_resize(m, call)
  local volume, arguments = call.arguments.id, call.arguments
  return jobs.answer(jobs.start(m, call, {
    instance = volume, instance_type = "Volume", queue = volume.vm,
    check = function() resized(m, volume, arguments, call.account) end,
    half = function() volume.state = "Resizing" end,
    finish = function()
      volume.size = resized(m, volume, arguments, call.account)
      volume.offering = arguments.diskofferingid or volume.offering
      announce(m, volume)
      return { volume = volume_rows.row(m, volume, call.account) }
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- changeOfferingForVolume

-- A pool that has the new offering's tags and kind of storage, where the volume's own has not: it moves by itself.
local function pool_for(m, volume, offering, arguments, size)
  local pool = volume.pool
  if not pool or placement.suits(pool, offering) then return pool end
  if not arguments.automigrate then
    refusal.invalid("Failed to change offering for volume %s since automigrate is set to false but volume needs to migrated",
      volume.id)
  end
  local wanted = { type = "DATADISK", offering = offering, size = size }
  local host = volume.vm and (volume.vm.host or volume.vm.last_host) or pool.host
    or m:first("host", function(one) return one.cluster == pool.cluster end)
  local found = host and placement.pool(m, wanted, host)
  if not found then
    refusal.invalid("Volume change offering operation failed for volume ID: %s as no suitable pool(s) found for migrating to "
      .. "support new disk offering", volume.id)
  end
  return found
end

local function changed(m, volume, arguments, account)
  local refuse, offering = refuser(431), arguments.diskofferingid
  refuse_state(m, volume, refuse)
  local size = size_with(m, offering, arguments.size, refuse)
  if offering == volume.offering and size == volume.size then
    refuse("Volume %s is already having disk offering %s", volume_rows.described(volume), offering.id)
  end
  refuse_smaller(volume, size, arguments, refuse)
  if size < volume.size then
    refusal.internal("Volume disk offering change operation failed for volume ID [%s] because the volume resize operation "
      .. "failed.", volume.id)
  end
  refuse_growth(m, volume, size, account, refuse)
  return size, pool_for(m, volume, offering, arguments, size)
end

local function run_change(m, call)
  local volume, arguments = call.arguments.id, call.arguments
  return jobs.answer(jobs.start(m, call, {
    queue = volume.vm,
    check = function() changed(m, volume, arguments, call.account) end,
    half = function() volume.state = "Resizing" end,
    finish = function()
      volume.size, volume.pool = changed(m, volume, arguments, call.account)
      volume.offering = arguments.diskofferingid
      announce(m, volume)
      return { volume = volume_rows.row(m, volume, call.account) }
    end,
  }))
end

local VOLUME = { "id", "uuid", of = "volume", required = true, acl = true }

resize.commands = {
  { name = "resizeVolume", run = run_resize, class = USER .. "ResizeVolumeCmd",
    admin_class = ADMIN .. "ResizeVolumeCmdByAdmin", parameters = {
      VOLUME, { "size", "long" }, { "shrinkok", "boolean" }, { "diskofferingid", "uuid", of = "disk_offering" },
    } },
  { name = "changeOfferingForVolume", since = "4.17", run = run_change, class = USER .. "ChangeOfferingForVolumeCmd",
    admin_class = ADMIN .. "ChangeOfferingForVolumeCmdByAdmin", parameters = {
      VOLUME, { "diskofferingid", "uuid", of = "disk_offering", required = true }, { "size", "long" },
      { "shrinkok", "boolean" }, { "automigrate", "boolean" },
    } },
}

return resize

-- attachVolume and detachVolume: device ids, the first placing of a volume, and where it may not go.
local guests = require "sim.guests"
local jobs = require "sim.jobs"
local placement = require "sim.placement"
local refusal = require "sim.refusal"
local volume_rows = require "sim.volume_rows"

local attachments = {}

local USER = "org.apache.cloudstack.api.command.user.volume."
local ADMIN = "org.apache.cloudstack.api.command.admin.volume."
local CDROM = 3
local RACE = 0.1 -- attaches of one volume that are nearer than this get past the first look at its state

local ATTACHABLE = { Allocated = true, Ready = true, Uploaded = true }

-- ---------------------------------------------------------------------------------------------------------
-- what can be attached where

local function refuse_state(m, volume)
  if volume.state == "Attaching" and m:now() - volume.attaching_since < RACE then
    refusal.internal('Volume: VolumeObject {"volumeVO":%q} is in Attaching. It should be in Ready or Allocated state',
      volume_rows.described(volume))
  end
  if not ATTACHABLE[volume.state] then
    refusal.invalid "Volume state must be in Allocated, Ready or in Uploaded state"
  end
end

local function refuse_volume(m, volume)
  if volume.ghost or volume.removed then
    refusal.invalid "Please specify a volume with the valid type: ROOT or DATADISK"
  end
  if volume.vm then refusal.invalid "Please specify a volume that is not attached to any VM." end
  if volume.state == "Destroy" then refusal.invalid "Please specify a volume that is not destroyed." end
  refuse_state(m, volume)
end

local function refuse_vm(vm, volume)
  if vm.ghost or vm.removed then refusal.invalid "Please specify a valid User VM." end
  if vm.state ~= "Running" and vm.state ~= "Stopped" then
    refusal.invalid "Please specify a VM that is on of the following states: [Running, Stopped]."
  end
  if vm.zone ~= volume.zone then refusal.invalid "Please specify a VM that is in the same zone as the volume." end
  if vm.account ~= volume.account then
    refusal.internal("Entity %s and entity VolumeObject {%s} belong to different accounts", placement.described(vm),
      volume_rows.described(volume))
  end
end

local function attached_to(m, vm)
  return m:rows_by("volume", "vm", vm)
end

local function refuse_too_many(m, vm)
  local most = m:setting "max.data.volumes"
  local count = 0
  for _, volume in ipairs(attached_to(m, vm)) do
    if volume.type == "DATADISK" then count = count + 1 end
  end
  if count >= most then
    refusal.invalid("The specified VM already has the maximum number of data disks (%d) attached. Please specify "
      .. "another VM.", most)
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- device ids: 0 is the root disk, 3 the CD-ROM

local function device_for(m, vm, wanted)
  local used, last = {}, m:setting "max.data.volumes" + 1
  for _, volume in ipairs(attached_to(m, vm)) do used[volume.device] = volume end
  if wanted then
    if wanted < 0 or wanted > last or wanted == CDROM then
      refusal.internal("deviceId should be 0,1,2,4-%d", last)
    end
    if used[wanted] then
      refusal.internal("deviceId %d is used by vol %s on vm %s", wanted, volume_rows.described(used[wanted]),
        placement.described(vm))
    end
    return wanted
  end
  for device = 1, last do
    if device ~= CDROM and not used[device] then return device end
  end
  refusal.internal("All the device Ids are used by vm %s", placement.described(vm))
end

-- ---------------------------------------------------------------------------------------------------------
-- storage

local function root_is_local(m, vm)
  local root = m:first_by("volume", "vm", vm, function(volume) return volume.type == "ROOT" end)
  return root and root.pool and root.pool.host ~= nil
end

-- A volume on one host's own disk goes to VMs of that host alone; one on shared storage follows to another cluster.
local function move(m, volume, vm, host)
  local pool = volume.pool
  if placement.reaches(host, pool) then return end
  if pool.host then
    if root_is_local(m, vm) then
      refusal.internal("Failed to attach local data volume %s to VM %s as migration of local data volume is not "
        .. "allowed", volume.name, vm.displayname)
    end
    refusal.invalid "Can't move volume between scope: HOST and CLUSTER"
  end
  volume.pool = placement.pool(m, volume, host) or refusal.internal(
    'Unable to find suitable primary storage when creating volume [{"name":"%s","uuid":"%s"}].', volume.name, volume.id)
  volume.placed = m:now()
end

-- The VM that never ran has no host yet: its volumes are placed when it starts.
local function place(m, volume, vm)
  local host = vm.host or vm.last_host
  if not host then return end
  if volume.pool then return move(m, volume, vm, host) end
  local pool = placement.pool(m, volume, host)
  if not pool then
    refusal.internal('Unable to find suitable primary storage when creating volume [{"name":"%s","uuid":"%s"}].',
      volume.name, volume.id)
  end
  volume.pool = pool
end

-- ---------------------------------------------------------------------------------------------------------
-- attachVolume

local function refuse_attach(m, call)
  local volume, vm = call.arguments.id, call.arguments.virtualmachineid
  refuse_volume(m, volume)
  refuse_vm(vm, volume)
  if call.arguments.deviceid == 0 then
    refusal.invalid "Root volume detach can happen only when vm is in states: Stopped or Destroyed"
  end
  refuse_too_many(m, vm)
end

local function finish_attach(m, call, device)
  local volume, vm = call.arguments.id, call.arguments.virtualmachineid
  volume.state = volume.pool and "Ready" or "Allocated"
  volume.vm, volume.device, volume.attached = vm, device, m:now()
  if vm.state == "Running" then guests.attach(m, vm, volume) end
  return { volume = volume_rows.row(m, volume, call.account) }
end

local function attach(m, call)
  local volume, vm = call.arguments.id, call.arguments.virtualmachineid
  local device, before
  return jobs.answer(jobs.start(m, call, {
    instance = volume, instance_type = "Volume", queue = vm,
    check = function() refuse_attach(m, call) end,
    begin = function()
      refuse_attach(m, call)
      device = device_for(m, vm, call.arguments.deviceid)
      place(m, volume, vm)
      before = volume.pool and "Ready" or "Allocated"
      volume.state, volume.attaching_since = "Attaching", m:now()
    end,
    finish = function() return finish_attach(m, call, device) end,
    cancel = function() volume.state = before end,
    half = function() end, -- it stays Attaching
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- detachVolume

-- By VM and device it never works; the texts are those of two programming errors.
local function refuse_without_id(call)
  local vm = call.arguments.virtualmachineid
  if vm and vm.removed then refusal.internal "Index 0 out of bounds for length 0" end
  refusal.internal 'Cannot invoke "java.lang.Long.longValue()" because "volumeId" is null'
end

local function refuse_detach(volume)
  local vm = volume.vm
  if volume.ghost or volume.removed or not vm then refusal.invalid "The specified volume is not attached to a VM." end
  if volume.type == "ROOT" then
    refusal.invalid "Root volume detach can happen only when vm is in states: Stopped or Destroyed"
  end
  if vm.state ~= "Running" and vm.state ~= "Stopped" and vm.state ~= "Destroyed" then
    refusal.invalid "Please specify a VM that is either running or stopped."
  end
end

local function finish_detach(m, call)
  local volume = call.arguments.id
  local vm, device = volume.vm, volume.device
  volume.vm, volume.device, volume.attached = nil, nil, nil
  if vm.state == "Running" then guests.detach(m, vm, volume, device) end
  return { volume = volume_rows.row(m, volume, call.account) }
end

local function detach(m, call)
  local volume, arguments = call.arguments.id, call.arguments
  if not volume then
    return jobs.answer(jobs.start(m, call, { check = function() refuse_without_id(call) end }))
  elseif arguments.virtualmachineid or arguments.deviceid then
    return jobs.answer(jobs.start(m, call, { check = function()
      refusal.invalid "Please provide either a volume id, or a tuple(device id, instance id)"
    end }))
  end
  return jobs.answer(jobs.start(m, call, {
    instance = volume, instance_type = "Volume", queue = volume.vm,
    check = function() refuse_detach(volume) end,
    begin = function() refuse_detach(volume) end,
    half = function() -- the guest has lost it, the record has not
      if volume.vm.state == "Running" then
        guests.detach(m, volume.vm, volume)
      end
    end,
    finish = function()
      refuse_detach(volume)
      return finish_detach(m, call)
    end,
  }))
end

attachments.commands = {
  { name = "attachVolume", run = attach, class = USER .. "AttachVolumeCmd",
    admin_class = ADMIN .. "AttachVolumeCmdByAdmin",
    parameters = {
      { "id", "uuid", of = "volume", required = true, acl = true },
      { "virtualmachineid", "uuid", of = "vm", required = true, acl = true }, { "deviceid", "long" },
    } },
  { name = "detachVolume", run = detach, class = USER .. "DetachVolumeCmd",
    admin_class = ADMIN .. "DetachVolumeCmdByAdmin",
    parameters = {
      { "id", "uuid", of = "volume", acl = true }, { "virtualmachineid", "uuid", of = "vm", acl = true },
      { "deviceid", "long" },
    } },
}

return attachments

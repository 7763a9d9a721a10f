-- attach_disk(vm_cid, disk_cid): attaches the disk and answers where the guest finds it, { path, volume_id }.
-- A disk that this VM has already is attached; one that another VM has is refused. One that lies where the VM's host does
-- not reach it is moved or refused, as the disk_placement policy says. What is under way on either is waited for.

local arguments = require "request.arguments"
local custody = require "made.custody"
local devices = require "cloudstack.devices"
local disk_on_vm = require "cloudstack.disk_on_vm"
local disk_placement = require "disks.placement"
local errors = require "errors"
local registry = require "registry.settings"
local rest = require "cloudstack.rest"
local states = require "cloudstack.states"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

-- The VM when its disks may be changed. Raises CloudError where they may not, before anything is moved.
local function ready_vm(cpi, vm)
  if states.vm(vm.state).passing then vm = rest.vm(cpi, vm, cpi.settings.cloudstack.timeout.global) or vms.missing(vm.name) end
  local state = states.vm(vm.state)
  if vm.state and not state.disks and not state.is_new then
    error(errors.cloud("VM '%s' is in state %s, in which CloudStack attaches no disk", vm.name, tostring(vm.state)))
  end
  return vm
end

return function(cpi, vm_cid, disk_cid)
  arguments.text("vm_cid", vm_cid)
  arguments.text("disk_cid", disk_cid)
  local vm, volume = disk_on_vm.look_up(cpi, vm_cid, disk_cid)
  if not vm then vms.missing(vm_cid) end
  if volume and not volume.virtualmachineid then volume = volumes.at_rest(cpi, volume) end
  if not volume then volumes.missing(disk_cid) end
  local deviceid = volume.deviceid
  if volume.virtualmachineid and volume.virtualmachineid ~= vm.id then
    error(errors.cloud("disk '%s' is attached to VM '%s', not to '%s'", disk_cid,
      volume.vmname or volume.virtualmachineid, vm_cid))
  elseif not volume.virtualmachineid then
    deviceid = disk_placement.attach(cpi, ready_vm(cpi, vm), volume, custody.requests_of_taking(cpi, volume))
  else -- a process that died had attached it, and perhaps not marked it
    custody.take(cpi, volume)
  end
  local hint = devices.hint(vm.hypervisor, volume.id, deviceid)
  registry.attach(cpi, vm.name, disk_cid, hint)
  return hint
end

-- detach_disk(vm_cid, disk_cid): takes the disk off this VM. A disk that no VM has, or that is gone, is
-- detached; one that another VM has stays there and is DiskNotAttached. What is under way on the disk or the VM is waited for.

local arguments = require "request.arguments"
local disk_on_vm = require "cloudstack.disk_on_vm"
local errors = require "errors"
local registry = require "registry.settings"
local rest = require "cloudstack.rest"
local states = require "cloudstack.states"
local volumes = require "cloudstack.volumes"

return function(cpi, vm_cid, disk_cid)
  arguments.text("vm_cid", vm_cid)
  arguments.text("disk_cid", disk_cid)
  local vm, volume = disk_on_vm.look_up(cpi, vm_cid, disk_cid)
  if volume then volume = volumes.at_rest(cpi, volume) end
  local is_attached = volume and volume.virtualmachineid
  if is_attached and (not vm or volume.virtualmachineid ~= vm.id) then
    error(errors.disk_not_attached("disk '%s' is attached to VM '%s', not to '%s'", disk_cid,
      volume.vmname or volume.virtualmachineid, vm_cid))
  end
  if is_attached then
    -- CloudStack detaches nothing from a VM that it is at work on: a migration ends, and so does a start.
    if states.vm(vm.state).passing then rest.vm(cpi, vm, cpi.settings.cloudstack.timeout.global) end
    volumes.detach(cpi, volume)
  end
  registry.detach(cpi, vm and vm.name or vm_cid, disk_cid)
end

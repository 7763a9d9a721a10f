-- A VM and a disk, looked up at once.

local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local disk_on_vm = {}

-- -> vm or nil, volume or nil
function disk_on_vm.look_up(cpi, vm_cid, disk_cid)
  local found = cpi.cloudstack:gather { vms = vms.request(vm_cid), volumes = volumes.request(disk_cid) }
  return vms.pick(found.vms, vm_cid), volumes.pick(found.volumes, disk_cid)
end

return disk_on_vm

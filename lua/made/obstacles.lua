-- What forbids the removal of a VM, asked before anything is stopped, moved or taken away: a removal that CloudStack refuses half
-- way leaves a VM without its address, and BOSH with a VM that it cannot reach.

local errors = require "errors"
local rights = require "cloudstack.rights"
local volumes = require "cloudstack.volumes"

local obstacles = {}

local DESTROY = "destroyVirtualMachine"

-- The question that refuse() wants answered besides what a removal looks up anyway.
function obstacles.request() return rights.request(DESTROY) end

-- Raises CloudError where one of the disks that go with the VM may not be deleted. disks: rows of volumes.
function obstacles.refuse_disks(vm, disks)
  for _, disk in ipairs(disks) do
    if disk.deleteprotection and volumes.is_ephemeral(disk) then
      error(errors.cloud("disk '%s' (%s), which goes with VM '%s', has delete protection in CloudStack: nothing was deleted; take "
        .. "the protection off (updateVolume id=%s deleteprotection=false)", disk.name, disk.id, vm.name, disk.id))
    end
  end
end

-- refuse(vm, disks, role): raises CloudError where the VM cannot be deleted, in words that say what to do. vm: its row; disks:
-- those of its disks that are known, or nil; role: the answer to request(), or nil.
function obstacles.refuse(vm, disks, role)
  if vm.deleteprotection then
    error(errors.cloud("VM '%s' has delete protection in CloudStack and is not deleted: nothing was changed; take the protection "
      .. "off (updateVirtualMachine id=%s deleteprotection=false)", vm.name, vm.id))
  end
  obstacles.refuse_disks(vm, disks or {})
  if not rights.has(role, DESTROY) then
    error(errors.cloud("VM '%s' is not deleted: the role of this account does not have %s; nothing was changed (cpi permissions "
      .. "lists what a role needs)", vm.name, DESTROY))
  end
end

return obstacles

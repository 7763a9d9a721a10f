-- delete_vm(vm_cid): destroys the VM with the disks that were made with it; persistent disks survive, and
-- the expunge policy decides how address and name get free. A VM that is already gone is a VM deleted, yet
-- what a half-done delete left of it is looked for.

local arguments = require "request.arguments"
local removal = require "made.removal"
local vms = require "cloudstack.vms"

return function(cpi, vm_cid)
  arguments.text("vm_cid", vm_cid)
  local requests = removal.requests(vm_cid)
  requests.vms = vms.request(vm_cid)
  local found = cpi.cloudstack:gather(requests)
  local vm = vms.pick(found.vms, vm_cid)
  cpi.interruption.check()
  -- Once begun it comes to its end: what is left half way is found again by names and tags, but not all of it by everybody.
  cpi.interruption.undoing(removal.everything, cpi, vm_cid, vm, found)
  if not vm then cpi.journal.settle() end -- what a delete before this one wrote down: the groups of a VM that is gone
end

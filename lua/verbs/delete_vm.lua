-- delete_vm(vm_cid): destroys the VM with the disks that were made with it; persistent disks survive, and
-- the expunge policy decides how address and name get free. A VM that is already gone is a VM deleted, yet
-- what a half-done delete left of it is looked for.

local affinity_claims = require "made.affinity_claims"
local arguments = require "request.arguments"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local registry = require "registry.settings"
local removal = require "made.removal"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

-- Once begun it comes to its end: what is left half way is found again by names and tags, but not all of it by everybody.
local function remove(cpi, vm_cid, vm, found)
  local collect_groups = affinity_claims.of(cpi, vm)
  belongings.take_away(cpi, vm_cid, belongings.of(found.belongings, vm), vm)
  if vm then removal.remove(cpi, vm, capabilities.read(found.can)) end
  removal.sweep(cpi, found.orphans)
  collect_groups()
end

return function(cpi, vm_cid)
  arguments.text("vm_cid", vm_cid)
  local found = cpi.cloudstack:gather {
    vms = vms.request(vm_cid), orphans = volumes.request_ephemeral(vm_cid), can = capabilities.request(),
    belongings = belongings.request(vm_cid),
  }
  local vm = vms.pick(found.vms, vm_cid)
  cpi.interruption.check()
  cpi.interruption.undoing(remove, cpi, vm_cid, vm, found)
  if not vm then cpi.journal.settle() end -- what a delete before this one wrote down: the groups of a VM that is gone
  registry.forget(cpi, vm_cid)
end

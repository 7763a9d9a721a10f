-- VMs: a vm_cid is the name (cpivm-UUID, as the earlier CPIs have it), or CloudStack's id.

local errors = require "errors"
local exact = require "cloudstack.exact"
local rest = require "cloudstack.rest"
local states = require "cloudstack.states"

local vms = {}

-- Is the VM deleted for BOSH, though CloudStack may still list it (to root admins)?
function vms.is_gone(row)
  return states.vm(row.state).gone or false
end

-- A fresh CID; a host name may not begin with a digit, a bare uuid may.
function vms.new_cid(uuid)
  return "cpivm-" .. uuid
end

-- details: nil for everything, "min" where id, name and state are enough.
function vms.request(vm_cid, details)
  local params = exact.filter(vm_cid)
  params.details = details
  return { "listVirtualMachines", params, rows = "virtualmachine" }
end

-- The living VM among rows, or nil.
function vms.pick(rows, vm_cid)
  local living = {}
  for _, row in ipairs(rows) do
    if not vms.is_gone(row) then living[#living + 1] = row end
  end
  return exact.one(living, vm_cid, "VM")
end

-- The VM, or nil.
function vms.find(cpi, vm_cid, details)
  return vms.pick(cpi.cloudstack:rows(vms.request(vm_cid, details)), vm_cid)
end

-- The row of the VM with CloudStack's id, whatever state it is in, or nil.
function vms.with_id(cpi, id)
  return cpi.cloudstack:rows({ "listVirtualMachines", { id = id }, rows = "virtualmachine" })[1]
end

-- The VM; raises VMNotFound.
function vms.get(cpi, vm_cid, details)
  return vms.find(cpi, vm_cid, details) or vms.missing(vm_cid)
end

function vms.missing(vm_cid)
  error(errors.vm_not_found("VM '%s' is not in CloudStack", vm_cid))
end

-- Restarts a running VM, starts a stopped one. What is under way is waited for: one that was starting has been restarted by it.
-- A VM in a state that is not known is CloudStack's to judge.
function vms.reboot(cpi, vm)
  local timeout, was = cpi.settings.cloudstack.timeout.reboot_vm, states.vm(vm.state)
  if was.passing then
    vm = rest.vm(cpi, vm, timeout) or vms.missing(vm.name)
    if was.starting and states.vm(vm.state).runs then return end
  end
  local state = states.vm(vm.state)
  if not (state.runs or state.starts or state.is_new) then
    error(errors.cloud("VM '%s' is in state %s, in which CloudStack restarts none", vm.name, tostring(vm.state)))
  end
  cpi.cloudstack:job {
    state.starts and "startVirtualMachine" or "rebootVirtualMachine", { id = vm.id },
    what = (state.starts and "starting VM " or "rebooting VM ") .. vm.name, idempotent = true, timeout = timeout,
  }
end

return vms

-- VMs: a vm_cid is the name (cpivm-UUID, as the earlier CPIs have it), or CloudStack's id.

local errors = require "errors"
local exact = require "cloudstack.exact"

local vms = {}

local gone = { Destroyed = true, Expunging = true }

-- Is the VM deleted for BOSH, though CloudStack may still list it (to root admins)?
function vms.is_gone(row)
  return gone[row.state] or false
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

-- Restarts a running VM, starts a stopped one.
function vms.reboot(cpi, vm)
  local stopped = vm.state == "Stopped"
  cpi.cloudstack:job {
    stopped and "startVirtualMachine" or "rebootVirtualMachine", { id = vm.id },
    what = (stopped and "starting VM " or "rebooting VM ") .. vm.name, idempotent = true,
    timeout = cpi.settings.cloudstack.timeout.reboot_vm,
  }
end

return vms

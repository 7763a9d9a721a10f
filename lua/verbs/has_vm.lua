-- has_vm(vm_cid): true while the VM lives; a destroyed one that CloudStack still lists does not.

local arguments = require "request.arguments"
local vms = require "cloudstack.vms"

return function(cpi, vm_cid)
  return vms.find(cpi, arguments.text("vm_cid", vm_cid), "min") ~= nil
end

-- reboot_vm(vm_cid): restarts the VM; one that is stopped is started.

local arguments = require "request.arguments"
local vms = require "cloudstack.vms"

return function(cpi, vm_cid)
  vms.reboot(cpi, vms.get(cpi, arguments.text("vm_cid", vm_cid)))
end

-- get_disks(vm_cid): the CIDs of the persistent disks attached to the VM.

local arguments = require "request.arguments"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

return function(cpi, vm_cid)
  local vm = vms.get(cpi, arguments.text("vm_cid", vm_cid), "min")
  local cids = {}
  for _, volume in ipairs(cpi.cloudstack:rows(volumes.request_of_vm(vm))) do
    if volume.type ~= "ROOT" and not volumes.is_ephemeral(volume) then cids[#cids + 1] = volume.name end
  end
  table.sort(cids)
  return cpi.json.array(cids)
end

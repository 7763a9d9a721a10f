-- get_disks(vm_cid): the CIDs of the persistent disks that BOSH has on the VM. What an operator attached by hand is not BOSH's.

local arguments = require "request.arguments"
local recognition = require "made.recognition"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

-- A disk with a name that a CPI gave it, or one of which BOSH has spoken: it may have been brought in by `bosh attach-disk`.
local function is_of_bosh(volume)
  if volume.type == "ROOT" or volumes.is_ephemeral(volume) then return false end
  return volume.name:find "^cpi%-disk%-" ~= nil or recognition.is_known(volume)
end

return function(cpi, vm_cid)
  local vm = vms.get(cpi, arguments.text("vm_cid", vm_cid), "min")
  local cids = {}
  for _, volume in ipairs(cpi.cloudstack:rows(volumes.request_of_vm(vm))) do
    if is_of_bosh(volume) then cids[#cids + 1] = volume.name end
  end
  table.sort(cids)
  return cpi.json.array(cids)
end

-- set_vm_metadata(vm_cid, metadata): BOSH's metadata as tags; tags that others set stay.
-- Odd keys and lengths are mended or skipped, never fatal: an error here makes the director delete the VM.

local arguments = require "request.arguments"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"

return function(cpi, vm_cid, metadata)
  arguments.text("vm_cid", vm_cid)
  metadata = arguments.object("metadata", metadata, cpi.json.null)
  local vm = vms.get(cpi, vm_cid)
  tags.merge(cpi, "UserVm", vm, tags.of_others(cpi, metadata))
end

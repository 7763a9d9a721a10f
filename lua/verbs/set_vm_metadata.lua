-- set_vm_metadata(vm_cid, metadata): BOSH's metadata as tags; those that BOSH no longer sends go, tags that others set stay.
-- Odd keys and lengths are mended or skipped, never fatal: an error here makes the director delete the VM.

local arguments = require "request.arguments"
local metadata_tags = require "made.metadata"
local vms = require "cloudstack.vms"

return function(cpi, vm_cid, metadata)
  arguments.text("vm_cid", vm_cid)
  metadata = arguments.object("metadata", metadata, cpi.json.null)
  metadata_tags.put(cpi, "UserVm", vms.get(cpi, vm_cid), metadata)
end

-- delete_disk(disk_cid): deletes the disk for good; refused while a VM has it. One that is gone is deleted.

local arguments = require "request.arguments"
local custody = require "made.custody"
local errors = require "errors"
local exact = require "cloudstack.exact"
local volumes = require "cloudstack.volumes"

return function(cpi, disk_cid)
  arguments.text("disk_cid", disk_cid)
  -- A volume in state Destroy is deleted for BOSH and still takes space: it is deleted once more.
  local rows = cpi.cloudstack:rows(volumes.request(disk_cid))
  local volume = volumes.pick(rows, disk_cid) or exact.one(rows, disk_cid, "disk")
  volume = volume and volumes.at_rest(cpi, volume)
  if not volume then return end
  if volume.virtualmachineid then
    error(errors.cloud("disk '%s' is attached to VM '%s' and is not deleted", disk_cid,
      volume.vmname or volume.virtualmachineid))
  end
  custody.delete(cpi, "Volume", volume, function() volumes.delete_all(cpi, { volume }) end)
end

-- set_disk_metadata(disk_cid, metadata): BOSH's metadata as tags; those that BOSH no longer sends go, tags that others set stay.

local arguments = require "request.arguments"
local metadata_tags = require "made.metadata"
local volumes = require "cloudstack.volumes"

return function(cpi, disk_cid, metadata)
  arguments.text("disk_cid", disk_cid)
  metadata = arguments.object("metadata", metadata, cpi.json.null)
  metadata_tags.put(cpi, "Volume", volumes.get(cpi, disk_cid), metadata)
end

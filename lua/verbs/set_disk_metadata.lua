-- set_disk_metadata(disk_cid, metadata): BOSH's metadata as tags; tags that others set stay.

local arguments = require "request.arguments"
local tags = require "cloudstack.tags"
local volumes = require "cloudstack.volumes"

return function(cpi, disk_cid, metadata)
  arguments.text("disk_cid", disk_cid)
  metadata = arguments.object("metadata", metadata, cpi.json.null)
  tags.merge(cpi, "Volume", volumes.get(cpi, disk_cid), tags.of_others(cpi, metadata))
end

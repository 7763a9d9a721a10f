-- has_disk(disk_cid): true while the disk exists.

local arguments = require "request.arguments"
local volumes = require "cloudstack.volumes"

return function(cpi, disk_cid)
  return volumes.find(cpi, arguments.text("disk_cid", disk_cid)) ~= nil
end

-- delete_snapshot(snapshot_cid): deletes the snapshot for good. One that is gone is deleted.

local arguments = require "request.arguments"
local exact = require "cloudstack.exact"
local snapshots = require "cloudstack.snapshots"

return function(cpi, snapshot_cid)
  arguments.text("snapshot_cid", snapshot_cid)
  if exact.is_id(snapshot_cid) then return snapshots.delete(cpi, snapshot_cid) end
  local snapshot = snapshots.find(cpi, snapshot_cid)
  if snapshot then snapshots.delete(cpi, snapshot.id) end
end

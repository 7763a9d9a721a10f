-- snapshot_disk(disk_cid, metadata): a snapshot of the disk, attached or not, once CloudStack has backed it up; answers
-- its CID. The metadata become tags.

local arguments = require "request.arguments"
local creation = require "made.creation"
local director_mark = require "made.marks"
local errors = require "errors"
local instance_tags = require "cloudstack.instance_tags"
local naming = require "made.names"
local snapshots = require "cloudstack.snapshots"
local states = require "cloudstack.states"
local volumes = require "cloudstack.volumes"

return function(cpi, disk_cid, metadata)
  arguments.text("disk_cid", disk_cid)
  metadata = arguments.object("metadata", metadata, cpi.json.null)
  local volume = volumes.get(cpi, disk_cid)
  if states.volume(volume.state).fresh then
    -- With enable_snapshots the director snapshots every disk before it mends anything, and goes on after NotImplemented alone
    -- (bosh src/bosh-director/lib/bosh/director/api/snapshot_manager.rb): any other class would stop the deployment for good.
    error(errors.not_implemented("disk '%s' was never attached: CloudStack puts a disk onto storage when it is first attached "
      .. "(its state is Allocated until then), so there is nothing of which to take a snapshot", disk_cid))
  end
  return creation(cpi, cpi.settings.cloudstack.timeout.snapshot_volume, function(undo)
    local name = snapshots.new_name(director_mark.uuid(cpi))
    local names = naming.of(cpi, "snapshot", name, { given_tags = metadata, instance = instance_tags.of_set(metadata) })
    return snapshots.create(cpi, volume, name, names.tags, undo)
  end)
end

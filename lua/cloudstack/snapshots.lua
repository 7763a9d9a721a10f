-- Snapshots of volumes: a snapshot_cid is CloudStack's id, as the Go CPI has it; the name is ours alone, so that one
-- whose reply was lost is found again.

local errors = require "errors"
local exact = require "cloudstack.exact"
local refusals = require "cloudstack.refusals"
local states = require "cloudstack.states"
local tags = require "cloudstack.tags"

local snapshots = {}

function snapshots.new_name(uuid)
  return "cpi-snapshot-" .. uuid
end

-- The snapshot with that id or name, or nil.
function snapshots.find(cpi, wanted)
  return exact.one(cpi.cloudstack:rows { "listSnapshots", exact.filter(wanted), rows = "snapshot" }, wanted, "snapshot")
end

-- Does the failure of a delete say that there is nothing to delete?
local function is_gone(failure)
  return refusals.is(failure, "snapshot_is_gone")
end

-- Deletes for good; one that is gone is deleted. Raises CloudError.
function snapshots.delete(cpi, id)
  local task = cpi.cloudstack:run {
    "deleteSnapshot", { id = id }, job = true, idempotent = true, what = "deleting snapshot " .. id,
    timeout = cpi.settings.cloudstack.timeout.delete_snapshot_volume,
  }
  if not task.failure or is_gone(task.failure) then return end
  if task.failure.kind ~= "refused" and not snapshots.find(cpi, id) then return end
  cpi.cloudstack.raise(task.failure, task.request.what)
end

-- The row once CloudStack has finished, which a job may not have waited for.
local function finished(cpi, id, deadline)
  local began, pause = cpi.clock.now(), 0.2
  while true do
    local row = snapshots.find(cpi, id)
    if not row then error(errors.cloud("snapshot %s is gone while CloudStack was at work on it", id)) end
    local state = states.snapshot(row.state)
    if state.failed then error(errors.cloud("snapshot %s ended in the state %s", id, row.state)) end
    if not state.passing then return row end
    if cpi.clock.now() - began >= deadline then
      error(errors.cloud("snapshot %s is still %s after %d s", id, row.state, deadline))
    end
    cpi.wait(pause, function() return ("waiting for snapshot %s, which is %s"):format(id, row.state) end, began)
    pause = math.min(pause * 1.5, 10)
  end
end

-- create(cpi, volume, name, owned, undo) -> the snapshot's id. owned: its tags. They come with the snapshot from 4.15 on,
-- and after it before. Raises CloudError; what was left is deleted then.
function snapshots.create(cpi, volume, name, owned, undo)
  local client, timeout = cpi.cloudstack, cpi.settings.cloudstack.timeout.snapshot_volume
  local entry, task = cpi.journal.open { kind = "snapshot", name = name }, nil
  undo.add("snapshot " .. name, function()
    local id = task and task.id
    local left = id and { id = id } or snapshots.find(cpi, name)
    if left then snapshots.delete(cpi, left.id) end
    -- After a lost reply the snapshot may still appear: then the journal keeps its entry.
    if left or not task or not task.failure or not client.is_open(task.failure) then entry.close() end
  end)
  local params = { volumeid = volume.id, name = name }
  for key, value in pairs(tags.parameters(owned)) do params[key] = value end
  task = client:run {
    "createSnapshot", params, job = true, entry = entry, timeout = timeout,
    what = ("taking a snapshot of disk %s"):format(volume.name), find = function() return snapshots.find(cpi, name) end,
  }
  if task.failure then client.raise(task.failure, task.request.what) end
  local row = task.result.snapshot or task.result
  if not states.snapshot(row.state).done then row = finished(cpi, task.id, timeout) end
  tags.merge(cpi, "Snapshot", row, owned)
  return task.id
end

return snapshots

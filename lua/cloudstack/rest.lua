-- Waiting until nothing is under way on a VM or a disk any more. CloudStack goes on when the process that asked it is gone, and
-- operators of the cloud have jobs of their own: migrations, snapshots.

local errors = require "errors"
local states = require "cloudstack.states"

local rest = {}

local PENDING = 0 -- of a row's jobstatus
local FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10 -- seconds

local function has_job(row) return row.jobstatus == PENDING and type(row.jobid) == "string" end

-- Waits for the job of the row, or for a while where it is somebody else's or where there is none. left: seconds of a wait that
-- began at `began`.
local function pause_for(cpi, kind, row, pause, left, began)
  if has_job(row) then
    local _, failure = cpi.cloudstack:made_by(kind.what, row.jobid, left)
    if not failure or failure.kind ~= "lost" then return end
  end
  cpi.wait(pause, function() return ("waiting for %s '%s', which is %s"):format(kind.noun, row.name, tostring(row.state)) end, began)
end

local function wait(cpi, kind, row, seconds)
  local began, pause = cpi.clock.now(), FIRST_PAUSE
  while row and (has_job(row) or kind.state(row.state).passing) do
    local left = seconds - (cpi.clock.now() - began)
    if left <= 0 then
      error(errors.cloud("%s '%s' is %s, and has not come to rest in %d s", kind.noun, row.name, tostring(row.state), math.floor(seconds)))
    end
    pause_for(cpi, kind, row, math.min(pause, left), left, began)
    pause = math.min(pause * 1.5, LONGEST_PAUSE)
    row = cpi.cloudstack:rows({ kind.command, { id = row.id }, rows = kind.rows })[1]
  end
  return row
end

local VM = { noun = "VM", state = states.vm, command = "listVirtualMachines", rows = "virtualmachine", what = "the VM's job" }
local VOLUME = { noun = "disk", state = states.volume, command = "listVolumes", rows = "volume", what = "the disk's job" }

-- vm(cpi, row, seconds), volume(cpi, row, seconds) -> the row when nothing is under way on it, nil when it is gone. row: as
-- CloudStack lists it; nothing is asked where nothing is under way. Raises CloudError where that takes longer than `seconds`.
function rest.vm(cpi, row, seconds) return wait(cpi, VM, row, seconds) end
function rest.volume(cpi, row, seconds) return wait(cpi, VOLUME, row, seconds) end

return rest

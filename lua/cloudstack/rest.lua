-- Waiting until nothing is under way on a VM or a disk any more. CloudStack goes on when the process that asked it is gone, and
-- operators of the cloud have jobs of their own: migrations, snapshots.

local errors = require "errors"
local states = require "cloudstack.states"

local rest = {}

local PENDING = 0 -- of a row's jobstatus
local FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10 -- seconds

local function has_job(row) return row.jobstatus == PENDING and type(row.jobid) == "string" end

-- Waits for the job of the row, or for a while where it is somebody else's or where there is none.
local function pause_for(cpi, row, pause, left, what)
  if not has_job(row) then return cpi.clock.sleep(pause) end
  local _, failure = cpi.cloudstack:made_by(what, row.jobid, left)
  if failure and failure.kind == "lost" then cpi.clock.sleep(pause) end
end

local function wait(cpi, kind, row, seconds)
  local began, pause = cpi.clock.now(), FIRST_PAUSE
  while row and (has_job(row) or kind.state(row.state).passing) do
    local left = seconds - (cpi.clock.now() - began)
    if left <= 0 then
      error(errors.cloud("%s '%s' is %s, and has not come to rest in %d s", kind.noun, row.name, tostring(row.state), math.floor(seconds)))
    end
    pause_for(cpi, row, math.min(pause, left), left, kind.what)
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

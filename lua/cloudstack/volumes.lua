-- Volumes: a disk_cid is the name (cpi-disk-UUID, as the earlier CPIs have it), or CloudStack's id.

local errors = require "errors"
local exact = require "cloudstack.exact"
local refusals = require "cloudstack.refusals"
local rest = require "cloudstack.rest"
local states = require "cloudstack.states"

local volumes = {}

local GIB = 1024 * 1024 * 1024

-- The tag on a disk that was made with its VM: the VM's CID. Such a disk cannot be given a name.
volumes.EPHEMERAL_TAG = "bosh_ephemeral_of"

-- Is the volume deleted for BOSH, though CloudStack may still list it?
function volumes.is_deleted(row)
  return states.volume(row.state).gone or false
end

function volumes.new_cid(uuid)
  return "cpi-disk-" .. uuid
end

function volumes.request(disk_cid)
  return { "listVolumes", exact.filter(disk_cid), rows = "volume" }
end

-- All disks attached to a VM, the root disk too.
function volumes.request_of_vm(vm)
  assert(vm.id, "without an id this would list every disk of the account")
  return { "listVolumes", { virtualmachineid = vm.id }, rows = "volume" }
end

-- The disks that were made with the VM of that CID, attached to it or not any more.
function volumes.request_ephemeral(vm_cid)
  return { "listVolumes", { ["tags[0].key"] = volumes.EPHEMERAL_TAG, ["tags[0].value"] = vm_cid }, rows = "volume" }
end

-- The living volume among rows, or nil.
function volumes.pick(rows, disk_cid)
  local living = {}
  for _, row in ipairs(rows) do
    if not volumes.is_deleted(row) then living[#living + 1] = row end
  end
  return exact.one(living, disk_cid, "disk")
end

function volumes.find(cpi, disk_cid)
  return volumes.pick(cpi.cloudstack:rows(volumes.request(disk_cid)), disk_cid)
end

function volumes.missing(disk_cid)
  error(errors.disk_not_found("disk '%s' is not in CloudStack", disk_cid))
end

-- The volume; raises DiskNotFound.
function volumes.get(cpi, disk_cid)
  return volumes.find(cpi, disk_cid) or volumes.missing(disk_cid)
end

-- Is it a disk that lives and dies with its VM? Made with the VM (tagged, or still untagged: CloudStack calls
-- it DATA-N and puts it on device 1), or by the Go and the Java CPI (by its name).
function volumes.is_ephemeral(volume)
  if volume.type == "ROOT" then return false end
  if volume.name:find "^cpi%-ephemeral%-disk%-" then return true end
  local tagged
  for _, tag in ipairs(volume.tags or {}) do
    if tag.key == volumes.EPHEMERAL_TAG then return true end
    tagged = true
  end
  return not tagged and volume.deviceid == 1 and volume.name:find "^DATA%-%d+" ~= nil
end

-- Is it an ephemeral disk whose VM is gone? The Go CPI leaves such: named cpi-ephemeral-disk-UUID, attached to nothing.
-- What is only called DATA-N and has no tag of ours does not count: it may be anybody's.
function volumes.is_orphan(volume)
  return not volume.virtualmachineid and not volumes.is_deleted(volume) and volumes.is_ephemeral(volume)
end

-- A request that deletes a detached volume for good; asking for one that is gone is refused, see is_gone.
function volumes.delete_request(volume)
  return { "deleteVolume", { id = volume.id }, idempotent = true }
end

-- Does the failure of a delete say that there is nothing to delete?
function volumes.is_gone(failure)
  return refusals.is(failure, "volume_is_gone")
end

-- Deletes detached volumes, all at once. A hypervisor may fail once and leave the volume in state Destroy,
-- where a second delete succeeds (seen on 4.23). Raises for the first that stays. beside: another request to send along
-- with the first; its failure, if any, is the answer.
function volumes.delete_all(cpi, list, beside)
  local client, left, beside_failure = cpi.cloudstack, list, nil
  for try = 1, 2 do
    local requests, failed = {}, {}
    for i, volume in ipairs(left) do requests[i] = volumes.delete_request(volume) end
    if try == 1 then requests[#left + 1] = beside end
    if #requests == 0 then break end
    local outcomes = client:wave(requests)
    if outcomes[#left + 1] then beside_failure = outcomes[#left + 1].failure end
    for i, volume in ipairs(left) do
      local failure = outcomes[i].failure
      if failure and not volumes.is_gone(failure) then
        if try == 2 or not refusals.is(failure, "internal_error") then client.raise(failure, "deleting disk " .. tostring(volume.name)) end
        failed[#failed + 1] = volume
      end
    end
    left = failed
  end
  return beside_failure
end

-- The size in whole GB, rounded up as an offering's is.
function volumes.gigabytes(volume)
  return ((volume.size or 0) + GIB - 1) // GIB
end

-- The volume's row as CloudStack has it now, by id; nil when it is gone.
function volumes.again(cpi, volume)
  return cpi.cloudstack:rows({ "listVolumes", { id = volume.id }, rows = "volume" })[1]
end

-- The row of a disk when nothing is under way on it any more; nil when it is gone. An attach goes on when its process is
-- killed, and the disk is on no VM until it is done. Raises CloudError where it is not done in time.
function volumes.at_rest(cpi, volume)
  if states.volume(volume.state).gone then return volume end
  return rest.volume(cpi, volume, cpi.settings.cloudstack.timeout.global)
end

-- Runs the requests at once -> the first one's task; the failures of the others are warnings.
local function first_of(cpi, requests)
  local tasks = cpi.cloudstack:run_all(requests)
  for i = 2, #tasks do
    if tasks[i].failure then cpi.log.warn("%s", cpi.cloudstack.say(tasks[i].failure)) end
  end
  return tasks[1]
end

-- Attaches, and answers the device id. Raises CloudError. beside: further requests to send along with the attach, whose failures
-- are warnings.
function volumes.attach(cpi, volume, vm, beside)
  local client = cpi.cloudstack
  local function attached()
    local row = volumes.again(cpi, volume)
    return row and row.virtualmachineid == vm.id and { volume = row } or nil
  end
  local task = first_of(cpi, { {
    "attachVolume", { id = volume.id, virtualmachineid = vm.id }, job = true, find = attached, idempotent = true,
    what = ("attaching disk %s to VM %s"):format(volume.name, vm.name),
    timeout = cpi.settings.cloudstack.timeout.attach_volume,
  }, table.unpack(beside or {}) })
  local done = not task.failure and task.result.volume and task.result or attached()
  if done and done.volume.deviceid then return done.volume.deviceid end
  if done or not task.failure then error(errors.cloud("%s: CloudStack does not say where it is", task.request.what)) end
  client.raise(task.failure, task.request.what)
end

-- Detaches from the VM that has it. Raises CloudError.
function volumes.detach(cpi, volume)
  local function detached()
    local row = volumes.again(cpi, volume)
    return row and not row.virtualmachineid and { volume = row } or nil
  end
  local task = cpi.cloudstack:run {
    "detachVolume", { id = volume.id }, job = true, find = detached, idempotent = true,
    what = ("detaching disk %s from VM %s"):format(volume.name, volume.vmname or volume.virtualmachineid),
    timeout = cpi.settings.cloudstack.timeout.detach_volume,
  }
  if task.failure and not detached() then cpi.cloudstack.raise(task.failure, task.request.what) end
end

return volumes

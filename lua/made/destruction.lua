-- Destroying a VM, until it is seen to be as it was to be: a job that failed may have done it, a part of it, or nothing.

local errors = require "errors"
local refusals = require "cloudstack.refusals"
local release = require "made.release"
local rights = require "cloudstack.rights"
local states = require "cloudstack.states"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"

local destruction = {}

local TRIES = 3
local FIRST_PAUSE, LONGEST_PAUSE = 1, 30 -- seconds, while CloudStack is waited for to expunge a VM

-- The value of the VM's own tag, whose key is its CID, once its expunge has failed: CloudStack does not show such a VM to users,
-- and its tag leads to it (made/belongings.lua lists what has that tag).
local HALF = "expunge failed"

-- What failed without saying that it did nothing.
local passing = { killed = true, vanished = true, lost = true }

-- is_expunged(cpi, vm) -> true or false; nil and the failure where CloudStack does not say. A VM's NICs are listed until it is
-- expunged, to a user too. vm: its id is used.
local function is_expunged(cpi, vm)
  local payload, failure = cpi.cloudstack:try("listNics", { virtualmachineid = vm.id })
  if payload then return payload.nic == nil or #payload.nic == 0 end
  if failure.kind == "refused" and not refusals.is(failure, "command_not_allowed") then return true end
  return nil, failure
end
destruction.is_expunged = is_expunged

-- The same, where CloudStack may not say: what it does not list any more is gone then.
local function is_done(cpi, vm, row)
  local expunged = is_expunged(cpi, vm)
  if expunged == nil then return row == nil end
  return expunged
end

-- Leaves the tag by which the next removal finds it, and raises.
local function half_done(cpi, vm, failure)
  cpi.cloudstack:run(tags.create_request(cpi, "UserVm", vm.id, { [tags.cut(vm.name, 255)] = HALF }))
  local addresses = release.words(vm)
  local held = addresses and addresses .. " and its name" or "its name"
  error(errors.cloud("VM %s (%s) is destroyed, but CloudStack failed to expunge it %d times: %s stay taken until it is expunged; "
    .. "the next delete_vm tries again: %s", vm.name, vm.id, TRIES, held, cpi.cloudstack.say(failure))
    :with { failure = failure })
end

local function run(cpi, vm, expunge)
  return cpi.cloudstack:run { "destroyVirtualMachine", { id = vm.id, expunge = expunge or nil }, job = true, idempotent = true,
    what = "destroying VM " .. vm.name, timeout = cpi.settings.cloudstack.timeout.delete_vm }
end

-- destroy(cpi, vm, expunge) -> true, or false where expunge is true and the account may not: then the VM runs on, untouched.
-- Raises CloudError where the VM lives on, or where it is destroyed and not expunged.
function destruction.destroy(cpi, vm, expunge)
  local failure, task
  for try = 1, TRIES do
    task = run(cpi, vm, expunge)
    failure = task.failure
    if not failure then return true end
    if expunge and rights.is_expunge_refused(failure) then return false end
    local row = vms.with_id(cpi, vm.id)
    local state = row and states.vm(row.state)
    local has_failed = state and state.failed and not states.vm(vm.state).failed -- half way, in the newest versions
    local lives = state and not state.gone and not (has_failed and expunge)
    if lives and (try == TRIES or not passing[failure.kind]) then cpi.cloudstack.raise(failure, task.request.what) end
    if not lives and (not expunge or is_done(cpi, vm, row)) then return true end
  end
  half_done(cpi, vm, failure)
end

-- Has an expunge of the VM failed half way? row: of listVirtualMachines.
function destruction.is_unfinished(row) return tags.of(row)[tags.cut(tostring(row.name), 255)] == HALF end

-- The VMs among the rows of a belongings list whose expunge failed: of each its id. rows: what has the tag of the VM of that CID.
function destruction.unfinished(rows)
  local ids = {}
  for _, row in ipairs(rows or {}) do
    if row.resourcetype == "UserVm" and row.value == HALF then ids[#ids + 1] = row.resourceid end
  end
  return ids
end

-- Expunges what an earlier removal could not. Raises CloudError where it stays.
function destruction.finish(cpi, id, name)
  local vm = { id = id, name = name }
  if is_expunged(cpi, vm) then return end
  if not destruction.destroy(cpi, vm, true) then
    error(errors.cloud("VM %s (%s) is destroyed and not expunged, and this account may not expunge it", name, id))
  end
  cpi.log.info("VM %s, whose expunge had failed, is expunged", name)
end

-- Waits until CloudStack has expunged the VM by itself. deadline: seconds. Raises CloudError where it has not.
function destruction.wait_until_free(cpi, vm, deadline)
  local began, pause = cpi.clock.now(), FIRST_PAUSE
  local function words() return ("waiting until CloudStack expunges VM %s, %d s at most"):format(vm.name, math.floor(deadline)) end
  while not is_expunged(cpi, vm) do
    if cpi.clock.now() - began >= deadline then
      error(errors.cloud("VM %s is destroyed, but CloudStack has not expunged it after %d s: its addresses stay taken",
        vm.name, deadline))
    end
    cpi.wait(pause, words, began)
    pause = math.min(pause * 1.5, LONGEST_PAUSE)
  end
end

return destruction

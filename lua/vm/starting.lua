-- The start of a VM that was made stopped, and its tags in the same wave. An answer that is lost is asked for: a second start
-- of a VM that starts or runs does no harm.

local errors = require "errors"
local refusals = require "cloudstack.refusals"
local states = require "cloudstack.states"
local tagging = require "vm.tagging"
local vms = require "cloudstack.vms"

local starting = {}

local STARTS = 3 -- of one VM, where nobody heard what came of the one before

local function running(cpi, id)
  local vm = vms.with_id(cpi, id)
  return vm and states.vm(vm.state).runs and vm or nil
end

local function request_for(cpi, one, params)
  params.id = one.id
  return { "startVirtualMachine", params, job = true, idempotent = true, what = "starting VM " .. one.try.vm_cid,
    timeout = cpi.settings.cloudstack.timeout.create_vm, find = function() return running(cpi, one.id) end }
end

-- One wave of jobs, to the end of each -> the start's task.
local function run(cpi, one, params)
  local client, requests = cpi.cloudstack, { request_for(cpi, one, params) }
  if not one.tags then table.move(tagging.requests(cpi, one), 1, 2, 2, requests) end
  local tasks = client:start(requests)
  if not one.tags then one.tags = tagging.follow(cpi, one, tasks[2], tasks[3]) end
  client:wait { tasks[1], table.unpack(one.tags) }
  return tasks[1]
end

-- The row of the VM that a start led to.
local function row_of(cpi, one, task)
  local row = task.result.virtualmachine or task.result
  if not row.nic or not states.vm(row.state).runs then row = vms.with_id(cpi, one.id) end
  if not row then error(errors.vm_creation_retriable("VM %s is gone after its creation", one.try.vm_cid)) end
  if not states.vm(row.state).runs then
    error(errors.vm_creation_retriable("VM %s is %s after its creation", one.try.vm_cid, tostring(row.state)))
  end
  return row
end

-- May CloudStack have started it all the same, or does it say that it runs?
local function is_unclear(cpi, failure)
  return cpi.cloudstack.is_open(failure) or refusals.is(failure, "vm_runs_already")
end

-- start(cpi, one, params) -> the VM's row, or nil and the task that failed. one: an attempt (vm/attempt.lua), which gets `tags`, the
-- tasks of its tags; params: further ones of startVirtualMachine.
function starting.start(cpi, one, params)
  local task
  for _ = 1, STARTS do
    task = run(cpi, one, params)
    if not task.failure then return row_of(cpi, one, task) end
    if not is_unclear(cpi, task.failure) then break end
    local ok, vm = pcall(running, cpi, one.id)
    if ok and vm then return vm end
    if task.failure.kind == "late" or not ok then break end
    cpi.log.warn("%s: %s; starting it again", task.request.what, task.failure.text)
  end
  return nil, task
end

return starting

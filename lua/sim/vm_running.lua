-- VMs that are started and stopped: the steps of the jobs that do it, and what they do to NICs, disks and hosts.
local guests = require "sim.guests"
local jobs = require "sim.jobs"
local nics = require "sim.nics"
local placement = require "sim.placement"
local refusal = require "sim.refusal"
local vm_rows = require "sim.vm_rows"

local vm_running = {}

function vm_running.set_state(m, vm, state)
  vm.state, vm.updated = state, m:now()
end

local function volumes(m, vm)
  return m:rows_by("volume", "vm", vm)
end

local function running(m, vm, host)
  vm.host, vm.last_host, vm.ever_started = host, host, true
  placement.settle(m, vm, host)
  nics.connect(m, vm, true)
  vm_running.set_state(m, vm, "Running")
  guests.start(m, vm)
end

-- A VM whose first start fails is in Error; its NICs stay, its disks go.
local function first_start_failed(m, vm)
  for _, volume in ipairs(volumes(m, vm)) do
    volume.state = "Expunged"
    m:remove(volume)
  end
  vm_running.set_state(m, vm, "Error")
end

-- What is said when every host there is fails to start it.
local function no_start(vm)
  return refusal.new(530, 9999, ("Unable to start a VM [%s] due to insufficient capacity."):format(vm.id))
end

-- start_plan(m, vm, call, wanted): wanted = { host, cluster, pod, first = made by this very command, nowhere }
function vm_running.start_plan(m, vm, call, wanted)
  local host, runs
  local function fail(why)
    if wanted.first then first_start_failed(m, vm) end
    error(why, 0)
  end
  return {
    instance = vm, instance_type = "VirtualMachine", queue = vm, check = wanted.check, starts = true,
    begin = function(job)
      if wanted.recheck then wanted.recheck() end
      runs = vm.state == "Running"
      if runs then return end
      wanted.nowhere = wanted.nowhere or job.no_capacity == 533
      if job.no_capacity == 530 then fail(no_start(vm)) end
      local fine, found = pcall(placement.host, m, vm, wanted)
      if not fine then fail(found) end
      host = found
      vm.host = host -- from here on the host counts the VM
    end,
    middle = function()
      if not runs then vm_running.set_state(m, vm, "Starting") end
    end,
    finish = function()
      if not runs then running(m, vm, host) end
      return { virtualmachine = vm_rows.row(m, vm, call.account) }
    end,
    cancel = function()
      if runs then return end
      vm.host = nil
      vm_running.set_state(m, vm, "Stopped")
    end,
    half = function()
      if not runs then vm_running.set_state(m, vm, "Starting") end
    end,
    failed = function()
      if runs then return end
      vm.host = nil
      if wanted.first then first_start_failed(m, vm) else vm_running.set_state(m, vm, "Stopped") end
    end,
  }
end

-- A start that is under way ends when its VM is destroyed.
function vm_running.break_start(m, vm)
  local job = vm.queue and vm.queue.running
  if not job or not job.plan.starts then return end
  job.plan.failed(job)
  jobs.interrupt(m, job, no_start(vm))
end

-- What can't be stopped: a VM that something is done to which no job is about any more, unless by force.
local BETWEEN = { Starting = true, Stopping = true, Migrating = true, Restoring = true }

function vm_running.refuse_stop(vm, forced)
  if BETWEEN[vm.state] and not forced then
    refusal.internal("Unable to stop %s", placement.described(vm))
  end
end

-- Is there anything to stop?
function vm_running.is_up(vm)
  return vm.state == "Running" or vm.state == "Unknown" or vm.state == "Shutdown" or BETWEEN[vm.state] or false
end

function vm_running.stopped(m, vm)
  local was_running = vm.host ~= nil
  vm.host = nil
  nics.connect(m, vm, false)
  vm_running.set_state(m, vm, "Stopped")
  if was_running then guests.stop(m, vm) end
end

function vm_running.refuse_unknown(vm, format)
  if vm.ghost or vm.removed then refusal.invalid(format or "unable to find a virtual machine with id %d", vm.number) end
end

return vm_running

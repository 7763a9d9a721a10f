-- start, stop, reboot.
local guests = require "sim.guests"
local jobs = require "sim.jobs"
local refusal = require "sim.refusal"
local vm_rows = require "sim.vm_rows"
local vm_running = require "sim.vm_running"

local vm_life = {}

local USER = "org.apache.cloudstack.api.command.user.vm."
local ADMIN = "org.apache.cloudstack.api.command.admin.vm."

local ABSENT = { Destroyed = true, Expunging = true, Error = true }

-- ---------------------------------------------------------------------------------------------------------
-- start

local function refuse_start(m, vm, call)
  vm_running.refuse_unknown(vm)
  if call.arguments.hostid and call.account.role ~= "admin" then
    refusal.internal "Parameter hostid can only be specified by a Root Admin, permission denied"
  end
  if vm.state == "Running" and m.version:at_least "4.12" then
    refusal.invalid("The virtual machine %s (%s) is already running", vm.id, vm.displayname)
  end
  if ABSENT[vm.state] then
    refusal.internal('Unable to orchestrate the start of VM instance {"instanceName":"%s","uuid":"%s"}.',
      vm.instance_name, vm.id)
  end
  if vm.zone.allocationstate ~= "Enabled" and call.account.role ~= "admin" then
    refusal.internal("Unable to start a VM [%s] due to insufficient capacity.", vm.id)
  end
end

local function nothing_to_do(m, vm, call)
  return { instance = vm, instance_type = "VirtualMachine", queue = vm,
    finish = function() return { virtualmachine = vm_rows.row(m, vm, call.account) } end }
end

local function start(m, call)
  local vm = call.arguments.id
  if vm.state == "Running" and not m.version:at_least "4.12" then
    return jobs.answer(jobs.start(m, call, nothing_to_do(m, vm, call)))
  end
  -- One that waited behind another start finds the VM running, and has nothing left to do.
  return jobs.answer(jobs.start(m, call, vm_running.start_plan(m, vm, call, {
    host = call.arguments.hostid, cluster = call.arguments.clusterid, pod = call.arguments.podid,
    check = function() refuse_start(m, vm, call) end,
    recheck = function()
      if vm.state ~= "Running" then refuse_start(m, vm, call) end
    end,
  })))
end

-- ---------------------------------------------------------------------------------------------------------
-- stop

-- Stopping what is stopped, destroyed or in Error is a success that changes nothing.
local function stop(m, call)
  local vm = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm,
    check = function() vm_running.refuse_unknown(vm) end,
    begin = function(job)
      vm_running.refuse_unknown(vm)
      vm_running.refuse_stop(vm, call.arguments.forced)
      job.before, job.stops = vm.state, vm_running.is_up(vm)
    end,
    middle = function(job)
      if job.stops then vm_running.set_state(m, vm, "Stopping") end
    end,
    finish = function(job)
      if job.stops then vm_running.stopped(m, vm) end
      return { virtualmachine = vm_rows.row(m, vm, call.account) }
    end,
    cancel = function(job)
      if job.stops then vm_running.set_state(m, vm, job.before) end
    end,
    half = function(job)
      if job.stops then vm_running.set_state(m, vm, "Stopping") end
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- reboot

local function refuse_reboot(m, vm)
  vm_running.refuse_unknown(vm, "Unable to find a Instance with ID %d")
  if vm.state ~= "Running" then
    local what = m.version:at_least "4.23" and "Instance" or "VM"
    refusal.invalid("The %s %s (%s) is not running, unable to reboot it", what, vm.id, vm.displayname)
  end
end

local function reboot(m, call)
  local vm = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm,
    check = function() refuse_reboot(m, vm) end,
    begin = function() refuse_reboot(m, vm) end,
    finish = function()
      guests.stop(m, vm)
      guests.start(m, vm)
      vm.updated, vm.reboots = m:now(), (vm.reboots or 0) + 1
      return { virtualmachine = vm_rows.row(m, vm, call.account) }
    end,
  }))
end

local function on_vm(name, class, run, ...)
  return { name = name, run = run, class = USER .. class, admin_class = ADMIN .. class .. "ByAdmin",
    parameters = { { "id", "uuid", of = "vm", required = true, acl = true }, ... } }
end

vm_life.commands = {
  on_vm("startVirtualMachine", "StartVMCmd", start, { "hostid", "uuid", of = "host" },
    { "clusterid", "uuid", of = "cluster", admin = true }, { "podid", "uuid", of = "pod", admin = true }),
  on_vm("stopVirtualMachine", "StopVMCmd", stop, { "forced", "boolean" }),
  on_vm("rebootVirtualMachine", "RebootVMCmd", reboot, { "forced", "boolean", since = "4.16" }),
}

return vm_life

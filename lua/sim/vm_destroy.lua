-- The end of VMs: destroy, expunge, recover, and the task that expunges by itself what was destroyed long enough
-- ago or never came to life.
local accounts = require "sim.accounts"
local jobs = require "sim.jobs"
local load_balancers = require "sim.load_balancers"
local nics = require "sim.nics"
local port_forwarding = require "sim.port_forwarding"
local refusal = require "sim.refusal"
local static_nat = require "sim.static_nat"
local vm_rows = require "sim.vm_rows"
local vm_running = require "sim.vm_running"
local volume_rows = require "sim.volume_rows"

local vm_destroy = {}

local STRETCH = 1.024 -- the server counts its seconds of delay as 1024 milliseconds

local EXPUNGEABLE = { Destroyed = true, Expunging = true, Error = true }

-- The setting allows it, and from 4.18 on the role must allow the command as well, which listCapabilities does not show.
local function may_expunge(m, account)
  if m.version:at_least "4.18" and account.without.expungeVirtualMachine then return false end
  return accounts.is_admin(account) or m:setting "allow.user.expunge.recover.vm"
end

-- ---------------------------------------------------------------------------------------------------------
-- what happens to disks, NICs and the VM itself

local function data_disks(m, vm)
  return m:rows_by("volume", "vm", vm, function(volume) return volume.type == "DATADISK" end)
end

local function detach_all(m, vm)
  for _, volume in ipairs(data_disks(m, vm)) do
    volume.vm, volume.device, volume.attached = nil, nil, nil
  end
end

local function drop(m, object)
  object.tags = nil
  m:remove(object)
end

local function drop_volume(m, volume)
  volume.state, volume.vm, volume.pool = "Expunged", nil, nil
  drop(m, volume)
end

-- Nothing of it stays but what is known of its id: address, name, MAC and tags are free. Data disks live on.
local function expunge(m, vm)
  detach_all(m, vm)
  for _, volume in ipairs(m:rows_by("volume", "vm", vm)) do drop_volume(m, volume) end
  static_nat.forget(m, vm)
  load_balancers.forget(m, vm)
  port_forwarding.forget(m, vm)
  nics.release(m, vm)
  vm.state, vm.affinity = "Expunged", nil
  drop(m, vm)
end

-- One whose expunge failed half way: it holds its address and its name, and can be expunged again. The newest version
-- says that something went wrong.
local function half_expunged(m, vm)
  detach_all(m, vm)
  nics.connect(m, vm, false)
  vm_running.set_state(m, vm, m.version:at_least "4.23" and "Error" or "Expunging")
end

local function destroy_named(m, volumes, for_good)
  for _, volume in ipairs(volumes or {}) do
    if for_good or not volume.pool then
      drop_volume(m, volume)
    else
      volume.state, volume.destroyed_at = "Destroy", m:now()
    end
  end
end

-- Since 4.16 a destroyed VM lets go of its data disks; before, only an expunged one did.
function vm_destroy.destroy(m, vm, volumes, for_good)
  if vm.host then vm_running.stopped(m, vm) end
  if m.version:at_least "4.16" or for_good then
    detach_all(m, vm)
    destroy_named(m, volumes, for_good)
  end
  load_balancers.forget(m, vm)
  nics.connect(m, vm, false)
  vm_running.set_state(m, vm, "Destroyed")
  vm.host = nil
end

-- ---------------------------------------------------------------------------------------------------------
-- destroyVirtualMachine

local function refuse_expunge(m, call)
  if not call.arguments.expunge or may_expunge(m, call.account) then return end
  if m.version:at_least "4.18" then refusal.internal "Account does not have permission for expunging." end
  refusal.denied "Parameter expunge can be passed by Admin only. Or when the allow.user.expunge.recover.vm key is set."
end

local function refuse_volumes(vm, volumes)
  local foreign = ""
  for _, volume in ipairs(volumes or {}) do
    if volume.vm ~= vm or volume.type ~= "DATADISK" then foreign = foreign .. volume_rows.described(volume) .. "; " end
  end
  if foreign ~= "" then
    refusal.invalid("The following supplied volumes are not DATADISK attached to the VM: %s", foreign)
  end
end

local UNDER_WAY = { Creating = true, CreatedOnPrimary = true, BackingUp = true }

-- While a snapshot of its root disk is being taken a VM is not destroyed (source: the destroy of CloudStack's UserVmManager).
local function refuse_snapshots(m, vm)
  local root = m:first_by("volume", "vm", vm, function(volume) return volume.type == "ROOT" end)
  local is_busy = root and root.state == "Snapshotting" or root and #m:rows("snapshot", function(snapshot)
    return snapshot.volume == root and UNDER_WAY[snapshot.state]
  end) > 0
  if is_busy then
    refusal.internal(m.version:at_least "4.23" and "There is/are unbacked up Snapshot(s) on ROOT volume, Instance destroy is not "
      .. "permitted, please try again later." or "There is/are unbacked up snapshot(s) on ROOT volume, vm destroy is not permitted, "
      .. "please try again later.")
  end
end

local function refuse_destroy(m, vm, call)
  vm_running.refuse_unknown(vm)
  refuse_expunge(m, call)
  if not EXPUNGEABLE[vm.state] then refuse_snapshots(m, vm) end
  if vm.protected then
    refusal.invalid("Instance [id = %s, name = %s] has delete protection enabled and cannot be deleted.", vm.id,
      vm.instance_name)
  end
  refuse_volumes(vm, call.arguments.volumeids)
end

local function carry_out_destroy(m, vm, call)
  local for_good = call.arguments.expunge
  if vm.state == "Error" then
    vm_running.set_state(m, vm, "Expunging")
  elseif vm.state ~= "Destroyed" and vm.state ~= "Expunging" then
    vm_destroy.destroy(m, vm, call.arguments.volumeids, for_good)
  end
  if not for_good then return { virtualmachine = vm_rows.row(m, vm, call.account) } end
  expunge(m, vm)
  return { virtualmachine = vm_rows.of_expunged(m) }
end

-- The job that finds the VM destroyed by another one meanwhile fails; one that found it so at once succeeds.
local function run_destroy(m, call)
  local vm = call.arguments.id
  local seen, before
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm,
    check = function()
      refuse_destroy(m, vm, call)
      vm_running.break_start(m, vm)
      seen = EXPUNGEABLE[vm.state] or false
    end,
    begin = function()
      if not seen and (vm.removed or EXPUNGEABLE[vm.state]) then
        refusal.internal "Failed to destroy vm with specified vmId"
      end
      refuse_destroy(m, vm, call)
      vm_running.refuse_stop(vm)
      before = vm.state
    end,
    middle = function()
      if before == "Running" then vm_running.set_state(m, vm, "Stopping")
      elseif call.arguments.expunge then vm_running.set_state(m, vm, "Expunging") end
    end,
    finish = function() return carry_out_destroy(m, vm, call) end,
    cancel = function() vm_running.set_state(m, vm, before) end,
    half = function()
      if vm.host then vm_running.stopped(m, vm) end
      if call.arguments.expunge then half_expunged(m, vm) end
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- expungeVirtualMachine, recoverVirtualMachine

local function run_expunge(m, call)
  local vm = call.arguments.id
  local function refuse()
    vm_running.refuse_unknown(vm, "Unable to find a virtual machine with specified vmId")
    if not EXPUNGEABLE[vm.state] then refusal.internal "Please destroy vm with specified vmId before expunge" end
    if not may_expunge(m, call.account) then
      refusal.internal("Expunging a vm can only be done by an Admin. Or when the allow.user.expunge.recover.vm key "
        .. "is set.")
    end
  end
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm, check = refuse, begin = refuse,
    middle = function() vm_running.set_state(m, vm, "Expunging") end,
    half = function() half_expunged(m, vm) end,
    finish = function()
      expunge(m, vm)
      return { success = true }
    end,
  }))
end

local function recover(m, call)
  local vm = call.arguments.id
  if not may_expunge(m, call.account) then
    refusal.denied "Recovering a vm can only be done by an Admin. Or when the allow.user.expunge.recover.vm key is set."
  end
  vm_running.refuse_unknown(vm)
  if vm.state ~= "Destroyed" then refusal.invalid("Vm with id %d is not in the right state", vm.number) end
  vm_running.set_state(m, vm, "Stopped")
  return { virtualmachine = vm_rows.row(m, vm, call.account) }
end

-- ---------------------------------------------------------------------------------------------------------
-- by the clock

local function clean_volumes(m)
  local old = m:now() - m:setting "storage.cleanup.delay"
  for _, volume in ipairs(m:rows_by("volume", "in_trash", true)) do
    if volume.destroyed_at and volume.destroyed_at <= old then drop_volume(m, volume) end
  end
end

local function clean(m)
  local old = m:now() - m:setting "expunge.delay" * STRETCH
  for _, vm in ipairs(m:rows_by("vm", "doomed", true)) do
    if vm.updated and vm.updated <= old and not jobs.pending_on(vm) then expunge(m, vm) end
  end
  clean_volumes(m)
end

-- The task runs at every interval from the start of the server on, whenever something was destroyed.
local function arm(m)
  local interval = m:setting "expunge.interval"
  m.schedule:after(interval, function()
    clean(m)
    arm(m)
  end)
end

function vm_destroy.seed(m)
  arm(m)
end

local VM = { "id", "uuid", of = "vm", required = true, acl = true }

vm_destroy.commands = {
  { name = "destroyVirtualMachine", run = run_destroy, class = "org.apache.cloudstack.api.command.user.vm.DestroyVMCmd",
    admin_class = "org.apache.cloudstack.api.command.admin.vm.DestroyVMCmdByAdmin",
    parameters = {
      VM, { "expunge", "boolean" }, { "volumeids", "uuids", of = "volume", acl = true, since = "4.12" },
    } },
  { name = "expungeVirtualMachine", run = run_expunge,
    class = "org.apache.cloudstack.api.command.admin.vm.ExpungeVMCmd",
    admin_class = "org.apache.cloudstack.api.command.admin.vm.ExpungeVMCmd", parameters = { VM } },
  { name = "recoverVirtualMachine", run = recover, parameters = { VM } },
}

return vm_destroy

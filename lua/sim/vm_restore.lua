-- What else is done to VMs that exist: a new root disk from the template, other affinity groups, and the user data that it has.
local affinity = require "sim.affinity"
local jobs = require "sim.jobs"
local refusal = require "sim.refusal"
local templates = require "sim.template_access"
local vm_rows = require "sim.vm_rows"
local vm_running = require "sim.vm_running"

local vm_restore = {}

local USER = "org.apache.cloudstack.api.command.user."

local function shown(m, vm, call) return { virtualmachine = vm_rows.row(m, vm, call.account) } end

-- ---------------------------------------------------------------------------------------------------------
-- restoreVirtualMachine

local function refuse_restore(m, vm, template)
  vm_running.refuse_unknown(vm, "Cannot find VM with ID %d")
  if vm.state ~= "Running" and vm.state ~= "Stopped" then
    refusal.internal("Vm %s currently in %s state, restore vm can only execute when VM in Running or Stopped", vm.name, vm.state)
  end
  if template then templates.refuse_unusable(m, template, vm.zone, vm.account) end
end

-- The old root disk goes, a new one of the same number of bytes, or of the other template's, takes its place.
local function restore(m, call)
  local vm, template = call.arguments.virtualmachineid, call.arguments.templateid
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm,
    check = function() refuse_restore(m, vm, template) end,
    finish = function()
      refuse_restore(m, vm, template)
      vm.template = template or vm.template
      local root = m:first_by("volume", "vm", vm, function(volume) return volume.type == "ROOT" end)
      m:add("volume", {
        name = "ROOT-" .. vm.number, type = "ROOT", vm = vm, device = 0, template = vm.template, account = vm.account,
        zone = vm.zone, size = math.max(root and root.size or 0, vm.template.size), state = root and root.state or "Allocated",
        pool = root and root.pool,
      })
      if root then
        root.state, root.vm, root.pool, root.tags = "Expunged", nil, nil, nil
        m:remove(root)
      end
      vm.updated = m:now()
      return shown(m, vm, call)
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- updateVMAffinityGroup

local function update_groups(m, call)
  local vm, arguments = call.arguments.id, call.arguments
  local groups
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm,
    check = function()
      vm_running.refuse_unknown(vm, "Unable to find a virtual machine with specified id %d")
      if vm.state ~= "Stopped" then
        refusal.invalid("Unable update affinity groups as VM is not in stopped state: %s", vm.id)
      end
      groups = affinity.wanted(m, vm.account, arguments)
    end,
    finish = function()
      affinity.put(m, vm, groups)
      return shown(m, vm, call)
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- getVirtualMachineUserData

local function user_data(_, call)
  local vm = call.arguments.virtualmachineid
  if vm.ghost or vm.removed then refusal.invalid "No virtual machine found with specified id" end
  return { virtualmachineuserdata = { virtualmachineid = vm.id, userdata = vm.userdata } }
end

local VM = { "virtualmachineid", "uuid", of = "vm", required = true, acl = true }

vm_restore.commands = {
  { name = "restoreVirtualMachine", envelope = "restorevmresponse", run = restore, class = USER .. "vm.RestoreVMCmd",
    parameters = { VM, { "templateid", "uuid", of = "template" } } },
  { name = "updateVMAffinityGroup", envelope = "updatevirtualmachineresponse", run = update_groups,
    class = USER .. "affinitygroup.UpdateVMAffinityGroupCmd", parameters = {
      { "id", "uuid", of = "vm", required = true, acl = true }, { "affinitygroupids", "uuids", of = "affinity_group" },
      { "affinitygroupnames", "strings" },
    } },
  { name = "getVirtualMachineUserData", run = user_data, parameters = { VM } },
}

return vm_restore

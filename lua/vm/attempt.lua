-- One try of a VM: its deploy, its tags while it starts, what was asked for verified; and what a failed one left removed.

local aspects = require "vm.aspects"
local errors = require "errors"
local registry = require "registry.settings"
local removal = require "made.removal"
local tagging = require "vm.tagging"
local vm_networks = require "vm.networks"
local vms = require "cloudstack.vms"

-- The VM that the deploy may have left: by its id where CloudStack gave one, else by its name, which is ours alone.
local function left_of(cpi, vm_cid, vm_id)
  if vm_id then
    return cpi.cloudstack:rows({ "listVirtualMachines", { id = vm_id }, rows = "virtualmachine" })[1]
  end
  return vms.find(cpi, vm_cid)
end

-- A VM that was not found may still appear where the outcome of the deploy is unknown: its journal entry stays.
local function may_appear(cpi, vm, task, entry)
  if vm then return false end
  if not task then return entry.has_begun() end
  return task.failure ~= nil and cpi.cloudstack.is_open(task.failure)
end

-- Removes what a try left: its VM (nil: there is none) and the disks that were made with it; orphans: as removal.everything
-- has them. What else was made for the VM is undone by what made it.
local function remove(cpi, can, try, vm, orphans)
  removal.everything(cpi, try.vm_cid, vm, { can = can, orphans = orphans, keeps_groups = true })
end

-- Removes what a failed try left, unless the failed_vm policy keeps it for a look. Returns whether it is gone.
local function clean_up(cpi, can, try, task, entry)
  local vm = left_of(cpi, try.vm_cid, task.id)
  if vm then
    local fate = cpi.decide("failed_vm", {
      vm = { id = vm.id, name = vm.name, state = vm.state }, attempt = try.number,
      error = { text = task.failure.text, code = task.failure.code, kind = task.failure.kind },
    }, try.instance)
    if fate == "keep" then
      cpi.log.warn("VM %s is kept as it failed, as the failed_vm policy says", try.vm_cid)
      entry.note { kept = true }
      return false
    end
  end
  remove(cpi, can, try, vm, {})
  if not may_appear(cpi, vm, task, entry) then entry.close() end
  return true
end

-- The VM of a deploy whose reply was lost; one in Error is what CloudStack leaves of a deploy that it refuses.
local function made_unheard(cpi, vm_cid)
  local vm = vms.find(cpi, vm_cid)
  return vm and vm.state ~= "Error" and vm or nil
end

-- The row of the VM that a finished deploy made.
local function row_of(cpi, task, vm_cid)
  local row = task.result.virtualmachine or task.result
  if row.nic and row.state == "Running" then return row end
  return vms.find(cpi, vm_cid) or error(errors.vm_creation_retriable("VM %s is gone after its creation", vm_cid))
end

local function check_running(vm_cid, vm)
  if vm.state ~= "Running" then
    error(errors.vm_creation_retriable("VM %s is %s after its creation", vm_cid, tostring(vm.state)))
  end
end

-- Deploys, and tags while the VM starts, to the end of both -> the deploy's task, the tags' tasks. begun(task) is called when the
-- job is under way.
local function deploy(cpi, params, plan, try, entry, begun)
  local client = cpi.cloudstack
  local task = client:start({ {
    "deployVirtualMachine", params, job = true, entry = entry,
    what = "creating VM " .. try.vm_cid, timeout = cpi.settings.cloudstack.timeout.create_vm,
    find = function() return made_unheard(cpi, try.vm_cid) end,
  } })[1]
  begun(task)
  local tags = task.id and not task.over and tagging.start(cpi, task.id, plan, try) or {}
  client:wait { task, table.unpack(tags) }
  return task, tags
end

-- attempt(cpi, job, choice, plan, try) -> the VM's row, or nil, the failed task, whether it left nothing, and why it could not be
-- cleaned up after, where it could not. What it leaves undealt with, because clean-up failed or something else broke, is
-- undone at the end of the verb.
--   job, choice  as vm/deployment.lua has them;  plan  the choice's, for this try;  try  as vm/aspects.lua has it
return function(cpi, job, choice, plan, try)
  local can = choice.found.can
  local params = aspects.parameters(job.aspects, cpi, job.order, choice.found, plan, try)
  params.zoneid, params.templateid = choice.found.zone.id, choice.found.template.id
  params.name, params.displayname = try.vm_cid, try.names.display_name
  local entry, is_settled = cpi.journal.open { kind = "vm", name = try.vm_cid }, false
  local begun, task, tags -- what the deploy began; the same once it is over
  try.undo.add("VM " .. try.vm_cid, function()
    if is_settled then return end
    local vm = left_of(cpi, try.vm_cid, begun and begun.id)
    remove(cpi, can, try, vm, nil) -- a removal that failed half way may have taken its disk off the VM
    if not may_appear(cpi, vm, task, entry) then entry.close() end
  end)
  local kept = plan.user_data.registry
  if kept then registry.put(cpi, try.vm_cid, kept) end
  task, tags = deploy(cpi, params, plan, try, entry, function(one) begun = one end)
  if task.failure then
    local ok, is_gone = pcall(clean_up, cpi, can, try, task, entry)
    is_settled = ok
    return nil, task, ok and is_gone, not ok and errors.words(is_gone) or nil
  end
  if #tags == 0 then tags = cpi.cloudstack:wait(tagging.start(cpi, task.id, plan, try)) end
  tagging.mend(cpi, tags, task.id, plan, try)
  local vm = row_of(cpi, task, try.vm_cid)
  check_running(try.vm_cid, vm)
  aspects.verify(job.aspects, cpi, job.order, choice.found, plan, try, vm)
  if kept then registry.add_macs(cpi, try.vm_cid, vm_networks.macs(plan.networks, vm)) end
  return vm
end

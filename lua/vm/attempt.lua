-- One VM of a create_vm: made stopped, furnished, started; given another offering where CloudStack has no room for it; and
-- removed again where nothing comes of it. What finds no room is Stopped, and keeps its name and its addresses.
--
-- An attempt is a table with
--   try, choice, plan   as vm/aspects.lua and vm/deployment.lua have them
--   id                  CloudStack's id of the VM, where one was made
--   vm                  the VM's row, once it runs as it was asked for
--   failed              the task that failed, if one has; its failure says why
--   is_stopped          the VM is there, stopped, and may be started again
--   is_clean, trouble   after abandon(): was everything removed? Where it could not be, why
--   seen                the VM's row as it was last seen
--   held                after abandon(): the addresses of its plan that its VM keeps nonetheless, as vm/held_addresses.lua has them

local agent_networks = require "vm.agent_networks"
local aspects = require "vm.aspects"
local errors = require "errors"
local keeping = require "made.keeping"
local held_addresses = require "vm.held_addresses"
local offering_of_vm = require "vm.offering"
local refusals = require "cloudstack.refusals"
local registry = require "registry.settings"
local removal = require "made.removal"
local starting = require "vm.starting"
local tables = require "base.tables"
local states = require "cloudstack.states"
local tagging = require "vm.tagging"
local vms = require "cloudstack.vms"

local attempt = {}

-- ---------------------------------------------------------------------------------------------------------
-- its end

-- The VM that the deploy may have left: by its id where CloudStack gave one, else by its name, which is ours alone.
local function left_of(cpi, one)
  local id = one.id or one.deploy and one.deploy.id
  local row
  if id then row = vms.with_id(cpi, id) else row = vms.find(cpi, one.try.vm_cid) end
  one.seen = row or one.seen
  return row
end

-- A VM that was not found may still appear where the outcome of the deploy is unknown: its journal entry stays.
local function may_appear(cpi, one, vm)
  if vm then return false end
  if not one.deploy or not one.deploy.over then return one.entry.has_begun() end
  return one.deploy.failure ~= nil and cpi.cloudstack.is_open(one.deploy.failure)
end

-- Removes its VM (nil: there is none) and the disks that were made with it; orphans: as removal.everything has them. What else was
-- made for the VM is undone by what made it.
local function remove(cpi, one, vm, orphans)
  removal.everything(cpi, one.try.vm_cid, vm, { can = one.choice.found.can, orphans = orphans, keeps_groups = true })
  if not may_appear(cpi, one, vm) then one.entry.close() end
end

-- The addresses of its plan that its VM has still, although it is removed: it may have been invisible by then.
local function held_by(cpi, one)
  return one.seen and held_addresses.find(cpi, one.plan.networks, one.seen) or {}
end

-- At the end of a verb: removes what abandon() did not come to remove. Raises CloudError where something stays.
local function finish_off(cpi, one)
  if one.is_settled then return end
  remove(cpi, one, left_of(cpi, one), nil) -- a removal that failed half way may have taken its disk off the VM
  local held = held_by(cpi, one)
  if #held > 0 then error(errors.cloud("%s", held_addresses.words(held))) end
end

-- Removes what is left, unless the failed_vm policy keeps it for a look. Returns whether it is gone.
local function clean_up(cpi, one)
  local vm, failure = left_of(cpi, one), one.failed.failure
  if vm then
    local fate = cpi.decide("failed_vm", {
      vm = { id = vm.id, name = vm.name, state = vm.state }, attempt = one.try.number,
      error = { text = failure.text, code = failure.code, kind = failure.kind },
    }, one.try.instance)
    if fate ~= "destroy" then
      keeping.keep(cpi, vm, one.try.names.tags, one.entry, type(fate) == "table" and fate.keep_for or nil)
      return false
    end
  end
  remove(cpi, one, vm, {})
  one.held = held_by(cpi, one)
  return true
end

-- Ends an attempt that failed. What it leaves undealt with, because this failed or something else broke, is undone at the end
-- of the verb.
function attempt.abandon(cpi, one)
  local ok, is_gone = pcall(clean_up, cpi, one)
  one.is_settled, one.is_stopped, one.is_clean = ok, false, ok and is_gone
  one.trouble = not ok and errors.words(is_gone) or nil
end

-- ---------------------------------------------------------------------------------------------------------
-- its beginning

local function fail(one, task)
  one.failed = task
  return one
end

-- The VM of a deploy whose reply was lost; one in Error is what CloudStack leaves of a deploy that it refuses.
local function made_unheard(cpi, vm_cid)
  local vm = vms.find(cpi, vm_cid)
  return vm and not states.vm(vm.state).failed and vm or nil
end

local function parameters(cpi, job, one)
  local found, try = one.choice.found, one.try
  local params = aspects.parameters(job.aspects, cpi, job.order, found, one.plan, try)
  params.zoneid, params.templateid, params.startvm = found.zone.id, found.template.id, false
  params.name, params.displayname = try.vm_cid, try.names.display_name
  return params
end

local function deploy(cpi, one, params)
  local vm_cid = one.try.vm_cid
  one.deploy = cpi.cloudstack:start({ {
    "deployVirtualMachine", params, job = true, entry = one.entry,
    what = "creating VM " .. vm_cid, timeout = cpi.settings.cloudstack.timeout.create_vm,
    find = function() return made_unheard(cpi, vm_cid) end,
  } })[1]
  cpi.cloudstack:wait { one.deploy }
  one.id = one.deploy.id
  return one.deploy
end

-- Gives the stopped VM what its aspects have for it, in one wave -> the first task that failed, or nil.
local function furnish(cpi, job, one)
  local made = one.deploy.result
  local row = made.virtualmachine or made
  if not row.nic then row = vms.with_id(cpi, one.id) or {} end
  one.seen = row.id and row or nil
  local requests = aspects.furnish(job.aspects, cpi, job.order, one.choice.found, one.plan, one.try, row)
  for _, task in ipairs(cpi.cloudstack:run_all(requests)) do
    if task.failure then return task end
  end
end

-- make(cpi, job, choice, plan, try) -> an attempt whose VM is stopped and ready to start, or one that failed.
--   job, choice  as vm/deployment.lua has them;  plan  the choice's, for this try;  try  as vm/aspects.lua has it
function attempt.make(cpi, job, choice, plan, try)
  local one = { try = try, choice = choice, plan = plan }
  local params = parameters(cpi, job, one)
  one.entry = cpi.journal.open { kind = "vm", name = try.vm_cid }
  try.undo.add("VM " .. try.vm_cid, function() finish_off(cpi, one) end)
  if plan.user_data.registry then registry.put(cpi, try.vm_cid, plan.user_data.registry) end
  local task = deploy(cpi, one, params)
  if task.failure then return fail(one, task) end
  local failed = furnish(cpi, job, one)
  if failed then return fail(one, failed) end
  one.is_stopped = true
  return one
end

-- change(cpi, job, one, choice, try) -> will its stopped VM do for that try: for its offering, and where the choice has it?
function attempt.change(cpi, job, one, choice, try)
  if try.offering.id ~= one.try.offering.id then
    local params = offering_of_vm.parameters(cpi, job.order, choice.found, one.plan, try)
    params.id = one.id
    local _, failure = cpi.cloudstack:try("changeServiceForVirtualMachine", params, { idempotent = true })
    if failure and not refusals.is(failure, "offering_is_its_own") then
      cpi.log.info("VM %s cannot have offering '%s', a new one is made: %s", one.try.vm_cid, try.offering.name,
        cpi.cloudstack.say(failure))
      return false
    end
  end
  one.choice, one.plan = choice, tables.with(one.plan, { placement = choice.plan.placement })
  one.try = tables.with(one.try, { number = try.number, offering = try.offering })
  return true
end

-- start(cpi, job, one): its VM runs, tagged and as it was asked for (one.vm), or it failed: where there was no room for it, its
-- VM is stopped. Raises VMCreationFailed where the VM that runs is not what was asked for.
function attempt.start(cpi, job, one)
  local try, plan = one.try, one.plan
  local params = aspects.start(job.aspects, cpi, job.order, one.choice.found, plan, try)
  local row, task = starting.start(cpi, one, params)
  if not row then
    one.is_stopped = refusals.class_of(task.failure) == "capacity"
    return fail(one, task)
  end
  one.is_stopped, one.failed = false, nil
  tagging.mend(cpi, one)
  aspects.verify(job.aspects, cpi, job.order, one.choice.found, plan, try, row)
  if plan.user_data.registry then registry.add_macs(cpi, try.vm_cid, agent_networks.macs(plan.networks, row)) end
  one.vm = row
  return one
end

return attempt

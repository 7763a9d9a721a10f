-- Deploying a VM: one offering after the other until CloudStack has room, tags while it is at work, and
-- nothing left of the tries that failed.

local affinity = require "vm.affinity"
local conflict = require "vm.conflict"
local errors = require "errors"
local failures = require "cloudstack.failures"
local key_pairs = require "cloudstack.key_pairs"
local naming = require "made.names"
local offerings = require "cloudstack.offerings"
local refusals = require "cloudstack.refusals"
local registry = require "registry.settings"
local removal = require "made.removal"
local tags = require "cloudstack.tags"
local vm_disks = require "disks.with_vm"
local vm_networks = require "vm.networks"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local deployment = {}

local DEFAULT_CPU_SPEED = 2000 -- MHz, as the Go CPI
local MOST_TRIES = 12 -- deploys in one create_vm, whatever the policy says

-- CPU and memory of a customised offering come with the deploy.
local function add_custom_size(params, offering, properties)
  if not offering.iscustomized then return end
  if not properties.cpu or not properties.ram then
    error(errors.cloud("service offering '%s' is customised: cloud_properties of the VM must have 'cpu' and 'ram'",
      offering.name))
  end
  local problem = offerings.size_problem(offering, properties.cpu, properties.ram)
  if problem then error(errors.cloud("service offering '%s' %s", offering.name, problem)) end
  local size = offerings.custom_size(offering, properties.cpu, properties.cpu_speed or DEFAULT_CPU_SPEED, properties.ram)
  for key, value in pairs(size) do params["details[0]." .. key] = value end
end

local function parameters(plan, offering, child)
  local params = vm_networks.parameters(plan.nics, plan.zone)
  params.securitygroupids = plan.security_groups
  for name, value in pairs(plan.place and plan.place.parameters or {}) do params[name] = value end
  params.zoneid, params.templateid, params.serviceofferingid = plan.zone.id, plan.template.id, offering.id
  params.name, params.displayname, params.userdata = child.vm_cid, child.names.display_name, child.user_data
  for name, value in pairs(plan.key_pairs.parameters) do params[name] = value end
  params.rootdisksize = plan.root_gb
  if plan.ephemeral then
    params.diskofferingid, params.size = plan.ephemeral.offering.id, plan.ephemeral.size
  end
  params.affinitygroupids = plan.group_ids
  add_custom_size(params, offering, plan.order.properties)
  return params
end

-- While the VM starts: its tags, and those of the disk made with it (which cannot be given a name).
local function tag(cpi, vm_id, plan, child)
  local client = cpi.cloudstack
  local requests = { tags.create_request(cpi, "UserVm", vm_id, child.names.tags) }
  if plan.ephemeral then requests[2] = volumes.request_of_vm({ id = vm_id }) end
  local tasks = client:start(requests)
  local more = {}
  for _, volume in ipairs(vm_disks.made_with(tasks[2] and tasks[2].rows or {})) do
    local wanted = naming.of(cpi, "ephemeral-disk", volume.name, { vm_cid = child.vm_cid }).tags
    wanted[volumes.EPHEMERAL_TAG] = child.vm_cid
    more[#more + 1] = tags.create_request(cpi, "Volume", volume.id, wanted)
  end
  for _, task in ipairs(#more > 0 and client:start(more) or {}) do tasks[#tasks + 1] = task end
  return tasks
end

-- A VM is worth more than its tags, yet the ephemeral disk is deleted by its tag: what failed is tried again
-- once the VM runs, and only then warned about.
local function mend_tags(cpi, tasks, vm_id, plan, child)
  local failed
  for _, task in ipairs(tasks) do failed = failed or task.failure end
  if not failed then return end
  for _, task in ipairs(cpi.cloudstack:wait(tag(cpi, vm_id, plan, child))) do
    if task.failure and not refusals.is(task.failure, "tag_is_there") then
      cpi.log.warn("VM %s lacks a tag: %s", child.vm_cid, cpi.cloudstack.say(task.failure))
    end
  end
end

-- The VM that the deploy may have left: by its id where CloudStack told one, else by its name, which is ours alone.
local function left_of(cpi, child)
  if child.vm_id then
    return cpi.cloudstack:rows({ "listVirtualMachines", { id = child.vm_id }, rows = "virtualmachine" })[1]
  end
  return vms.find(cpi, child.vm_cid)
end

-- A VM that was not found may still appear when nobody could say what became of the deploy: its journal entry stays.
local function may_appear(cpi, vm, task, entry)
  if vm then return false end
  if not task then return entry.has_begun() end
  return task.failure ~= nil and cpi.cloudstack.is_open(task.failure)
end

-- Removes what a failed try left, unless the failed_vm policy keeps it for a look. Answers whether it is gone.
local function clean_up(cpi, plan, child, task, attempt, entry)
  local vm = left_of(cpi, child)
  if vm then
    local fate = cpi.decide("failed_vm", {
      vm = { id = vm.id, name = vm.name, state = vm.state }, attempt = attempt,
      error = { text = task.failure.text, code = task.failure.code, kind = task.failure.kind },
    })
    if fate == "keep" then
      cpi.log.warn("VM %s is kept as it failed, as the failed_vm policy says", child.vm_cid)
      entry.note { kept = true }
      return false
    end
    removal.remove(cpi, vm, plan.can)
  end
  registry.forget(cpi, child.vm_cid)
  if not may_appear(cpi, vm, task, entry) then entry.close() end
  return true
end

-- The VM runs, with the addresses that were asked for.
local function verify(plan, child, vm)
  if vm.state ~= "Running" then
    error(errors.vm_creation_retriable("VM %s is %s after its creation", child.vm_cid, tostring(vm.state)))
  end
  affinity.verify(plan.groups, child.vm_cid, vm)
  for _, nic in ipairs(plan.nics) do
    local found
    for _, there in ipairs(vm.nic or {}) do
      found = found or there.networkid == nic.target.id and (not nic.ip or there.ipaddress == nic.ip)
    end
    if not found then
      error(errors.vm_creation_failed("VM %s has no NIC with %s in network '%s'", child.vm_cid, nic.ip or "an address",
        nic.target.name))
    end
  end
end

-- The VM of a deploy that nobody answered; one in Error is what CloudStack leaves of a deploy that it refuses.
local function made_unheard(cpi, vm_cid)
  local vm = vms.find(cpi, vm_cid)
  return vm and vm.state ~= "Error" and vm or nil
end

local function start(cpi, plan, params, child, entry)
  local client = cpi.cloudstack
  local task = client:start({ {
    "deployVirtualMachine", params, job = true, entry = entry,
    what = "creating VM " .. child.vm_cid, timeout = cpi.settings.cloudstack.timeout.create_vm,
    find = function() return made_unheard(cpi, child.vm_cid) end,
  } })[1]
  child.vm_id = task.id
  local tagging = task.id and not task.over and tag(cpi, task.id, plan, child) or {}
  client:wait { task, table.unpack(tagging) }
  child.vm_id = task.id
  return task, tagging
end

-- The row of the VM that a finished deploy made.
local function row_of(cpi, task, vm_cid)
  local row = task.result.virtualmachine or task.result
  if row.nic and row.state == "Running" then return row end
  return vms.find(cpi, vm_cid) or error(errors.vm_creation_retriable("VM %s is gone after its creation", vm_cid))
end

-- One try; the VM's row, or nil, the failure, and whether it left nothing. What it leaves undealt with,
-- because clean-up failed or something else broke, is undone at the end of the verb.
local function attempt(cpi, plan, offering, child, undo, number)
  local params, is_settled = parameters(plan, offering, child), false
  local task, tagging
  local entry = cpi.journal.open { kind = "vm", name = child.vm_cid }
  undo.add("VM " .. child.vm_cid, function()
    if is_settled then return end
    local vm = left_of(cpi, child)
    if vm then removal.remove(cpi, vm, plan.can) end
    -- A removal that failed half way may have taken its disk off the VM.
    removal.sweep(cpi, cpi.cloudstack:rows(volumes.request_ephemeral(child.vm_cid)))
    registry.forget(cpi, child.vm_cid)
    if not may_appear(cpi, vm, task, entry) then entry.close() end
  end)
  if child.registry_settings then registry.put(cpi, child.vm_cid, child.registry_settings) end
  task, tagging = start(cpi, plan, params, child, entry)
  if task.failure then
    local ok, is_gone = pcall(clean_up, cpi, plan, child, task, number, entry)
    is_settled = ok
    if ok then return nil, task.failure, is_gone end
    return nil, failures.with(task.failure, { clean_up = errors.words(is_gone) }), false
  end
  if #tagging == 0 then tagging = cpi.cloudstack:wait(tag(cpi, task.id, plan, child)) end
  mend_tags(cpi, tagging, task.id, plan, child)
  local vm = row_of(cpi, task, child.vm_cid)
  verify(plan, child, vm)
  if child.registry_settings then registry.add_macs(cpi, child.vm_cid, vm_networks.macs(plan.nics, vm)) end
  return vm
end

-- What had no room before the last failure, for its message; CloudStack's words where they were others.
local function others_without_room(cpi, tries, last)
  local words = {}
  for _, one in ipairs(tries.without_room) do
    if one.failure ~= last then
      local why = one.failure.text ~= last.text and (" (%s)"):format(cpi.cloudstack.say(one.failure)) or ""
      words[#words + 1] = ("offering '%s' in zone '%s'%s"):format(one.offering, one.zone, why)
    end
  end
  return #words > 0 and "; before that there was no room for " .. table.concat(words, ", ") or ""
end

-- Why the last try failed, in one message; another try by the director helps only against what passes.
local function give_up(cpi, plan, failure, is_clean, tries)
  local words = failure.explanation and ("%s; %s"):format(cpi.cloudstack.say(failure), failure.explanation)
    or key_pairs.explain(cpi, plan.key_pairs.names, failure)
    or cpi.cloudstack.say(failure)
  if failure.unexplained then words = ("%s; who has its addresses was not found out: %s"):format(words, failure.unexplained) end
  words = words .. others_without_room(cpi, tries, failure)
  if failure.clean_up then words = ("%s; cleaning up after it: %s"):format(words, failure.clean_up) end
  local passing = not failure.explanation
    and (refusals.is(failure, "no_room") or failure.kind ~= "refused" and failure.kind ~= "job")
  error((is_clean and passing and errors.vm_creation_retriable or errors.vm_creation_failed)(
    "creating VM %s%s: %s", tries.vm_cid, plan.place and " " .. plan.place.words or "", words))
end

-- Tries of one offering: another one where an affinity group was deleted under its hands, and as long as the ip_conflict
-- policy finds it worth while. vm_cid and the VM's row, or nil, the last failure and whether it left nothing.
local function attempt_patiently(cpi, plan, offering, christen, undo, tries)
  local has_rejoined = false
  while true do
    tries.made = tries.made + 1
    local child = christen(cpi, plan)
    tries.vm_cid = child.vm_cid
    plan.group_ids = affinity.parameter(cpi, plan.groups, child.vm_cid, undo)
    local vm, failure, is_clean = attempt(cpi, plan, offering, child, undo, tries.made)
    if vm then return child.vm_cid, vm end
    if not is_clean then return nil, failure, is_clean end
    if not has_rejoined and affinity.has_gone(plan.groups, failure) then
      has_rejoined = true
    else
      local is_worth_another, explained = conflict.settle(cpi, plan, failure, tries.waiting)
      if not is_worth_another then return nil, explained, is_clean end
    end
  end
end

-- The offerings to try after those that had no room, or nil. The policy's refusal is an end here, and no error.
local function more_offerings(plan, refused)
  local ok, list = pcall(plan.offered, refused)
  if not ok then
    if errors.is(list) and list.type == "Bosh::Clouds::CloudError" then return nil end
    error(list, 0)
  end
  local known, fresh = {}, {}
  for _, id in ipairs(refused) do known[id] = true end
  for _, offering in ipairs(list or {}) do
    if not known[offering.id] then fresh[#fresh + 1] = offering end
  end
  fresh.zone = list and list.zone
  return #fresh > 0 and fresh or nil
end

-- Tries in one zone: vm_cid and the VM's row, or nil, the last failure and the zone that the policy would have next.
local function run_in_zone(cpi, plan, christen, undo, tries)
  local refused, candidates, failure, zone = {}, plan.candidates, nil, nil
  while candidates do
    zone = candidates.zone or zone
    for _, offering in ipairs(candidates) do
      local vm_cid, result, is_clean = attempt_patiently(cpi, plan, offering, christen, undo, tries)
      if vm_cid then return vm_cid, result end
      failure = result
      local is_short = refusals.is(failure, "no_room") and not failure.explanation
      if not is_clean or not is_short or tries.made >= MOST_TRIES then
        give_up(cpi, plan, failure, is_clean, tries)
      end
      cpi.log.warn("no room for offering '%s' in zone '%s': %s", offering.name, plan.zone.name, failure.text)
      refused[#refused + 1] = offering.id
      table.insert(tries.without_room, { offering = offering.name, zone = plan.zone.name, failure = failure })
    end
    candidates = more_offerings(plan, refused)
    if not candidates and plan.place and not plan.place.strict then
      cpi.log.warn("no room %s; trying elsewhere", plan.place.words)
      plan.place, refused, candidates = nil, {}, plan.candidates
    end
  end
  return nil, failure, zone
end

-- run(cpi, plan, next_plan, christen, undo) -> vm_cid, the VM's row, the plan that it was made by
--   plan       { offered, candidates, order, zone, place, template, nics, ephemeral, groups, can, root_gb, key_pairs,
--              security_groups }; offered(ids) answers what to try after the offerings of those ids had no room; place is
--              where its disks are, as disks/placement.lua has it, or nil
--   next_plan  answers the plan for another zone, or nil; is handed the name of the one that the policy would have
--   christen   makes { vm_cid, names, user_data, registry_settings } for one try
-- Raises VMCreationFailed; what the tries made is gone then, or named in the message.
function deployment.run(cpi, plan, next_plan, christen, undo)
  local tries = { made = 0, without_room = {}, waiting = conflict.new_wait(cpi) }
  while true do
    local vm_cid, result, wanted = run_in_zone(cpi, plan, christen, undo, tries)
    if vm_cid then return vm_cid, result, plan end
    local other = next_plan(wanted)
    if not other then give_up(cpi, plan, result, true, tries) end
    cpi.log.warn("no room in zone '%s'; trying zone '%s'", plan.zone.name, other.zone.name)
    plan = other
  end
end

return deployment

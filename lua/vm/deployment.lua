-- Deploying a VM: one zone after the other and one offering after the other until CloudStack has room. What one try does:
-- vm/attempt.lua.

local affinity = require "vm.affinity"
local aspects = require "vm.aspects"
local attempt = require "vm.attempt"
local conflict = require "vm.conflict"
local errors = require "errors"
local patience = require "cloudstack.patience"
local refusals = require "cloudstack.refusals"
local tables = require "base.tables"

local deployment = {}

local MOST_TRIES = 12 -- deploys in one create_vm, whatever the policy says

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

-- Can another create_vm, a moment later, do better? CloudStack has room again, or what was in the way has passed, or it has
-- not said why at all.
local function may_pass(failure)
  local class = refusals.class_of(failure)
  return class == "capacity" or class == "passing" or failure.kind ~= "refused" and failure.kind ~= "job"
end

-- Why the last try failed, in one message; another try by the director helps only against what passes.
local function give_up(cpi, job, choice, failed, tries)
  local failure, plan = failed.task.failure, choice.plan
  local explained = failed.explanation and ("%s; %s"):format(cpi.cloudstack.say(failure), failed.explanation)
    or aspects.explain(job.aspects, cpi, job.order, choice.found, plan, failure)
  local words = explained or cpi.cloudstack.say(failure)
  if failed.unexplained then words = ("%s; the CPI could not find out which VM has its addresses: %s"):format(words, failed.unexplained) end
  words = words .. others_without_room(cpi, tries, failure)
  if failed.clean_up then words = ("%s; cleaning up after it: %s"):format(words, failed.clean_up) end
  error((failed.is_clean and not failed.explanation and may_pass(failure) and errors.vm_creation_retriable or errors.vm_creation_failed)(
    "creating VM %s%s: %s", failed.task.request[2].name, plan.placement and " " .. plan.placement.words or "", words))
end

-- One try of one offering -> { try, vm, choice }, or nil and { task, is_clean, clean_up }
local function try_once(cpi, job, choice, offering, tries)
  tries.made = tries.made + 1
  local try = tables.with(job.christen(), { number = tries.made, offering = offering, undo = job.undo, memory = job.memory,
    instance = job.order.instance })
  local plan = aspects.renew(job.aspects, cpi, job.order, choice.found, choice.plan, try)
  local vm, task, is_clean, clean_up = attempt(cpi, job, choice, plan, try)
  if vm then return { vm_cid = try.vm_cid, vm = vm, found = choice.found, plan = plan } end
  return nil, { task = task, is_clean = is_clean, clean_up = clean_up, plan = plan }
end

-- Waits before another try of what failed for a reason that passes; false where there is to be none.
local function wait_for_better(cpi, failure, tries)
  tries.passing = tries.passing or { began = cpi.clock.now(), attempts = 0 }
  tries.passing.attempts = tries.passing.attempts + 1
  local pause = patience.of_create(cpi.cloudstack, failure, tries.passing.attempts, cpi.clock.now() - tries.passing.began,
    cpi.settings.cloudstack.timeout.create_vm)
  if not pause then return false end
  cpi.log.warn("%s; trying again in %.1f s, with a new VM", cpi.cloudstack.say(failure), pause)
  cpi.clock.sleep(pause)
  return true
end

-- Tries of one offering: another one where an affinity group was deleted under its hands, as long as the ip_conflict
-- policy finds it worth while, and as long as the retry policy says that the failure passes. As try_once; what failed has
-- `explanation` and `unexplained` of vm/conflict.lua besides.
local function try_patiently(cpi, job, choice, offering, tries)
  local has_rejoined = false
  while true do
    local made, failed = try_once(cpi, job, choice, offering, tries)
    if made or not failed.is_clean then return made, failed end
    if not has_rejoined and affinity.has_gone(job.memory, failed.task.failure) then
      has_rejoined = true
    else
      local again, found = conflict.settle(cpi, failed.plan.networks, choice.found.can, failed.task.failure, tries.waiting)
      local is_known = again or found.explanation or found.unexplained
      if not again and (is_known or not wait_for_better(cpi, failed.task.failure, tries)) then
        return nil, tables.with(failed, found)
      end
    end
  end
end

-- The offerings to try after those that had no room, or nil. The policy's refusal is an end here, and not an error.
local function more_offerings(plan, refused)
  local ok, list = pcall(plan.offering.after, refused)
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

-- Tries in one zone: what try_once made, or nil, what failed last, and the name of the zone that the policy would have next.
local function run_in_zone(cpi, job, choice, tries)
  local refused, candidates, failed, wanted = {}, choice.plan.offering.first, nil, nil
  while candidates do
    wanted = candidates.zone or wanted
    for _, offering in ipairs(candidates) do
      local made
      made, failed = try_patiently(cpi, job, choice, offering, tries)
      if made then return made end
      local failure, zone = failed.task.failure, choice.found.zone.name
      local is_short = refusals.is(failure, "no_room") and not failed.explanation
      if not failed.is_clean or not is_short or tries.made >= MOST_TRIES then give_up(cpi, job, choice, failed, tries) end
      cpi.log.warn("no room for offering '%s' in zone '%s': %s", offering.name, zone, failure.text)
      refused[#refused + 1] = offering.id
      table.insert(tries.without_room, { offering = offering.name, zone = zone, failure = failure })
    end
    candidates = more_offerings(choice.plan, refused)
    local place = choice.plan.placement
    if not candidates and place and not place.strict then
      cpi.log.warn("no room %s; trying elsewhere", place.words)
      choice = { found = choice.found, plan = tables.with(choice.plan, { placement = false }) }
      refused, candidates = {}, choice.plan.offering.first
    end
  end
  return nil, failed, wanted, choice
end

-- run(cpi, job, choice) -> { vm_cid, vm (its row), found, plan }
--   job     { order, aspects, undo, memory, next_choice, christen }
--           order, aspects and memory as vm/aspects.lua has them; christen() makes { vm_cid, names } for one try;
--           next_choice(wanted) returns the choice of another zone, or nil; wanted: the name of the one that the policy would have
--   choice  { found, plan } of the first zone; plan.placement is where its disks are, as disks/placement.lua has it, or nil
-- Raises VMCreationFailed; what the tries made is gone then, or named in the message.
function deployment.run(cpi, job, choice)
  local tries = { made = 0, without_room = {}, waiting = conflict.new_wait(cpi, job.order.instance) }
  while true do
    local made, failed, wanted, last = run_in_zone(cpi, job, choice, tries)
    if made then return made end
    local other = job.next_choice(wanted)
    if not other then give_up(cpi, job, last, failed, tries) end
    cpi.log.warn("no room in zone '%s'; trying zone '%s'", choice.found.zone.name, other.found.zone.name)
    choice = other
  end
end

return deployment

-- Deploying a VM: one zone after the other and one offering after the other until CloudStack has room. What one try does:
-- vm/attempt.lua.

local affinity = require "vm.affinity"
local aspects = require "vm.aspects"
local attempt = require "vm.attempt"
local conflict = require "vm.conflict"
local errors = require "errors"
local held_addresses = require "vm.held_addresses"
local patience = require "cloudstack.patience"
local refusals = require "cloudstack.refusals"
local tables = require "base.tables"

local deployment = {}

local MOST_TRIES = 12 -- starts in one create_vm, whatever the policy says

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

-- Is it that there was no room, and no address that another VM has?
local function is_short(one)
  return refusals.class_of(one.failed.failure) == "capacity" and not one.explanation
end

-- Why an attempt failed.
local function words_of(cpi, job, one)
  local failure = one.failed.failure
  local words = cpi.cloudstack.say(failure)
  if one.explanation then return ("%s; %s"):format(words, one.explanation) end
  if is_short(one) then
    words = ("no room for offering '%s' in zone '%s': %s"):format(one.try.offering.name, one.choice.found.zone.name, words)
  end
  return aspects.explain(job.aspects, cpi, job.order, one.choice.found, one.plan, failure) or words
end

-- Can another create_vm, a moment later, do better? CloudStack has room again, or what was in the way has passed, or it has
-- not said why at all.
local function may_pass(failure)
  local class = refusals.class_of(failure)
  return class == "capacity" or class == "passing" or failure.kind ~= "refused" and failure.kind ~= "job"
end

-- Ends an attempt that failed; the addresses that its VM keeps are in the way of others.
local function abandon(cpi, one, tries)
  attempt.abandon(cpi, one)
  local held, own = one.held or {}, tries.waiting.own
  table.move(held, 1, #held, #own + 1, own)
end

-- Why the last attempt failed, in one message; another try by the director helps only against what passes.
local function give_up(cpi, job, one, tries)
  if one.is_clean == nil then abandon(cpi, one, tries) end
  local failure, place = one.failed.failure, one.plan.placement
  local words = words_of(cpi, job, one)
  if one.unexplained then words = ("%s; the CPI could not find out which VM has its addresses: %s"):format(words, one.unexplained) end
  words = words .. others_without_room(cpi, tries, failure)
  if one.trouble then words = ("%s; cleaning up after it: %s"):format(words, one.trouble) end
  local own = tries.waiting.own
  if #own > 0 then words = ("%s; left behind: %s"):format(words, held_addresses.words(own)) end
  local may_do = one.is_clean and #own == 0 and not one.explanation and may_pass(failure)
  error((may_do and errors.vm_creation_retriable or errors.vm_creation_failed)(
    "creating VM %s%s: %s", one.try.vm_cid, place and " " .. place.words or "", words))
end

-- One start of one offering -> its attempt: of the VM that found no room for the offering before where it can have this one,
-- else of a new VM.
local function try_once(cpi, job, choice, offering, tries)
  tries.made = tries.made + 1
  local one, more = tries.stopped, { number = tries.made, offering = offering, undo = job.undo, memory = job.memory,
    instance = job.order.instance }
  if one and attempt.change(cpi, job, one, choice, more) then return attempt.start(cpi, job, one) end
  if one then abandon(cpi, one, tries) end
  if one and (not one.is_clean or #one.held > 0) then return one end
  local try = tables.with(job.christen(), more)
  one = attempt.make(cpi, job, choice, aspects.renew(job.aspects, cpi, job.order, choice.found, choice.plan, try), try)
  return one.is_stopped and attempt.start(cpi, job, one) or one
end

-- Waits before another try of what failed for a reason that passes; false where there is to be none.
local function wait_for_better(cpi, failure, tries)
  tries.passing = tries.passing or { began = cpi.clock.now(), attempts = 0 }
  tries.passing.attempts = tries.passing.attempts + 1
  local pause = patience.of_create(cpi.cloudstack, failure, tries.passing.attempts, cpi.clock.now() - tries.passing.began,
    cpi.settings.cloudstack.timeout.create_vm)
  if not pause then return false end
  cpi.log.warn("%s; trying again in %.1f s, with a new VM", cpi.cloudstack.say(failure), pause)
  cpi.wait(pause, function() return "waiting before a new VM is tried" end, cpi.clock.now())
  return true
end

-- Tries of one offering: another one where an affinity group was deleted under its hands, as long as the ip_conflict
-- policy finds it worth while, and as long as the retry policy says that the failure passes. -> an attempt; one that failed has
-- `explanation` and `unexplained` of vm/conflict.lua besides.
local function try_patiently(cpi, job, choice, offering, tries)
  local has_rejoined = false
  while true do
    local one = try_once(cpi, job, choice, offering, tries)
    tries.stopped = one.is_stopped and one or nil
    if one.vm or one.is_stopped then return one end
    if one.is_clean == nil then abandon(cpi, one, tries) end
    if not one.is_clean then return one end
    local failure = one.failed.failure
    if not has_rejoined and affinity.has_gone(job.memory, failure) then
      has_rejoined = true
    else
      local again, found = conflict.settle(cpi, one.plan.networks, choice.found.can, one.failed, tries.waiting)
      local is_known = again or found.explanation or found.unexplained
      if not again and (is_known or not wait_for_better(cpi, failure, tries)) then
        one.explanation, one.unexplained = found.explanation, found.unexplained
        return one
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

-- Tries in one zone -> the last attempt, and where that failed the name of the zone that the policy would have next.
local function run_in_zone(cpi, job, choice, tries)
  local refused, candidates, one, wanted = {}, choice.plan.offering.first, nil, nil
  while candidates do
    wanted = candidates.zone or wanted
    for _, offering in ipairs(candidates) do
      one = try_patiently(cpi, job, choice, offering, tries)
      if one.vm then return one end
      local failure, zone = one.failed.failure, choice.found.zone.name
      if one.is_clean == false or not is_short(one) or tries.made >= MOST_TRIES then give_up(cpi, job, one, tries) end
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
  return one, wanted
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
    local one, wanted = run_in_zone(cpi, job, choice, tries)
    if one.vm then return { vm_cid = one.try.vm_cid, vm = one.vm, found = one.choice.found, plan = one.plan } end
    local other = job.next_choice(wanted)
    if other and one.is_clean == nil then abandon(cpi, one, tries) end
    if not other or not one.is_clean then give_up(cpi, job, one, tries) end
    cpi.log.warn("no room in zone '%s'; trying zone '%s'", choice.found.zone.name, other.found.zone.name)
    choice, tries.stopped = other, nil
  end
end

return deployment

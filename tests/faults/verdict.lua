-- What is wrong with a verb's run under faults: class, message, what is left, what is doubled, what is gone, secrets, and
-- where the director's next try ends.
--   trial     { stage, arguments, before, after (inventories), held (the addresses that were held before), answer,
--             process = { log, bug }, journal (rows) }
--   good      the same of a run without faults
--   strikes   { { fault = one of fault_list }, ... }

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"

local json = machine.json

local CLASSES = { create_vm = { "VMCreationFailed" }, create_disk = { "NoDiskSpace" }, attach_disk = { "NoDiskSpace" } }

local function is_allowed(method, class, scenario, strikes)
  for _, strike in ipairs(strikes) do
    local is_asked = strike.command and strike.command ~= "queryAsyncJobResult"
    if is_asked and strike.fault.answers and class == "Bosh::Clouds::" .. strike.fault.answers then return true end
  end
  if class == "Bosh::Clouds::CloudError" or class == "Bosh::Clouds::" .. tostring(scenario.answers) then return true end
  for _, name in ipairs(CLASSES[method] or {}) do
    if class == "Bosh::Clouds::" .. name then return true end
  end
  return false
end

local function texts_of(trial)
  local list = { trial.answer.error and trial.answer.error.message or "", table.concat(trial.process.log, "\n") }
  for _, row in ipairs(trial.journal) do list[#list + 1] = row.value end
  return table.concat(list, "\n")
end

local function check_secrets(trial, complain)
  local texts = texts_of(trial)
  for what, secret in pairs(machine.SECRETS) do
    if texts:find(secret, 1, true) then complain("%s is written somewhere", what) end
  end
end

-- The words of one of the faults are in the message, or those of what was wrong before in the scenario (hindrance).
local function names_its_cause(message, strikes, hindrance)
  if hindrance and message:find(hindrance, 1, true) then return true end
  for _, strike in ipairs(strikes) do
    for _, words in ipairs(strike.fault.says) do
      if message:find(words, 1, true) then return true end
    end
    if #strike.fault.says == 0 then return true end
  end
  return false
end

-- Does the text name the object: whose it is, its id in CloudStack, or the job that has made it, where nobody was told an id?
local function names(text, object, sim)
  if text:find(object.owner, 1, true) or text:find(object.id, 1, true) then return true end
  for _, job in ipairs(sim.state().jobs) do
    if job.instanceid == object.id and text:find(job.id, 1, true) then return true end
  end
  return false
end

local function is_told(trial, object)
  if not names(trial.answer.error.message, object, trial.stage.sim) then return false, "the message" end
  if not trial.stage.store then return true end
  for _, row in ipairs(trial.journal) do
    if names(row.value, object, trial.stage.sim) then return true end
  end
  return false, "the journal"
end

local function warned(trial, words)
  for _, line in ipairs(trial.process.log) do
    if line:find "^[Ww][Aa][Rr][Nn]" and line:find(words, 1, true) then return true end
  end
  return false
end

-- The addresses that are held now and were not before the verb.
local function taken_since(trial)
  local now = inventory.held(trial.stage.sim)
  for address, name in pairs(trial.held) do
    if now[address] == name then now[address] = nil end
  end
  return now
end

-- An address that stays taken until CloudStack expunges the VM is named, and no other try is asked for, which would want it.
local function check_held(trial, complain)
  for address, name in pairs(taken_since(trial)) do
    if trial.answer.error and trial.answer.error.ok_to_retry then complain("ok_to_retry, with %s held by %s", address, name) end
    local is_said = warned(trial, address) or trial.answer.error and trial.answer.error.message:find(address, 1, true)
    if not is_said then complain("%s holds address %s until it is expunged, and nobody says so", name, address) end
  end
end

local function result_text(answer)
  return inventory.plain(json.encode(answer.result == nil and json.null or answer.result)):gsub("02:[%x:]+", "MAC")
end

local function has_group(found, name)
  for _, object in pairs(found) do
    if object.kind == "affinitygroups" and object.name == name then return true end
  end
  return false
end

-- What the verb left to a later process, and said so: a warning, and an entry of the journal. That it could not see whether
-- others are in a group is no reason for the group to be away.
local function take_out_deferred(trial, good, found)
  local kept = {}
  for _, row in ipairs(trial.journal) do
    local record = json.decode(row.value)
    if not (record.kind == "affinity group" and warned(trial, ("'%s' stays"):format(record.name))) then
      kept[#kept + 1] = row
    else
      for id, object in pairs(found) do
        local is_deferred = object.kind == "affinitygroups" and object.name == record.name
        if is_deferred and not has_group(good.after, object.name) then found[id] = nil end
      end
    end
  end
  trial.journal = kept
end

local function check_success(trial, good, complain)
  take_out_deferred(trial, good, trial.after)
  if result_text(trial.answer) ~= result_text(good.answer) then
    complain("it answered %s", result_text(trial.answer))
  end
  local tags_missing = warned(trial, "createTags") or warned(trial, "lacks a tag") or warned(trial, "old values") or warned(trial, "tag '")
  local wrong = inventory.difference(inventory.shape(trial.after, tags_missing), inventory.shape(good.after, tags_missing))
  if wrong then complain("it said that it went well, and %s", wrong) end
  if #trial.journal > 0 then complain("it went well, and the journal keeps %s", trial.journal[1].value) end
end

-- Over HTTP each run has ids of its own: there an object is told by what it looks like.
local function identity(trial, object) return trial.stage.cloud and object.looks or object.id end

local function check_kept(trial, good, complain)
  local may_go = {}
  for _, object in ipairs(inventory.beyond(good.after, good.before)) do may_go[identity(trial, object)] = true end
  for _, object in ipairs(inventory.beyond(trial.after, trial.before)) do
    if not may_go[identity(trial, object)] then complain("%s is gone", object.looks) end
  end
end

local function check_failure(trial, good, method, scenario, strikes, complain)
  local failure, left = trial.answer.error, inventory.beyond(trial.before, trial.after)
  if not is_allowed(method, failure.type, scenario, strikes) then complain("the class is %s: %s", failure.type, failure.message) end
  if failure.message:find "%.lua:%d+:" then complain("a bug: %s", failure.message) end
  if not names_its_cause(failure.message, strikes, scenario.hindrance) then
    complain("the message does not say why: %s", failure.message)
  end
  for _, object in ipairs(left) do
    local told, where = is_told(trial, object)
    if not told then complain("%s is left (%s), and %s does not say so: %s", object.looks, object.owner, where, failure.message) end
  end
  if failure.ok_to_retry and (failure.type ~= "Bosh::Clouds::VMCreationFailed" or #left > 0) then
    complain("ok_to_retry, with %d left: %s", #left, failure.message)
  end
  check_kept(trial, good, complain)
  return left
end

-- Is the object as it was when it was left? What the next try has taken over is its own.
local function is_as_left(object, now)
  return now and now.looks == object.looks and table.concat(now.tags, ",") == table.concat(object.tags, ",")
end

-- The director's next try, without faults, ends where it would have ended at once.
local function check_next_move(trial, good, method, scenario, left, complain)
  local stage, arguments = trial.stage, trial.arguments
  if scenario.again then arguments = scenario.again(stage, arguments) end
  local answer = stage:call(method, arguments, scenario.request)
  if answer.error and not scenario.answers then
    for _, object in ipairs(left) do
      if answer.error.message:find(object.owner, 1, true) then return end
    end
    for address in pairs(inventory.held(stage.sim)) do -- check_held has seen that it was said
      if answer.error.message:find(address, 1, true) then return end
    end
    return complain("the next try failed: %s", answer.error.message)
  end
  stage.sim.advance(circumstances.SETTLING)
  local after = inventory.of(stage.sim, stage)
  for _, object in ipairs(left) do
    -- A finished template that the failed try left is what the next one gives to BOSH.
    local is_given = answer.result == object.owner
    if not is_given and is_as_left(object, after[object.id]) then after[object.id] = nil end
  end
  local wrong = inventory.difference(inventory.shape(after), inventory.shape(good.after))
  if wrong then complain("after the next try %s", wrong) end
end

-- verdict(trial, good, method, scenario, strikes) -> list of complaints, empty where all is well
return function(trial, good, method, scenario, strikes)
  local complaints = {}
  local function complain(format, ...) complaints[#complaints + 1] = format:format(...) end
  if trial.process.bug then complain("a bug: %s", trial.process.bug) end
  check_secrets(trial, complain)
  for _, text in ipairs(inventory.shared(trial.stage.sim)) do complain("%s", text) end
  check_held(trial, complain)
  if trial.answer.error then
    local left = check_failure(trial, good, method, scenario, strikes, complain)
    check_next_move(trial, good, method, scenario, left, complain)
  else
    check_success(trial, good, complain)
  end
  return complaints
end

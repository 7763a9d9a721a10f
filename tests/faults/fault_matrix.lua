-- The fault matrix: every verb, every request that it makes, every fault, once and for good. The requests are those
-- of a run without faults, so a new call is covered without being listed; then those of runs that failed, so that
-- clean-up is struck as well.
-- What it is told, and what it prints at the end: tests/faults/scoreboard.lua.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local inventory = require "tests.faults.inventory"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"
local scoreboard = require "tests.faults.scoreboard"

local json = machine.json
local all_faults = require "tests.faults.fault_list"(json)
local ENDLESS = 5000  -- requests of one verb
local SETTLING = 600  -- seconds after which CloudStack has expunged what was destroyed
local PATIENCE = 120  -- seconds for which a verb waits for a job
local RARE = 61       -- the short matrix takes one double fault in so many
local REACHES = { "once", "command", "everything" }

local board = scoreboard.new("fault matrix", arg)

-- ---------------------------------------------------------------------------------------------------------
-- one run

local function payload_in(reply)
  local document = reply.body and json.decode(reply.body)
  return type(document) == "table" and select(2, next(document)) or nil
end

local function is_job(request)
  return request.params and request.params.customjobid ~= nil
end

-- The limits of the account at what it has: nothing more fits in.
local function reach_limits(sim)
  for _, account in ipairs(sim.state().accounts) do
    if account.name == sim.world.default_account then
      local limits = sim.model:named("account", account.name).limits
      for name, used in pairs(account.used) do limits[name] = used end
    end
  end
end

local function lift_limits(sim)
  local limits = sim.model:named("account", sim.world.default_account).limits
  for name in pairs(limits) do limits[name] = nil end
end

-- Posts what is planned for a request that is about to go out.
local function post(stage, strike, request, same_before)
  local fault = strike.fault
  if fault.limit then return reach_limits(stage.sim) end
  local posted = { nth = same_before + 1 }
  for name, value in pairs(fault.make(request, strike.good)) do posted[name] = value end
  if strike.reach ~= "everything" then posted.command = request.command else posted.nth = 1 end
  if strike.reach ~= "once" then posted.times = math.maxinteger // 2 end
  stage.sim.fault(posted)
end

-- A run of the verb with strikes { { at = position, fault =, reach = "once"|"command"|"everything", good = } }.
-- -> { stage, arguments, before, after, answer, process, requests = { { command, job, good } } }
local function run(scenario, method, strikes)
  local stage, arguments = scenarios.open(scenario, { store = scenario.store ~= false, patience = PATIENCE })
  local trial = { stage = stage, arguments = arguments, before = inventory.of(stage.sim), requests = {} }
  function stage.before_send(_, requests)
    local same = {}
    for i, request in ipairs(requests) do
      local position = #trial.requests + i
      for _, strike in ipairs(strikes) do
        if strike.at == position then post(stage, strike, request, same[request.command] or 0) end
      end
      same[request.command] = (same[request.command] or 0) + 1
    end
    if #trial.requests > ENDLESS then error("the verb does not end", 0) end
  end
  function stage.after_send(_, requests, replies)
    for i, request in ipairs(requests) do
      table.insert(trial.requests, { command = request.command, job = is_job(request), good = payload_in(replies[i]) })
    end
  end
  trial.answer, trial.process = stage:call(method, arguments)
  stage.before_send, stage.after_send = nil, nil
  stage.sim.model.faults, stage.sim.model.down_until = {}, nil
  lift_limits(stage.sim)
  trial.journal = stage.store and stage.store.rows "journal" or {}
  stage.sim.advance(SETTLING)
  trial.after = inventory.of(stage.sim)
  return trial
end

-- ---------------------------------------------------------------------------------------------------------
-- what is wrong with a run

local CLASSES = { create_vm = { "VMCreationFailed" }, create_disk = { "NoDiskSpace" }, attach_disk = { "NoDiskSpace" } }

local function is_allowed(method, class, scenario)
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

-- The words of one of the faults are in the message.
local function names_its_cause(message, strikes)
  for _, strike in ipairs(strikes) do
    for _, words in ipairs(strike.fault.says) do
      if message:find(words, 1, true) then return true end
    end
    if #strike.fault.says == 0 then return true end
  end
  return false
end

local function is_told(trial, object)
  if not trial.answer.error.message:find(object.owner, 1, true) then return false, "the message" end
  if not trial.stage.store then return true end
  for _, row in ipairs(trial.journal) do
    if row.value:find(object.owner, 1, true) then return true end
  end
  return false, "the journal"
end

local function warned(trial, words)
  for _, line in ipairs(trial.process.log) do
    if line:find "^warn" and line:find(words, 1, true) then return true end
  end
  return false
end

local function result_text(answer)
  return inventory.plain(json.encode(answer.result == nil and json.null or answer.result)):gsub("02:[%x:]+", "MAC")
end

local function check_success(trial, good, complain)
  if result_text(trial.answer) ~= result_text(good.answer) then
    complain("it answered %s", result_text(trial.answer))
  end
  local tags_missing = warned(trial, "createTags") or warned(trial, "lacks a tag") or warned(trial, "old values") or warned(trial, "tag '")
  if inventory.shape(trial.after, tags_missing) ~= inventory.shape(good.after, tags_missing) then
    complain("it said that it went well, and CloudStack has\n%s\nin place of\n%s", inventory.shape(trial.after),
      inventory.shape(good.after))
  end
  if #trial.journal > 0 then complain("it went well, and the journal keeps %s", trial.journal[1].value) end
end

local function check_kept(trial, good, complain)
  local may_go = {}
  for _, object in ipairs(inventory.beyond(good.after, good.before)) do may_go[object.id] = true end
  for _, object in ipairs(inventory.beyond(trial.after, trial.before)) do
    if not may_go[object.id] then complain("%s is gone", object.looks) end
  end
end

local function check_failure(trial, good, method, scenario, strikes, complain)
  local failure, left = trial.answer.error, inventory.beyond(trial.before, trial.after)
  if not is_allowed(method, failure.type, scenario) then complain("the class is %s: %s", failure.type, failure.message) end
  if failure.message:find "%.lua:%d+:" then complain("a bug: %s", failure.message) end
  if not names_its_cause(failure.message, strikes) then complain("the message does not say why: %s", failure.message) end
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

-- The director's next try, without faults, ends where it would have ended at once.
local function check_next_move(trial, good, method, scenario, left, complain)
  local stage, arguments = trial.stage, trial.arguments
  if scenario.again then arguments = scenario.again(stage, arguments) end
  local answer = stage:call(method, arguments)
  if answer.error and not scenario.answers then
    for _, object in ipairs(left) do
      if answer.error.message:find(object.owner, 1, true) then return end
    end
    return complain("the next try failed: %s", answer.error.message)
  end
  stage.sim.advance(SETTLING)
  local after = inventory.of(stage.sim)
  for _, object in ipairs(left) do after[object.id] = nil end
  if inventory.shape(after) ~= inventory.shape(good.after) then
    complain("after the next try CloudStack has\n%s\nin place of\n%s", inventory.shape(after), inventory.shape(good.after))
  end
end

-- -> list of complaints
local function judge(trial, good, method, scenario, strikes)
  local complaints = {}
  local function complain(format, ...) complaints[#complaints + 1] = format:format(...) end
  if trial.process.bug then complain("a bug: %s", trial.process.bug) end
  check_secrets(trial, complain)
  for _, text in ipairs(inventory.shared(trial.stage.sim)) do complain("%s", text) end
  if trial.answer.error then
    local left = check_failure(trial, good, method, scenario, strikes, complain)
    check_next_move(trial, good, method, scenario, left, complain)
  else
    check_success(trial, good, complain)
  end
  return complaints
end

-- ---------------------------------------------------------------------------------------------------------
-- the matrix

-- The positions worth a strike: every request, but of a row of polls the first two and the last.
local function positions_of(requests, from)
  local list = {}
  for i = from or 1, #requests do
    local function polls(at) return requests[at] and requests[at].command == "queryAsyncJobResult" end
    if not (polls(i) and polls(i - 1) and polls(i - 2) and polls(i + 1)) then list[#list + 1] = i end
  end
  return list
end

local function can_meet(request, fault)
  if fault.acts and request.command:find "^list" then return false end
  return request.job or not fault.jobs
end

-- Runs one cell -> the trial, or nil where it was not to be run.
local function cell(method, scenario, good, strikes, is_brief)
  local words = {}
  for i, strike in ipairs(strikes) do
    words[i] = ("%s at no. %d %s%s"):format(strike.fault.name, strike.at, strike.command,
      strike.reach == "once" and "" or strike.reach == "command" and ", and ever after" or ", and everything after")
  end
  local title = ("%s%s: %s"):format(method, scenario.what and " (" .. scenario.what .. ")" or "", table.concat(words, ", then "))
  if not board.wants(title, is_brief) then return nil end
  local ok, trial = pcall(run, scenario, method, strikes)
  if not ok then
    board.report(method, title, { tostring(trial) })
    return nil
  end
  local fine, complaints = xpcall(judge, debug.traceback, trial, good, method, scenario, strikes)
  board.report(method, title, fine and complaints or { complaints })
  return trial
end

-- What was made undone under a fault is struck a second time.
local doubles = 0
local function strike_clean_up(method, scenario, good, first, trial)
  for _, at in ipairs(positions_of(trial.requests, first.at + 1)) do
    local request = trial.requests[at]
    for _, fault in ipairs(all_faults) do
      if fault.brief and can_meet(request, fault) then
        for _, reach in ipairs { "once", "command" } do
          doubles = doubles + 1
          cell(method, scenario, good, { first, { at = at, fault = fault, reach = reach, command = request.command,
            good = request.good } }, doubles % RARE == 0)
        end
      end
    end
  end
end

-- The short matrix has each fault once in each scenario, at a request and of a reach that change from fault to fault.
local function brief_of(good, positions, shift)
  local brief = {}
  for i, fault in ipairs(all_faults) do
    local able = {}
    for _, at in ipairs(positions) do
      if can_meet(good.requests[at], fault) then able[#able + 1] = at end
    end
    local turn = (i + shift) % 3
    local reach = (fault.limit or fault.alone and turn == 2) and "once" or REACHES[turn + 1]
    if #able > 0 then brief[fault] = { at = able[(i + shift) % #able + 1], reach = reach } end
  end
  return brief
end

local function strike_at(method, scenario, good, at, brief)
  local request = good.requests[at]
  for _, fault in ipairs(all_faults) do
    for _, reach in ipairs(REACHES) do
      if can_meet(request, fault) and not (fault.limit and reach ~= "once") and not (fault.alone and reach == "everything") then
        local strike = { at = at, fault = fault, reach = reach, command = request.command, good = request.good }
        local is_brief = brief[fault].at == at and brief[fault].reach == reach
        local trial = cell(method, scenario, good, { strike }, is_brief)
        local is_undone = fault.brief and reach == "once"
        if is_undone and not trial and board.is_looking() then trial = run(scenario, method, { strike }) end
        if is_undone and trial and trial.answer.error and good.changes then
          strike_clean_up(method, scenario, good, strike, trial)
        end
      end
    end
  end
end

local function matrix_of(method, scenario, shift)
  local good = run(scenario, method, {})
  local failure = good.answer.error
  if failure and not (scenario.answers and failure.type:find(scenario.answers, 1, true)) then
    return board.report(method, method, { "the scenario fails by itself: " .. failure.message })
  end
  good.changes = inventory.shape(good.before) ~= inventory.shape(good.after)
  local positions = positions_of(good.requests)
  local brief = brief_of(good, positions, shift)
  for _, at in ipairs(positions) do
    if board.is_mine() then strike_at(method, scenario, good, at, brief) end
  end
end

for _, method in ipairs(scenarios.verbs()) do
  if board.is_wanted_verb(method) then
    if not scenarios.of[method] then
      board.report(method, method, { "lua/verbs/" .. method .. ".lua has no scenario in tests/faults/scenarios.lua" })
    end
    for i, scenario in ipairs(scenarios.of[method] or {}) do matrix_of(method, scenario, i) end
  end
end
board.close()

-- The fault matrix: every verb, every request that it makes, every fault, once and for good. The requests are those
-- of a run without faults, so a new call is covered without being listed; then those of runs that failed, so that
-- clean-up is struck as well.
-- What it is told, and what it prints at the end: tests/faults/scoreboard.lua.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"
local scoreboard = require "tests.faults.scoreboard"
local verdict = require "tests.faults.verdict"

local json = machine.json
local all_faults = require "tests.faults.fault_list"(json)
local ENDLESS = 10000 -- requests of one verb: the 16 of a /28 are each tried again for five minutes
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
  local stage, arguments = scenarios.open(scenario, { store = true, patience = PATIENCE })
  local trial = { stage = stage, arguments = arguments, before = inventory.of(stage.sim, stage), requests = {},
    held = inventory.held(stage.sim) }
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
  trial.answer, trial.process = stage:call(method, arguments, scenario.request)
  stage.before_send, stage.after_send = nil, nil
  stage.sim.model.faults, stage.sim.model.down_until = {}, nil
  lift_limits(stage.sim)
  trial.journal = stage.store and stage.store.rows "journal" or {}
  stage.sim.advance(circumstances.SETTLING)
  trial.after = inventory.of(stage.sim, stage)
  return trial
end

-- ---------------------------------------------------------------------------------------------------------
-- the matrix

local function is_reading(request)
  return request.command:find "^list" ~= nil or request.command == "queryAsyncJobResult"
end

-- The positions worth a strike: every request, but of a row of polls the first and the last. What a verb asks before it
-- does anything fails alike whatever comes of it later: each such command counts once (known: those that did).
local function positions_of(requests, from, known)
  local list, has_acted = {}, known == nil
  for i = from or 1, #requests do
    local command = requests[i].command
    local function polls(at) return requests[at] and requests[at].command == "queryAsyncJobResult" end
    has_acted = has_acted or not is_reading(requests[i])
    local is_new = has_acted or not known[command]
    if not has_acted then known[command] = true end
    if is_new and not (polls(i) and polls(i - 1) and polls(i + 1)) then list[#list + 1] = i end
  end
  return list
end

local function can_meet(request, fault)
  if fault.acts and request.command:find "^list" or fault.done and is_reading(request) then return false end
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
  local fine, complaints = xpcall(verdict, debug.traceback, trial, good, method, scenario, strikes)
  board.report(method, title, fine and complaints or { complaints })
  return trial
end

-- What a verb did after its fault, as the commands; rows of polls count once.
local function words_after(trial, at)
  local words = {}
  for i = at + 1, #trial.requests do
    local command = trial.requests[i].command
    if command ~= words[#words] or command ~= "queryAsyncJobResult" then words[#words + 1] = command end
  end
  return table.concat(words, " ")
end

-- The clean-up after a fault is struck a second time, once where several faults (of whatever scenario) lead to the same.
local doubles = 0
local function strike_clean_up(method, scenario, good, first, trial, struck)
  local words = words_after(trial, first.at)
  if struck[words] then return end
  struck[words] = true
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

-- The short matrix has each fault once for each verb: in one of its scenarios, at a request and of a reach that change from
-- fault to fault. number: the scenario's among `count` of them.
local function brief_of(good, positions, number, count)
  local brief, shift = {}, number
  for i, fault in ipairs(all_faults) do
    local able = {}
    for _, at in ipairs(positions) do
      if can_meet(good.requests[at], fault) then able[#able + 1] = at end
    end
    local turn = (i + shift) % 3
    local reach = (fault.limit or fault.alone and turn == 2) and "once" or REACHES[turn + 1]
    if #able > 0 and i % count == number % count then brief[fault] = { at = able[(i + shift) % #able + 1], reach = reach } end
  end
  return brief
end

local function strike_at(method, scenario, good, at, brief, struck)
  local request = good.requests[at]
  for _, fault in ipairs(all_faults) do
    for _, reach in ipairs(REACHES) do
      if can_meet(request, fault) and not (fault.limit and reach ~= "once") and not (fault.alone and reach == "everything") then
        local strike = { at = at, fault = fault, reach = reach, command = request.command, good = request.good }
        local is_brief = brief[fault] and brief[fault].at == at and brief[fault].reach == reach
        local trial = cell(method, scenario, good, { strike }, is_brief)
        local is_undone = fault.brief and reach == "once"
        if is_undone and not trial and board.is_looking() then trial = run(scenario, method, { strike }) end
        if is_undone and trial and trial.answer.error and good.changes then
          strike_clean_up(method, scenario, good, strike, trial, struck)
        end
      end
    end
  end
end

-- seen: { looked = commands, struck = clean-ups } of the scenarios of the verb before
local function matrix_of(method, scenario, number, count, seen)
  local good = run(scenario, method, {})
  local failure = good.answer.error
  if failure and not (scenario.answers and failure.type:find(scenario.answers, 1, true)) then
    return board.report(method, method, { "the scenario fails by itself: " .. failure.message })
  end
  good.changes = inventory.shape(good.before) ~= inventory.shape(good.after)
  local positions = positions_of(good.requests, 1, seen.looked)
  local brief = brief_of(good, positions, number, count)
  for _, at in ipairs(positions) do
    if board.is_mine() then strike_at(method, scenario, good, at, brief, seen.struck) end
  end
end

for _, method in ipairs(scenarios.verbs()) do
  if board.is_wanted_verb(method) then
    if not scenarios.of[method] then
      board.report(method, method, { "lua/verbs/" .. method .. ".lua has no scenario in tests/faults/scenarios.lua" })
    end
    local seen = { looked = {}, struck = {} }
    for i, scenario in ipairs(scenarios.of[method] or {}) do
      if board.is_wanted_scenario(scenario.what) then matrix_of(method, scenario, i, #scenarios.of[method], seen) end
    end
  end
end
board.close()

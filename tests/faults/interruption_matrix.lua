-- The interruption matrix: every verb, whose caller goes away (or which is asked to end by a signal) before and after every
-- request, and before the answer is taken. What a verb that creates has made is gone when the process ends, without anybody's
-- help and without an entry in the journal; the same verb again comes to the same as without the interruption.
-- What it is told, and what it prints at the end: tests/faults/scoreboard.lua.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local scenarios = require "tests.faults.scenarios"
local scoreboard = require "tests.faults.scoreboard"

local PATIENCE = 120 -- seconds for which a verb waits for a job
local STRIDE = 23    -- the short matrix takes one instant in so many, of each scenario
local CREATES = { create_vm = true, create_disk = true, create_stemcell = true, create_network = true, snapshot_disk = true }
local GONE, SIGNAL = "nobody reads the answer any more", "SIGTERM arrived"

local board = scoreboard.new("interruption matrix", arg)

-- Calls at(words) at every instant, inside the process; a row of polls counts by its first two.
local function watch(stage, at)
  local polls = 0
  function stage.before_send(_, requests)
    polls = requests[1].command == "queryAsyncJobResult" and polls + 1 or 0
    if polls <= 2 then at("before " .. requests[1].command) end
  end
  function stage.after_send(_, requests)
    if polls <= 2 then at("after " .. requests[#requests].command) end
  end
  function stage.before_answer() at "before the answer" end
end

local function unwatch(stage)
  stage.before_send, stage.after_send, stage.before_answer = nil, nil, nil
end

-- A run that is interrupted at its nth instant (0: it is not) for that reason.
local function run(scenario, method, nth, has_store, reason)
  local stage, arguments = scenarios.open(scenario, { store = has_store, patience = PATIENCE })
  local trial = { stage = stage, arguments = arguments, before = inventory.of(stage.sim, stage), instants = {} }
  stage.earlier = trial.before
  local process = stage:begin(method, arguments, scenario.request)
  watch(stage, function(words)
    trial.instants[#trial.instants + 1] = words
    if #trial.instants ~= nth then return end
    process.interrupted = function() return reason end
    if reason == GONE then process.fate = "lost" end
  end)
  trial.process = stage:run(process)
  unwatch(stage)
  stage.sim.advance(circumstances.SETTLING)
  trial.after = inventory.of(stage.sim, stage)
  return trial
end

local function compare(found, wanted, complain, what)
  local wrong = inventory.difference(inventory.shape(found), inventory.shape(wanted))
  if wrong then complain("%s %s", what, wrong) end
end

local function entries_of(stage)
  local list = {}
  for _, row in ipairs(stage.store and stage.store.rows "journal" or {}) do list[#list + 1] = row.value end
  return list
end

-- CloudStack holds a template to which nothing was uploaded until the time for that is over, whoever wants to remove it. Takes such
-- ones of `found` out, which the log has to name; and their entries, which a later process deals with.
local function take_out_held(trial, found, entries, complain)
  local log = table.concat(trial.process.log, "\n")
  for id, object in pairs(found) do
    local is_held = object.kind == "templates"
      and (object.looks:find("UploadAbandoned", 1, true) or object.looks:find("NotUploaded", 1, true))
    if is_held then
      if not log:find(object.name, 1, true) then complain("%s is left, and nothing says so: %s", object.name, log) end
      found[id] = nil
      for i = #entries, 1, -1 do
        if entries[i]:find(object.name, 1, true) then table.remove(entries, i) end
      end
    end
  end
end

local function judge(trial, scenario, method, good, complain)
  local stage, answer = trial.stage, trial.process.answer
  if trial.process.bug then complain("a bug: %s", trial.process.bug) end
  local is_taken = not answer.error and not trial.process.fate
  if CREATES[method] and not is_taken then
    local entries = entries_of(stage)
    take_out_held(trial, trial.after, entries, complain)
    compare(trial.after, trial.before, complain, "at its end")
    if #entries > 0 then complain("the journal has %s", entries[1]) end
  end
  if is_taken then return compare(trial.after, good.after, complain, "it went well, and") end
  local arguments = scenario.again and scenario.again(stage, trial.arguments) or trial.arguments
  local again = stage:call(method, arguments, scenario.request)
  if again.error and not scenario.answers then return complain("the same again: %s", again.error.message) end
  stage.sim.advance(circumstances.SETTLING)
  local after = inventory.of(stage.sim, stage)
  take_out_held(trial, after, {}, complain)
  compare(after, good.after, complain, "after the same again")
end

local function cell(method, scenario, good, nth, has_store, reason, is_brief)
  local title = ("%s%s, %s a store: %s, %s"):format(method, scenario.what and " (" .. scenario.what .. ")" or "",
    has_store and "with" or "without", reason, good.instants[nth])
  if not board.wants(title, is_brief) then return end
  local complaints = {}
  local function complain(format, ...) complaints[#complaints + 1] = format:format(...) end
  local fine, why = xpcall(function()
    judge(run(scenario, method, nth, has_store, reason), scenario, method, good, complain)
  end, debug.traceback)
  if not fine then complain("%s", tostring(why)) end
  board.report(method, title, complaints)
end

local function matrix_of(method, scenario, has_store, shift)
  local good = run(scenario, method, 0, has_store)
  if inventory.shape(good.before) == inventory.shape(good.after) then return end
  for nth = 1, #good.instants do
    for i, reason in ipairs(board.is_mine() and { GONE, SIGNAL } or {}) do
      cell(method, scenario, good, nth, has_store, reason, (nth + shift + 11 * i) % STRIDE == 0)
    end
  end
end

for _, method in ipairs(scenarios.verbs()) do
  if board.is_wanted_verb(method) then
    for i, scenario in ipairs(scenarios.of[method] or {}) do
      if board.is_wanted_scenario(scenario.what) then
        matrix_of(method, scenario, true, i)
        if not scenario.needs_store then matrix_of(method, scenario, false, i) end
      end
    end
  end
end
board.close()

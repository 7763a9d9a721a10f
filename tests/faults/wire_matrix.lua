-- A sample of the fault matrix over the wire: every scenario that can be played from outside, each fault once, at requests
-- that change from fault to fault; the real binary, the real answers of a server, the real journal.
-- What it is told, and what it prints at the end: tests/faults/scoreboard.lua.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"
local scoreboard = require "tests.faults.scoreboard"
local verdict = require "tests.faults.verdict"
local wire = require "tests.faults.wire"

local board = scoreboard.new("fault matrix over HTTP", arg)
local all_faults = require "tests.faults.fault_list"(machine.json)

-- In the short form one scenario of these verbs, and no fault that costs seconds of waiting.
local SHORT = { create_vm = 1, delete_vm = 1, create_disk = 1, attach_disk = 1, create_stemcell = 1, create_network = 1 }
local SLOW = { hang = true, ["hang before"] = true, ["delay past the limit"] = true, drop = true,
  ["restart, a while away"] = true }
-- What only the machine can do, or is something else with a time limit of a second.
local INSIDE = { delay = true, ["wrong types"] = true, ["limit reached"] = true,
  ["false answer: what was to come, with an errorcode"] = true,
  ["false answer: what was to come, with an errorcode, and it was done"] = true }

-- What libcurl says of a fault; the machine has words of its own for it.
local EMPTY = { "Empty reply from server", "Connection reset by peer", "closed the connection" }
local ON_THE_WIRE = {
  drop = EMPTY, lose = EMPTY, hang = { "Operation timed out after" }, ["hang before"] = { "Operation timed out after" },
  ["delay past the limit"] = { "Operation timed out after" }, truncate = { "transfer closed with" },
  ["restart, a while away"] = EMPTY, -- cpi-server cannot let go of its port for so long
}

local function as_on_the_wire(fault)
  local says = table.move(fault.says, 1, #fault.says, 1, {})
  for _, words in ipairs(ON_THE_WIRE[fault.name] or {}) do says[#says + 1] = words end
  return setmetatable({ says = says }, { __index = fault })
end

local function run(stage, method, scenario, fault, at)
  stage:reset()
  local arguments = scenario.arrange(stage)
  local trial = { stage = stage, arguments = arguments, before = inventory.of(stage.sim, stage),
    held = inventory.held(stage.sim) }
  local since = #stage.cloud:requests()
  if fault then
    local posted = { command = at.command, nth = at.nth }
    for name, value in pairs(fault.make(at)) do posted[name] = value end
    stage.cloud:faults { posted }
  end
  trial.answer, trial.process = stage:call(method, arguments, scenario.request)
  trial.requests = stage.cloud:requests(since)
  trial.journal = stage.store.rows "journal"
  stage.sim.advance(circumstances.SETTLING)
  trial.after = inventory.of(stage.sim, stage)
  return trial
end

-- What a time limit is for. An upload has its own, of 300 s without a byte.
local LATE = { hang = true, ["hang before"] = true, ["delay past the limit"] = true }

-- The calls that can meet a fault.
local function able(requests, fault)
  local list = {}
  for _, call in ipairs(wire.calls(requests)) do
    local is_reading = call.command:find "^list" or call.command == "queryAsyncJobResult"
    local is_job = call.parameters.customjobid ~= nil
    local is_able = not (is_reading and (fault.acts or fault.done)) and (is_job or not fault.jobs)
    if is_able and not (call.command == "upload" and LATE[fault.name]) then list[#list + 1] = call end
  end
  return list
end

local function cell(stage, method, scenario, good, fault, at, is_brief)
  local title = ("%s%s: %s at %s no. %d, over HTTP"):format(method, scenario.what and " (" .. scenario.what .. ")" or "",
    fault.name, at.command, at.nth)
  if not board.wants(title, is_brief) then return end
  local ok, complaints = xpcall(function()
    local trial = run(stage, method, scenario, fault, at)
    local list = verdict(trial, good, method, scenario, { { fault = as_on_the_wire(fault) } })
    if trial.process.exit ~= 0 or trial.process.lines ~= 1 then
      list[#list + 1] = ("it ended with %s after %s lines"):format(trial.process.exit, trial.process.lines)
    end
    return list
  end, debug.traceback)
  board.report(method, title, ok and complaints or { tostring(complaints) })
end

local function matrix_of(method, scenario, number)
  local stage = wire.new(scenario)
  local good = run(stage, method, scenario)
  if good.answer.error and not scenario.answers and not scenario.hindrance then
    error(("%s (%s) fails without a fault: %s"):format(method, scenario.what, good.answer.error.message), 0)
  end
  for i, fault in ipairs(all_faults) do
    local list = able(good.requests, fault)
    local at = list[(i + number) % math.max(#list, 1) + 1]
    if at and not INSIDE[fault.name] then
      local is_mine = board.is_mine()
      local is_brief = SHORT[method] == number and not SLOW[fault.name] and (i + #method) % 10 == 0
      if is_mine then cell(stage, method, scenario, good, fault, at, is_brief) end
    end
  end
  stage:close()
end

for _, method in ipairs(scenarios.verbs()) do
  if board.is_wanted_verb(method) then
    for i, scenario in ipairs(scenarios.of[method] or {}) do
      if wire.can(scenario) and (not board.is_short() or SHORT[method] == i) then matrix_of(method, scenario, i) end
    end
  end
end
board.close()

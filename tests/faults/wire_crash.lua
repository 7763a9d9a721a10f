-- The crash matrix over the wire: real processes, killed by kill -9 before and after every call that they make, of every
-- scenario that can be played from outside; then the same verb again, and `cpi journal replay`. Nothing leaks, nothing is
-- doubled. Each process has a PID namespace of its own, as in containers, where such can be made and CPI_NAMESPACES is not
-- "no". What it is told, and what it prints at the end: tests/faults/scoreboard.lua.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"
local namespace = require "namespace"
local rig = require "rig"
local scenarios = require "tests.faults.scenarios"
local scoreboard = require "tests.faults.scoreboard"
local wire = require "tests.faults.wire"

local board = scoreboard.new("crash matrix over HTTP", arg)
-- The short form takes a few instants of these verbs' first scenarios.
local SHORT = { create_vm = true, delete_vm = true, attach_disk = true, create_network = true }
local STRIDE = 7
local UNDER = os.getenv "CPI_NAMESPACES" ~= "no" and namespace.words or nil

local function settled(stage)
  stage.sim.advance(circumstances.SETTLING)
  return inventory.of(stage.sim, stage)
end

local function learn(stage, method, scenario)
  stage:reset()
  local arguments = scenario.arrange(stage)
  local before, since = inventory.of(stage.sim, stage), #stage.cloud:requests()
  stage:call(method, arguments, scenario.request)
  local calls = wire.calls(stage.cloud:requests(since))
  return { before = before, after = settled(stage), calls = calls }
end

-- Starts the verb, lets its nth call of that command go unanswered, done or not, and kills it there.
local function kill_at(stage, method, arguments, scenario, call, is_before)
  local cloud = stage.cloud
  local since = #cloud:requests()
  cloud:faults { { command = call.command, nth = call.nth, fault = "hang", before = is_before } }
  local pid = cloud:cpi_background(stage:request(method, arguments, scenario.request), { under = UNDER })
  rig.wait(function()
    local count = 0
    for _, request in ipairs(cloud:requests(since)) do
      if request.command == call.command then count = count + 1 end
    end
    return count >= call.nth
  end, 20)
  rig.kill(pid)
end

-- Does the replay find nothing but what was never made? It gives that a few minutes to appear, by this machine's clock, which
-- nobody sets for a test.
local function is_waiting(text)
  for line in text:gmatch "[^\n]+" do
    if not line:find("not there, and may still appear", 1, true) then return false end
  end
  return text ~= ""
end

local function judge(stage, method, scenario, good, call, is_before)
  local complaints = {}
  local function complain(format, ...) complaints[#complaints + 1] = format:format(...) end
  stage:reset()
  local arguments = scenario.arrange(stage)
  kill_at(stage, method, arguments, scenario, call, is_before)
  stage.sim.advance(circumstances.SETTLING)
  local again = scenario.again and scenario.again(stage, arguments) or arguments
  local answer = stage:call(method, again, scenario.request)
  if answer.error and not (scenario.answers and answer.error.type:find(scenario.answers, 1, true)) then
    complain("the same again: %s", answer.error.message)
  end
  local replay = stage.cloud:command { "journal", "replay", "--director", machine.DIRECTOR }
  if replay.exit ~= 0 and not is_waiting(replay.stdout) then
    complain("journal replay ends with %d: %s%s", replay.exit, replay.stdout, replay.stderr)
  end
  local wrong = inventory.difference(inventory.shape(settled(stage)), inventory.shape(good.after))
  if wrong then complain("in the end %s", wrong) end
  for _, text in ipairs(inventory.shared(stage.sim)) do complain("%s", text) end
  return complaints
end

local function matrix_of(method, scenario, number)
  local stage = wire.new(scenario)
  stage.under = UNDER
  local good = learn(stage, method, scenario)
  local changes = inventory.shape(good.before) ~= inventory.shape(good.after)
  for i, call in ipairs(changes and good.calls or {}) do
    for _, is_before in ipairs { true, false } do
      local title = ("%s%s: killed %s %s no. %d, over HTTP"):format(method,
        scenario.what and " (" .. scenario.what .. ")" or "", is_before and "before" or "after", call.command, call.nth)
      local is_brief = SHORT[method] and number == 1 and (i * 2 + (is_before and 1 or 0)) % STRIDE == 0
      if board.is_mine() and board.wants(title, is_brief) then
        local ok, complaints = xpcall(judge, debug.traceback, stage, method, scenario, good, call, is_before)
        board.report(method, title, ok and complaints or { tostring(complaints) })
      end
    end
  end
  stage:close()
end

for _, method in ipairs(scenarios.verbs()) do
  if board.is_wanted_verb(method) then
    for i, scenario in ipairs(scenarios.of[method] or {}) do
      if wire.can(scenario) and (not board.is_short() or SHORT[method] and i == 1) then matrix_of(method, scenario, i) end
    end
  end
end
board.close()

-- The steps of a verb as it makes them: waves of requests, one after the other, seen in a run against the simulated
-- CloudStack in this process. Which they should be, tests/bench/steps.lua says.

local scenarios = require "tests.faults.scenarios"

local POLL = "queryAsyncJobResult"

local steps = {}

-- "listNics, listZones, 2 x listVolumes" of a wave's requests
local function words(requests)
  local count, names = {}, {}
  for _, request in ipairs(requests) do
    if not count[request.command] then names[#names + 1] = request.command end
    count[request.command] = (count[request.command] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do
    names[i] = count[name] > 1 and ("%d x %s"):format(count[name], name) or name
  end
  return table.concat(names, ", ")
end

local function scenario_of(row)
  if row.arguments then return { arrange = row.arguments, settings = row.settings } end
  for _, scenario in ipairs(scenarios.of[row[1]]) do
    local name = row.scenario == nil and row[2] or row.scenario
    if not name or scenario.what == name then return scenario end
  end
  error(("%s has no scenario '%s'"):format(row[1], row.scenario or row[2]))
end

-- of(row of tests/bench/steps.lua) -> { words of a step, ... }, number of requests in them
function steps.of(row)
  local stage, arguments = scenarios.open(scenario_of(row), { store = true })
  local seen, count = {}, 0
  function stage.before_send(_, requests)
    if requests[1].command == POLL then return end
    seen[#seen + 1] = words(requests)
    count = count + #requests
  end
  stage:call(row[1], arguments)
  return seen, count
end

steps.verbs = scenarios.verbs

return steps

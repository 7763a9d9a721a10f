-- How long a process lives for `info`, its memory, and how much of that is the loading of scripts.

local create_env = require "create_env"
local machine = require "tests.bench.machine"
local text_file = require "tests.support.text_file"

local start = {}

local ROUNDS, RUNS = 15, 40
local GOALS = { ["build/cpi"] = { start = 3, resident = 6 } } -- the development build; the others are of a release
local RELEASE_GOAL = { start = 1.5, resident = 3 }

-- Milliseconds of one start of each command, in rounds in which they take turns: wall clock, the median; CPU, the least, for
-- what others do to caches only adds to it.
local function spawn_times(commands)
  local walls, cpus = {}, {}
  for i in ipairs(commands) do walls[i], cpus[i] = {}, {} end
  for _ = 1, ROUNDS do
    for i, command in ipairs(commands) do
      local wall, cpu = machine.timed(("i=0; while [ $i -lt %d ]; do %s; i=$((i+1)); done"):format(RUNS, command))
      table.insert(walls[i], wall * 1000 / RUNS)
      table.insert(cpus[i], cpu * 1000 / RUNS)
    end
  end
  for i in ipairs(commands) do walls[i], cpus[i] = machine.median(walls[i]), math.min(table.unpack(cpus[i])) end
  return walls, cpus
end

-- The same program where the only script is one that does nothing -> its path.
local function without_scripts(program, directory)
  os.execute(("mkdir -p %s/build %s/lua && cp %s %s/build/bare"):format(directory, directory, program, directory))
  text_file.write(directory .. "/lua/cpi.lua", "return function() return {}, function() end end")
  return directory .. "/build/bare"
end

-- programs: paths; the last one's scripts are looked at. directory: for files of ours.
function start.measure(report, programs, directory)
  report.section "info: a process from start to end"
  local request = text_file.write(directory .. "/info", create_env.calls.info())
  local commands, bare = { "/bin/true" }, without_scripts(programs[#programs], directory)
  for i, program in ipairs(programs) do commands[i + 1] = ("%s <%s >/dev/null"):format(program, request) end
  commands[#commands + 1] = ("%s <%s >/dev/null"):format(bare, request)
  local times, cpus = spawn_times(commands)
  local against = ("/bin/true, %.2f ms"):format(times[1])
  for i, program in ipairs(programs) do
    local goal = GOALS[program] or RELEASE_GOAL
    report.row { program, measured = ("%.2f ms"):format(times[i + 1]), against = against, unit = "x",
      value = times[i + 1] / times[1], at_most = goal.start }
    report.row { "  resident", value = machine.resident(program .. " <" .. request), unit = "MB", at_most = goal.resident }
  end
  local whole = cpus[#programs + 1]
  local load = math.max(0, whole - cpus[#cpus])
  report.row { "  loading of scripts, CPU", measured = ("%.2f ms"):format(load), against = ("info, %.2f ms"):format(whole),
    unit = "%", value = 100 * load / whole, at_most = 20 }
end

return start

-- What the CPI costs, as ratios within one run: machines differ, and are noisy.
--   lua5.4 tests/bench/bench.lua              everything
--   lua5.4 tests/bench/bench.lua PROGRAM...   the start of these programs, against the goals of a release

package.path = "./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local create_env = require "create_env"
local rig = require "rig"
local wire = dofile "tests/bench/wire.lua"

local calls = create_env.calls
local RUNS = 200

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

-- Milliseconds of one start of each command: the median over rounds in which they take turns.
local function spawn_times(commands)
  local rounds = {}
  for _ = 1, 9 do
    for i, command in ipairs(commands) do
      local loop = ("i=0; while [ $i -lt %d ]; do %s; i=$((i+1)); done"):format(RUNS // 4, command)
      local seconds = output_of(("bash -c 'TIMEFORMAT=%%R; time { %s; }' 2>&1"):format(loop)):match "([%d.,]+)%s*$"
      rounds[i] = rounds[i] or {}
      table.insert(rounds[i], tonumber((seconds:gsub(",", "."))) * 1000 / (RUNS // 4))
    end
  end
  for i, list in ipairs(rounds) do
    table.sort(list)
    rounds[i] = list[5]
  end
  return rounds
end

-- Peak resident memory in KB.
local function resident(command)
  return tonumber(output_of(("/usr/bin/time -f %%M sh -c 'exec %s' 2>&1 >/dev/null"):format(command)):match "(%d+)%s*$")
end

local function row(what, value, goal)
  print(("  %-44s %-22s %s"):format(what, value, goal or ""))
end

-- ---------------------------------------------------------------------------------------------------------

-- The programs whose start is measured, and what is asked of each: the development build, the release build where
-- `make release` has been, or those that the caller names.
local function started_programs()
  if #arg > 0 then return arg end
  local programs = { "build/cpi" }
  local file = io.open "build/release/cpi"
  if file then
    file:close()
    programs[2] = "build/release/cpi"
  end
  return programs
end

local GOALS = { ["build/cpi"] = { start = 3, resident = 6 } } -- the development build; the others are of a release
local RELEASE_GOAL = { start = 1.5, resident = 3 }

-- How long a process lives for `info`, and its peak of resident memory -> whether all goals are met.
local function bench_info(directory)
  local request = directory .. "/info"
  local file = assert(io.open(request, "w"))
  file:write(calls.info())
  file:close()
  local programs = started_programs()
  local commands = { "/bin/true" }
  for i, program in ipairs(programs) do commands[i + 1] = ("%s <%s >/dev/null"):format(program, request) end
  local times = spawn_times(commands)
  print "info: a process from start to end"
  row("/bin/true", ("%.2f ms, %.1f MB"):format(times[1], resident "/bin/true" / 1024))
  local met = true
  for i, program in ipairs(programs) do
    local goal = GOALS[program] or RELEASE_GOAL
    local ratio, size = times[i + 1] / times[1], resident(program .. " <" .. request) / 1024
    row(program, ("%.2f ms, %.2f x, %.1f MB"):format(times[i + 1], ratio, size),
      ("goal: %.1f x, %d MB"):format(goal.start, goal.resident))
    met = met and ratio <= goal.start and size <= goal.resident
  end
  return met
end

-- The waves of one verb: requests that overlap are one step. The simulator answers each after 20 ms, so what
-- starts later than the end of another is a later step.
local function steps(requests)
  local count, polls, finish = 0, 0, -1
  for _, request in ipairs(requests) do
    if request.command == "queryAsyncJobResult" then
      polls = polls + 1
    else
      if request.at >= finish then count = count + 1 end
      finish = math.max(finish, request.at + 0.015)
    end
  end
  return count, polls
end

-- The verbs of disks that create-env does not use.
local function bench_disk_steps(perform)
  local function call(method, ...)
    return perform(nil, method, { method = method, arguments = rig.json.array { ... }, api_version = 2, context = {} })
  end
  local network = { type = "dynamic", cloud_properties = { name = "bosh-net" } }
  local vm = call("create_vm", "agent", "ubuntu-builtin", { compute_offering = "shared.small" }, { default = network },
    rig.json.array {}, {})[1]
  local disk = call("create_disk", 1024, { disk_offering = "shared.custom" }, vm)
  call("attach_disk", vm, disk)
  local snapshot = call("snapshot_disk", disk, {})
  call("detach_disk", vm, disk)
  call("resize_disk", disk, 2048)
  call("update_disk", disk, 51200, { disk_offering = "shared.medium" })
  call("delete_snapshot", snapshot)
end

local function bench_steps()
  local cloud <close> = rig.start { role = "bosh", world = { latency = { request = 0.02 } } }
  local image = cloud.directory .. "/image"
  local file = assert(io.open(image, "w"))
  file:write("BZh9 image")
  file:close()
  local known, seen = { image = image }, 0
  print "\nsequential steps of a verb (each may be several requests at once), and looks at its jobs"
  local function perform(_, method, request)
    local run = cloud:cpi(request)
    local requests = cloud:requests(seen)
    for _, one in ipairs(requests) do seen = one.n end
    if method ~= "info" and not known["shown " .. method] then
      known["shown " .. method] = true
      local count, polls = steps(requests)
      row(method, ("%d steps, %d requests, %d looks"):format(count, #requests - polls, polls))
    end
    return run.response.result
  end
  create_env.play(known, perform)
  bench_disk_steps(perform)
end

local directory = output_of("mktemp -d"):match "%S+"
local met = bench_info(directory)
if #arg == 0 then
  bench_steps()
  wire.waiting(row)
  wire.deployment(row)
  wire.many(row)
  wire.upload(row)
end
os.execute("rm -rf " .. directory)
if not met then
  print "\na goal is missed"
  os.exit(1)
end

-- Which rooms one call of a verb enters: lua5.4 tests/walk/walk.lua VERB [--what TEXT] [--path]
-- A room is a file of lua/ outside lua/sim. An entry is a call by which control passes from one room into another; a call
-- that passes through C (pcall, a metamethod, table.sort) counts for the Lua function behind it. What the machine under
-- the CPI calls (the simulator, the store in memory) does not count, nor does the loading of files: the scenario is played
-- once before, so that everything is loaded. CloudStack's jobs are done at the first look: how often one is looked at says
-- how long CloudStack takes, not how the code goes.
--   --what TEXT   the first scenario of the verb whose description has the text; the very first without
--   --path        each entry in its order besides

package.path = "./?.lua;lua/?.lua;tests/support/?.lua;" .. package.path
package.cpath = "build/spec/?.so;" .. package.cpath

local scenarios = require "tests.faults.scenarios"

local walk = {}

-- The room of a function, by debug.getinfo's source: "vm/vips"; nil where it is in none.
local function room_of(source)
  local name = source:match "^@lua/(.+)%.lua$" or source:match "^@.*/lua/(.+)%.lua$"
  return name and name ~= "sim" and name ~= "base/memory_store" and not name:find "^sim/" and name or nil
end

-- A hook that calls entered(from, to, line) at each entry; `first` is the room that the machine itself enters.
local function tracer(first, entered)
  local getinfo, here = debug.getinfo, nil
  return function(event)
    if event == "return" then -- to the nearest function in Lua; after an error pcall's return comes by here
      for level = 3, math.huge do
        local frame = getinfo(level, "S")
        if not frame then break end
        if frame.what ~= "C" then
          here = room_of(frame.source)
          break
        end
      end
      return
    end
    local frame = getinfo(2, "S")
    if frame.what == "C" then return end
    local to = room_of(frame.source)
    if to and to ~= here and (here or to == first) and frame.what ~= "main" then entered(here, to, frame.linedefined) end
    here = to
  end
end

-- A scenario of the verb: the first whose description has the text.
local function scenario_of(verb, text)
  for _, scenario in ipairs(scenarios.of[verb] or {}) do
    if not text or (scenario.what or ""):find(text, 1, true) then return scenario end
  end
  error(("no scenario of %s%s"):format(verb, text and (" has '%s'"):format(text) or ""), 0)
end

-- The scenario in a cloud that does a job at once.
local function quick(scenario)
  local world = { latency = { jobs = {} } }
  for key, value in pairs(scenario.world or {}) do world[key] = value end
  return setmetatable({ world = world }, { __index = scenario })
end

local function play(scenario, verb, hook)
  local stage, arguments = scenarios.open(quick(scenario), { store = true, seed = 1 })
  local process = stage:begin(verb, arguments, scenario.request)
  if hook then debug.sethook(process.coroutine, hook, "cr") end
  stage:run(process)
  if process.answer.error then error(("%s failed: %s"):format(verb, process.answer.error.message), 0) end
end

-- of(verb, text) -> { what, rooms = { { name, entries }, ... } in the order of their first entry, path = { "a -> b:line", ... } }
function walk.of(verb, text)
  local scenario = scenario_of(verb, text)
  local found, by_name = { what = scenario.what, rooms = {}, path = {} }, {}
  play(scenario, verb)
  play(scenario, verb, tracer("verbs/" .. verb, function(from, to, line)
    if not by_name[to] then
      by_name[to] = { name = to, entries = 0 }
      table.insert(found.rooms, by_name[to])
    end
    by_name[to].entries = by_name[to].entries + 1
    table.insert(found.path, ("%s -> %s:%d"):format(from or "the machine", to, line))
  end))
  return found
end

-- "cloudstack 11 rooms 72 entries, vm 14 ...": what each folder has of it, the most first; "." is the root.
local function by_folder(rooms)
  local folders, list = {}, {}
  for _, room in ipairs(rooms) do
    local name = room.name:match "^(.+)/" or "."
    if not folders[name] then
      folders[name] = { name = name, rooms = 0, entries = 0 }
      list[#list + 1] = folders[name]
    end
    folders[name].rooms, folders[name].entries = folders[name].rooms + 1, folders[name].entries + room.entries
  end
  table.sort(list, function(a, b) return a.entries > b.entries or a.entries == b.entries and a.name < b.name end)
  return list
end

function walk.main(arguments)
  local verb, text, with_path = arguments[1], nil, false
  for i = 2, #arguments do
    if arguments[i] == "--what" then text = arguments[i + 1] end
    with_path = with_path or arguments[i] == "--path"
  end
  local found = walk.of(verb or error("usage: walk.lua VERB [--what TEXT] [--path]", 0), text)
  print(("%s%s: rooms in the order of their first entry"):format(verb, found.what and " (" .. found.what .. ")" or ""))
  for _, room in ipairs(found.rooms) do print(("%5d  %s"):format(room.entries, room.name)) end
  for i, step in ipairs(with_path and found.path or {}) do print(("%5d. %s"):format(i, step)) end
  for _, folder in ipairs(by_folder(found.rooms)) do
    print(("%5d  entries into %d rooms of %s/"):format(folder.entries, folder.rooms, folder.name))
  end
  print(("%d rooms, %d entries"):format(#found.rooms, #found.path))
end

if arg and arg[0] and arg[0]:find "walk%.lua$" then walk.main(arg) else return walk end

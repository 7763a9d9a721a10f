-- Random small mistakes in lua/, one at a time, each in a copy of the tree: do the specs nearest to it notice?
--   lua5.4 tests/mutants/mutants.lua [N] [SEED] [--jobs J] [--file PATTERN]
-- N lines are chosen (200), by SEED (1); --file takes only files whose path has that Lua pattern. The same line is chosen as
-- long as its text stays, whatever changes around it. Prints a line for each mistake, the survivors once more at the end, and
-- the rate; the exit code is 0 where at least GOAL percent were noticed.
-- A mistake in lua/ROOM/NAME.lua is looked for by spec/ROOM/NAME_spec.lua, then by the other specs of the room, then by a few
-- that cross rooms, in one process that ends at the first failure. lua/sim (specified by what a server was seen to do) and
-- lua/meta (annotations) are left out.

local operators = require "tests.mutants.operators"
local text_file = require "tests.support.text_file"

local GOAL = 90
local CPU_SECONDS, SECONDS, KILOBYTES = 60, 240, 2000000 -- for one mistake; one that does not end is noticed

-- Beyond the room of the file, by the rooms that they matter to; what takes many seconds is not among them.
local CROSSING = "spec/verbs spec/across/fallback_spec.lua spec/across/held_addresses_spec.lua spec/across/steps_spec.lua "
  .. "spec/across/property_effects_spec.lua spec/across/calculate_promises_spec.lua spec/across/compatibility_spec.lua "
  .. "spec/across/documents_spec.lua spec/decisions_spec.lua spec/policy_spec.lua spec/cpi_spec.lua"
local CROSSING_OF = { operator = "spec/commands", setup = "spec/commands", policies = "spec/decisions", decision = "spec/decisions" }

local mutants = {}

-- ---------------------------------------------------------------------------------------------------------
-- choosing

local function output_lines(command)
  local lines, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

local function files(pattern)
  local list = {}
  for _, path in ipairs(output_lines "find lua -name '*.lua' | LC_ALL=C sort") do
    if not path:find "^lua/sim/" and not path:find "^lua/meta/" and path:find(pattern or "") then list[#list + 1] = path end
  end
  return list
end

-- A number that looks random and follows from the text (FNV-1a, and a last mix).
local function hash(text)
  local value = 0xcbf29ce484222325
  for at = 1, #text do value = (value ~ text:byte(at)) * 0x100000001b3 end
  value = (value ~ (value >> 33)) * 0xff51afd7ed558ccd
  return (value ~ (value >> 33)) & 0x7fffffffffffffff
end

local function trimmed(line) return line:match "^%s*(.-)%s*$" end

local function key_of(path, before, after) return path .. "\0" .. trimmed(before) .. "\0" .. trimmed(after) end

local function known_equivalents()
  local known = {}
  for _, one in ipairs(require "tests.mutants.equivalent") do known[key_of(one[1], one[2], one[3])] = one[4] end
  return known
end

-- The lines of a file that may have a mistake: { path, line, rank, choices (unchecked), lines (of the file) }.
local function lines_of(path, seed)
  local by_line, lines = operators.candidates(text_file.read(path))
  local numbers, seen, list = {}, {}, {}
  for line, choices in pairs(by_line) do
    if #choices > 0 then numbers[#numbers + 1] = line end
  end
  table.sort(numbers)
  for i, line in ipairs(numbers) do
    local name = ("%d %s %s"):format(seed, path, trimmed(lines[line]))
    seen[name] = (seen[name] or 0) + 1 -- the same text may stand there twice
    list[i] = { path = path, line = line, rank = hash(("%s %d"):format(name, seen[name])), choices = by_line[line], lines = lines }
  end
  return list
end

-- One of the mistakes with which the file loads, or nil where there is none.
local function chosen_of(one, known)
  local good = {}
  for _, choice in ipairs(operators.loading(one.lines, one.choices)) do
    if not known[key_of(one.path, choice.before, choice.after)] then good[#good + 1] = choice end
  end
  local chosen = good[one.rank % math.max(#good, 1) + 1]
  if chosen then chosen.path = one.path end
  return chosen
end

-- choose(n, seed, pattern) -> list of n mistakes, the same for the same text; and how many lines could have had one.
function mutants.choose(n, seed, pattern)
  local all, known, list = {}, known_equivalents(), {}
  for _, path in ipairs(files(pattern)) do
    for _, one in ipairs(lines_of(path, seed)) do all[#all + 1] = one end
  end
  table.sort(all, function(a, b) return hash(tostring(a.rank)) < hash(tostring(b.rank)) end)
  for _, one in ipairs(all) do
    if #list >= n then break end
    list[#list + 1] = chosen_of(one, known)
  end
  return list, #all
end

-- stale() -> the equivalents whose line is no longer in its file.
function mutants.stale()
  local list = {}
  for _, one in ipairs(require "tests.mutants.equivalent") do
    local found = false
    local file = io.open(one[1])
    for line in file and file:lines() or function() end do found = found or trimmed(line) == trimmed(one[2]) end
    if file then file:close() end
    if not found then list[#list + 1] = one[1] .. ": " .. one[2] end
  end
  return list
end

-- ---------------------------------------------------------------------------------------------------------
-- the copy of the tree

local function shell(line) return (os.execute(line)) == true end

local function copied()
  local place = output_lines "mktemp -d"[1]
  assert(shell(("tar cf - --exclude=./.git --exclude=./build . | tar xf - -C '%s' && mkdir '%s/build' && cp -a build/spec '%s/build'")
    :format(place, place, place)))
  return setmetatable({ path = place }, { __close = function() shell(("rm -rf '%s'"):format(place)) end })
end

-- The specs for a file, nearest first, each once.
function mutants.specs_for(path)
  local name = path:gsub("^lua/", ""):gsub("%.lua$", "")
  local room = name:match "^(.*)/[^/]*$"
  local rooms = (room and "spec/" .. room or name == "sim" and "spec/sim" or "") .. " " .. (CROSSING_OF[room] or "")
  local wanted = ("spec/%s_spec.lua %s %s"):format(name, rooms, CROSSING)
  local list, seen = {}, {}
  for root in wanted:gmatch "%S+" do
    for _, spec in ipairs(output_lines(("find %s -name '*_spec.lua' 2>/dev/null | LC_ALL=C sort"):format(root))) do
      if not seen[spec] then list[#list + 1] = spec end
      seen[spec] = true
    end
  end
  return list
end

local function passes(place, specs)
  local line = "(cd '%s' && ulimit -t %d && ulimit -v %d && timeout %d busted --run=spec --no-keep-going --output=TAP %s "
    .. ">log 2>&1 </dev/null) 2>/dev/null"
  return shell(line:format(place.path, CPU_SECONDS, KILOBYTES, SECONDS, table.concat(specs, " ")))
end

-- What noticed it: the first spec that failed, or "no end" and the like.
local function noticed_by(place)
  local log = "\n" .. text_file.read(place.path .. "/log")
  return log:match "\nnot ok[^\n]*\n# (spec/[%w_/]+_spec%.lua)" or log:match "(spec/[%w_/]+_spec%.lua)[^\n]*\n*$"
    or "it did not end as it should"
end

local function tried(place, one, specs)
  local path = place.path .. "/" .. one.path
  local text, lines = text_file.read(path), {}
  for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
  assert(lines[one.line] == one.before, one.path .. " has changed")
  lines[one.line] = one.after
  text_file.write(path, table.concat(lines, "\n") .. "\n")
  local is_blind = passes(place, specs)
  text_file.write(path, text)
  return not is_blind and noticed_by(place) or nil
end

-- ---------------------------------------------------------------------------------------------------------
-- the program

local function options_of(words)
  local options, at = { n = 200, seed = 1, jobs = 2, part = nil, file = nil }, 0
  local i = 1
  while words[i] do
    local name = words[i]:match "^%-%-(%a+)$"
    if name then
      options[name] = name == "jobs" and math.tointeger(words[i + 1]) or words[i + 1]
      i = i + 2
    else
      at, i = at + 1, i + 1
      options[at == 1 and "n" or "seed"] = math.tointeger(words[i - 1]) or error("not a number: " .. words[i - 1], 0)
    end
  end
  return options
end

-- The kth of every `jobs` mistakes; a line of output for each.
local function run_part(list, k, jobs)
  local place <close> = copied()
  for i = k, #list, jobs do
    local one = list[i]
    local by = tried(place, one, mutants.specs_for(one.path))
    print(("%s  %s:%d  %s"):format(by and "killed  " or "SURVIVED", one.path, one.line, one.name))
    print(("          %s\n          %s"):format(trimmed(one.after), by and "noticed by " .. by or "instead of  " .. trimmed(one.before)))
    io.stdout:flush()
  end
end

-- Without a mistake all that may be asked passes; else everything would count as noticed.
local function check_specs(list)
  local place <close> = copied()
  local specs, seen = {}, {}
  for _, one in ipairs(list) do
    for _, spec in ipairs(mutants.specs_for(one.path)) do
      if not seen[spec] then specs[#specs + 1] = spec end
      seen[spec] = true
    end
  end
  for at = 1, #specs, 20 do -- in parts, as one mistake's limits are for some
    local some = table.move(specs, at, math.min(at + 19, #specs), 1, {})
    if not passes(place, some) then
      error("the specs fail without a mistake:\n" .. text_file.read(place.path .. "/log"):sub(-3000), 0)
    end
  end
end

local function run_all(options)
  local pipes, survivors, killed = {}, {}, 0
  for k = 1, options.jobs do
    pipes[k] = assert(io.popen(("lua5.4 tests/mutants/mutants.lua %d %d --jobs %d --part %d%s"):format(options.n, options.seed,
      options.jobs, k, options.file and (" --file '%s'"):format(options.file) or "")))
  end
  for _, pipe in ipairs(pipes) do
    local current
    for line in pipe:lines() do
      print(line)
      io.stdout:flush()
      if line:find "^killed" then killed = killed + 1 end
      if line:find "^%S" then current = line:find "^SURVIVED" and {} or nil end
      if line:find "^SURVIVED" then survivors[#survivors + 1] = current end
      if current then current[#current + 1] = line end
    end
    assert(pipe:close(), "a part did not come to its end")
  end
  print "\nsurvivors:"
  for _, one in ipairs(survivors) do print(table.concat(one, "\n")) end
  local all = killed + #survivors
  local rate = all > 0 and killed * 100 / all or 0
  print(("mutants: %d of %d noticed, %.1f %% (the goal: %d %%)"):format(killed, all, rate, GOAL))
  return rate >= GOAL
end

local function main(words)
  local options = options_of(words)
  local list, lines = mutants.choose(options.n, options.seed, options.file)
  if options.part then return run_part(list, math.tointeger(options.part), options.jobs) end
  print(("%d mistakes of %d lines that could have one, seed %d"):format(#list, lines, options.seed))
  check_specs(list)
  os.exit(run_all(options) and 0 or 1)
end

if arg and arg[0] and arg[0]:find "mutants%.lua$" then main(arg) end

return mutants

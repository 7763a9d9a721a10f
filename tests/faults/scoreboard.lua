-- What the matrices have in common: what is asked of them, which cells are this process's, what came of them, and the
-- last lines.
--   --short        the cells of make test
--   --verb NAME    one verb
--   --scenario TEXT  the scenarios in whose name the text is
--   --cell TEXT    the cells whose title has the text
--   --jobs N       in N processes at once; each is told its share with --part K/N
--   --help         what it can be told
-- Anything else is refused.
--
--   local board = scoreboard.new("fault matrix", arg)
--   board.is_wanted_verb(name), board.is_wanted_scenario(what)
--   board.is_mine()               may this process do the next piece of work? Asked for each piece, in the same order everywhere
--   board.wants(title, is_brief)  does it count, and is it to be run? is_brief: it belongs to the short matrix
--   board.report(verb, title, complaints)
--   board.close()                 prints and exits

local circumstances = require "tests.support.circumstances"

local MOST_SHOWN = 40 -- bad cells per process that are printed whole
local TALLY = "^tally (%S+) (%d+) (%d+) (%d+)$" -- what a part says of a verb: its name, good, bad, all that there are

local scoreboard = {}

local USAGE = "usage: lua5.4 MATRIX [--short] [--verb NAME] [--scenario TEXT] [--cell TEXT] [--jobs N] [--part K/N]"
local EXIT_MISUSED = 2

local function misused(format, ...)
  io.stderr:write(format:format(...), "\n", USAGE, "\n")
  os.exit(EXIT_MISUSED)
end

local flags = { ["--short"] = function(options) options.short = true end }

-- What takes a value: what is made of it; false where it can't be.
local valued = {
  ["--verb"] = function(options, value) options.verb = value end,
  ["--scenario"] = function(options, value) options.scenario = value end,
  ["--cell"] = function(options, value) options.cell = value end,
  ["--jobs"] = function(options, value)
    options.jobs = math.tointeger(tonumber(value))
    return options.jobs ~= nil and options.jobs > 0
  end,
  ["--part"] = function(options, value)
    local part, parts = value:match "^(%d+)/(%d+)$"
    options.part, options.parts, options.is_part = tonumber(part), tonumber(parts), true
    return part ~= nil
  end,
}

local function read(words)
  local options, i = { jobs = 1, part = 1, parts = 1 }, 1
  while words[i] do
    local word, value = words[i], words[i + 1]
    if word == "--help" then
      print(USAGE)
      os.exit(0)
    elseif flags[word] then
      flags[word](options)
    elseif not valued[word] then
      misused("unknown: '%s'", word)
    elseif value == nil or valued[word](options, value) == false then
      misused("%s: '%s' is no value for it", word, tostring(value or ""))
    end
    i = i + (valued[word] and 2 or 1)
  end
  return options
end

local function quoted(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

-- The last lines; tallies: verb -> { passed, failed, cells }
local function conclude(name, tallies, began)
  local passed, failed, cells, words = 0, 0, 0, {}
  for verb, tally in pairs(tallies) do
    passed, failed, cells = passed + tally[1], failed + tally[2], cells + tally[3]
    words[#words + 1] = ("%s %d"):format(verb, tally[1] + tally[2])
  end
  table.sort(words)
  print(("%s, %s: %d of %d cells in %d s (%s)"):format(name, circumstances.words(), passed + failed, cells, os.time() - began,
    table.concat(words, ", ")))
  print(("%d passed, %d failed"):format(passed, failed))
  os.exit(failed == 0 and passed > 0 and 0 or 1)
end

-- Has the work done by several processes, which print as one.
local function share(name, words, jobs, began)
  local command, pipes, tallies = { "lua5.4", quoted(words[0]) }, {}, {}
  for _, word in ipairs(words) do command[#command + 1] = quoted(word) end
  for k = 1, jobs do pipes[k] = assert(io.popen(("%s --part %d/%d"):format(table.concat(command, " "), k, jobs))) end
  for k, pipe in ipairs(pipes) do
    for line in pipe:lines() do
      local verb, passed, failed, cells = line:match(TALLY)
      if verb then
        local tally = tallies[verb] or { 0, 0, 0 }
        tallies[verb] = { tally[1] + passed, tally[2] + failed, tally[3] + cells }
      else
        print(line)
      end
    end
    if not pipe:close() then tallies[("part %d broke:"):format(k)] = { 0, 1, 1 } end
  end
  conclude(name, tallies, began)
end

function scoreboard.new(name, words)
  local board, options, began = {}, read(words), os.time()
  if options.jobs > 1 and not options.is_part then share(name, words, options.jobs, began) end
  local tallies, shown, pieces, verb_now = {}, 0, 0, nil

  local function tally_of(verb)
    tallies[verb] = tallies[verb] or { 0, 0, 0 }
    return tallies[verb]
  end

  function board.is_wanted_verb(verb)
    verb_now = verb
    return not options.verb or options.verb == verb
  end

  function board.is_wanted_scenario(what)
    return not options.scenario or (what or ""):find(options.scenario, 1, true) ~= nil
  end

  function board.is_mine()
    pieces = pieces + 1
    return pieces % options.parts == options.part % options.parts
  end

  function board.wants(title, is_brief)
    local tally = tally_of(verb_now)
    tally[3] = tally[3] + 1
    if options.cell then return title:find(options.cell, 1, true) ~= nil end
    return not options.short or is_brief or false
  end

  function board.is_short() return options.short or false end

  -- Is one cell looked for, so that what leads to it has to be run all the same?
  function board.is_looking() return options.cell ~= nil end

  function board.report(verb, title, complaints)
    local tally = tally_of(verb)
    if #complaints == 0 then
      tally[1] = tally[1] + 1
      return
    end
    tally[2], shown = tally[2] + 1, shown + 1
    if shown <= MOST_SHOWN then print(("BAD  %s\n     %s"):format(title, table.concat(complaints, "\n     "))) end
  end

  function board.close()
    if not options.is_part then conclude(name, tallies, began) end
    for verb, tally in pairs(tallies) do print(("tally %s %d %d %d"):format(verb, tally[1], tally[2], tally[3])) end
    os.exit(0)
  end

  return board
end

return scoreboard

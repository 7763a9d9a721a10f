-- Runs NAME_test.lua files beside policies. They see what a policy sees, under the same budget, and besides, with data that
-- is copied on its way in and out, so that nothing else can be reached from there:
--
--   test("what is true", function() ... end)
--   facts.NAME{ changes }            facts of that decision: its example, with changes laid over it
--   decide("NAME", facts)            what the CPI makes of the policy's answer; a refusal or an error fails the test
--   refused("NAME", facts)           the words of the refusal, or of the error
--   cloud{ changes to the world }    the CPI on a simulated CloudStack with these policies in force: operator/test_cloud.lua
--   equal(wanted, got)               both the same, tables by their contents
--   holds(words, text)               the text has the words in it
--   fails(f, ...)                    the words with which f fails
--   print(...)

local decisions = require "decisions"
local errors = require "errors"
local facts_of = require "decision.facts"
local plain_data = require "operator.plain_data"
local policy = require "policy"
local samples = require "decision.samples"
local spelling = require "base.spelling"
local tables = require "base.tables"

local policy_tests = {}

local given, taken = plain_data.given, plain_data.taken

-- Changes laid over a table; lists are replaced.
local function overlay(onto, changes)
  for key, value in pairs(changes) do
    local is_object = type(value) == "table" and type(onto[key]) == "table" and #value == 0 and next(value) ~= nil
    onto[key] = is_object and #onto[key] == 0 and overlay(onto[key], value) or value
  end
  return onto
end

local function known(name)
  for _, one in ipairs(decisions) do
    if one == name then return require("decisions." .. name) end
  end
  error(("no decision is called '%s'%s"):format(tostring(name), spelling.suggestion(tostring(name), decisions)), 3)
end

-- The example of a decision with the changes, or nil and what is wrong with them. A change to the moment, or to what costs a request,
-- is laid over a whole one.
local function builder(name, changes)
  local decision = known(name)
  local whole, base = samples.full(decision, { counts = true, limits = true }), given(decision.example)
  changes = given(changes, 1) or {}
  for _, row in ipairs(decision.facts) do
    local key = row[1]
    if row.common and row.fields and base[key] == nil and changes[key] ~= nil then base[key] = whole[key] end
  end
  local made = overlay(base, changes)
  local problems = facts_of.problems(decision, made)
  if #problems == 0 then return made end
  return nil, ("facts.%s: %s"):format(name, table.concat(problems, "; "))
end

-- What test files can name, beside what a policy can. `tests` gets what they declare.
local function globals(host, directory, tests)
  local function shown(value)
    if type(value) == "string" then return ("%q"):format(value) end
    local ok, text = pcall(host.json.encode, value)
    return ok and text or tostring(value)
  end

  -- A policy's facts are made anew for every call, so each has its own decide and loads the file as it is now.
  local decide = policy.new {
    sandbox = host.policy, ours = host.lua_dir .. "/policies", directory = function() return directory end,
  }
  local names = {}

  function names.test(words, f)
    if type(words) ~= "string" or type(f) ~= "function" then error("test takes words and a function", 2) end
    tests[#tests + 1] = { words = words, run = f }
  end

  names.facts = setmetatable({}, { __index = function(_, name)
    known(name)
    return function(changes)
      local made, problem = builder(name, changes)
      return made or error(problem, 2)
    end
  end })

  function names.decide(name, facts)
    known(name)
    return taken(decide(name, given(facts)))
  end

  function names.refused(name, facts)
    known(name)
    local ok, failure = pcall(decide, name, given(facts))
    if ok then error("the policy answered " .. shown(failure), 2) end
    return errors.words(failure)
  end

  function names.cloud(world)
    return require "operator.test_cloud"(host, directory, world)
  end

  function names.equal(wanted, got)
    if not tables.same(wanted, got) then error(("wanted %s, got %s"):format(shown(wanted), shown(got)), 2) end
  end

  function names.holds(words, text)
    if type(text) ~= "string" or not text:find(words, 1, true) then
      error(("%s does not hold %s"):format(shown(text), shown(words)), 2)
    end
  end

  function names.fails(f, ...)
    local ok, failure = pcall(f, ...)
    if ok then error("it did not fail", 2) end
    return errors.words(failure)
  end

  function names.print(...)
    local parts = table.pack(...)
    for i = 1, parts.n do parts[i] = type(parts[i]) == "string" and parts[i] or shown(parts[i]) end
    host.console.write(host.console.clean(host.log.mask(table.concat(parts, "\t"))) .. "\n")
  end

  return names
end

-- The test files of directories that colons separate: { { directory, name }, ... }, or nil and why one cannot be read.
local function test_files(host, directories)
  local list = {}
  for directory in directories:gmatch "[^:]+" do
    local files, why = host.files.list(directory)
    if not files then return nil, why end
    for _, file in ipairs(files) do
      local name = file:match "^(.*_test)%.lua/?$" -- a directory cannot be loaded, and is reported
      if name then list[#list + 1] = { directory, name } end
    end
  end
  return list
end

-- What a test file can name, for a spec that compares it with its list.
policy_tests.globals = globals

-- run(host, directories, report) -> passed, failed; or nil and why a directory cannot be read.
-- report(file, words, failure): one test; failure is nil for a good one. A file that cannot be loaded, or has no
-- test, is a failure of its own, with words nil.
function policy_tests.run(host, directories, report)
  local files, why = test_files(host, directories)
  if not files then return nil, why end
  local passed, failed = 0, 0
  local function count(file, words, failure)
    if failure then failed = failed + 1 else passed = passed + 1 end
    report(file, words, failure)
  end
  for _, one in ipairs(files) do
    local directory, name, tests = one[1], one[2], {}
    local file = name .. ".lua"
    local ok, failure = pcall(host.policy.load, directory, name, globals(host, directories, tests))
    if not ok then count(file, nil, errors.words(failure)) end
    if ok and #tests == 0 then count(file, nil, "it has no test") end
    for _, test in ipairs(ok and tests or {}) do
      local good, problem = pcall(host.policy.call, test.run)
      count(file, test.words, not good and errors.words(problem) or nil)
    end
  end
  return passed, failed
end

return policy_tests

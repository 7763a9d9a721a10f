-- cpi policy list|check|test|facts|try|diff|replay: for the authors of policies. Where no directory is named, it is the
-- configuration's.

local bounded = require "base.bounded"
local command = require "operator.command"
local decisions = require "decisions"
local errors = require "errors"
local facts_of = require "decision.facts"
local new_paper = require "operator.paper"
local policy = require "policy"
local policy_directory = require "operator.policy_directory"
local policy_past = require "operator.policy_past"
local spelling = require "base.spelling"
local strict_facts = require "operator.strict_facts"

local LONGEST_SUM = 12 -- digits of a checksum, enough to distinguish files

-- Without a configuration there is no site.
local function configured_directory(host)
  if not host.config.is_named then return nil end
  local directory = command.settings(host).policies.directory
  return directory ~= "" and directory or nil
end

-- The directories that are named (several are separated by colons). One that cannot be read ends the program with exit code 2.
local function existing(host, directories)
  for directory in directories:gmatch "[^:]+" do
    local files, why = host.files.list(directory)
    if not files then error(command.refusal("%s", why)) end
  end
  return (directories:gsub("(.)/+$", "%1"))
end

-- The directory that is named, else the configuration's.
local function directory_of(host, named)
  if named then return (named:gsub("(.)/+$", "%1")) end
  return configured_directory(host) or error(command.refusal("no directory is named, and policies.directory is not configured"))
end

-- Likewise, and nil where there is neither.
local function existing_or_configured(host, named)
  if named then return existing(host, named) end
  return configured_directory(host)
end

local function named_decision(name, refuse)
  if not name then refuse("which decision? there are: " .. table.concat(decisions, ", ")) end
  for _, one in ipairs(decisions) do
    if one == name then return require("decisions." .. name) end
  end
  error(command.refusal("no decision is called '%s'%s; there are: %s", name, spelling.suggestion(name, decisions),
    table.concat(decisions, ", ")))
end

-- ---------------------------------------------------------------------------------------------------------

local actions = {}

function actions.list(host, _, options)
  local paper, rows, broken = new_paper(host), policy_directory.in_force(host, configured_directory(host)), 0
  for _, row in ipairs(rows) do broken = broken + (row.problem and 1 or 0) end
  if options.output then
    paper:json(host.json.array(rows))
    return broken == 0 and 0 or 1
  end
  for _, row in ipairs(rows) do
    local origin = row.origin == "site" and paper:tint("bold", "site   ") or row.origin
    paper:line("%-18s %s  %s  %s", row.decision, origin, (row.checksum or ""):sub(1, LONGEST_SUM), row.file)
    if row.problem then paper:line("  %s", paper:tint("red", row.problem)) end
  end
  return broken == 0 and 0 or 1
end

local function print_sum(paper, files, problems, directory)
  if files == 0 then paper:line("there is no policy in %s", directory) end
  paper:line("%d file%s, %d problem%s", files, files == 1 and "" or "s", problems, problems == 1 and "" or "s")
end

function actions.check(host, words, options)
  local paper, directory = new_paper(host), directory_of(host, words[2])
  local files, why = policy_directory.check(host, directory)
  if not files then error(command.refusal("%s", why)) end
  local problems = 0
  for _, file in ipairs(files) do
    problems = problems + #file.problems
    if not options.output then
      if #file.problems == 0 then paper:line("%s: %s", file.file, paper:tint("green", "good")) end
      for _, problem in ipairs(file.problems) do paper:line("%s", paper:tint("red", problem)) end
    end
    file.problems = host.json.array(file.problems)
  end
  if options.output then paper:json(host.json.array(files)) else print_sum(paper, #files, problems, directory) end
  return problems == 0 and 0 or 1
end

function actions.test(host, words, options)
  if options.record then return policy_past.record(host, table.move(words, 2, #words, 1, {}), options) end
  local paper, directory = new_paper(host), directory_of(host, words[2])
  local last, results = nil, {}
  local passed, failed = require("operator.policy_tests").run(host, directory, function(file, test, failure)
    results[#results + 1] = { file = file, test = test, failure = failure }
    if options.output then return end
    if file ~= last then paper:line("%s", paper:tint("bold", file)) end
    last = file
    paper:line("  %s %s", failure and paper:tint("red", "FAIL") or paper:tint("green", "ok  "), test or "the file itself")
    if failure then paper:line("       %s", failure) end
  end)
  if not passed then error(command.refusal("%s", failed)) end
  if options.output then
    paper:json { passed = passed, failed = failed, tests = host.json.array(results) }
  else
    if #results == 0 then paper:line("there is no test (*_test.lua) in %s", directory) end
    paper:line("%d passed, %d failed", passed, failed)
  end
  return failed == 0 and #results > 0 and 0 or 1
end

-- ---------------------------------------------------------------------------------------------------------

-- Markdown's marks are for pages.
local function plain(text) return (text:gsub("`", ""):gsub("\n|[%-|]+|", "")) end

local function print_facts(paper, rows, prefix)
  for _, row in ipairs(rows) do
    paper:line("  %s (%s%s): %s", paper:tint("bold", prefix .. row[1]), row[2], row.optional and ", optional" or "", plain(row[3]))
    if row.fields then print_facts(paper, row.fields, prefix .. row[1] .. (row[2] == "object[]" and "[]." or ".")) end
  end
end

-- The schema as JSON: { name, type, optional, text, fields }.
local function described(json, rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { name = row[1], type = row[2], text = row[3], optional = row.optional, open = row.open,
      fields = row.fields and described(json, row.fields) }
  end
  return json.array(list)
end

-- Facts as JSON has them: an empty list is a list.
local function with_lists(json, rows, value)
  local twin = {}
  for key, inner in pairs(value) do twin[key] = inner end
  for _, row in ipairs(rows) do
    local inner, is_list = value[row[1]], row[2]:find "%[%]$"
    if is_list and inner then
      local list = {}
      for i, one in ipairs(inner) do list[i] = row.fields and with_lists(json, row.fields, one) or one end
      twin[row[1]] = json.array(list)
    elseif row.fields and inner then
      twin[row[1]] = with_lists(json, row.fields, inner)
    end
  end
  return twin
end

function actions.facts(host, words, options, refuse)
  local paper, decision = new_paper(host), named_decision(words[2], refuse)
  local example = with_lists(host.json, decision.facts, decision.example)
  if options.example then
    paper:json(example)
  elseif options.output then
    paper:json { decision = words[2], summary = decision.summary, facts = described(host.json, decision.facts),
      answer = { type = decision.answer.type, text = decision.answer.text }, example = example }
  else
    paper:line("%s", paper:tint("bold", words[2]))
    paper:line("%s\n%s\n", plain(decision.summary), plain(decision.asked))
    paper:line("facts")
    print_facts(paper, decision.facts, "")
    paper:line("\nanswer: %s\n", plain(decision.answer.text))
    paper:line("ours: %s\n", plain(decision.ours))
    paper:line("an example of facts")
    paper:described(decision.facts, decision.example, 2)
  end
  return 0
end

-- ---------------------------------------------------------------------------------------------------------

-- Facts from a file, as described; null is nothing.
local function read_facts(host, path, name, decision)
  local given = command.read_json(host, path)
  local function without_null(value)
    if type(value) ~= "table" then return end
    for key, inner in pairs(value) do
      if inner == host.json.null then value[key] = nil else without_null(inner) end
    end
  end
  without_null(given)
  local problems = type(given) == "table" and facts_of.problems(decision, given) or { "it must be an object" }
  if #problems > 0 then
    error(command.refusal("%s holds no facts of %s: %s", path, name, table.concat(problems, "; ")))
  end
  return given
end

-- { answer, failure (words), used (what it took), mistakes (in what the policy reads of its facts) }
local function tried(host, directory, name, facts)
  local trial = { mistakes = {} }
  local decide
  decide = policy.new {
    ours = host.lua_dir .. "/policies", directory = function() return directory end,
    sandbox = { load = host.policy.load, call = function(f, given, default)
      local strict
      strict, trial.mistakes = strict_facts.of(name, given, decide.needs { name })
      local results = table.pack(host.policy.measure(f, strict, default))
      trial.used, trial.remark = results[1], bounded.words(results[3])
      return table.unpack(results, 2, results.n)
    end },
  }
  local ok, answer = pcall(decide, name, facts)
  if ok then trial.answer = answer else trial.failure, trial.remark = errors.words(answer), nil end
  return trial
end

local function print_trial(host, name, file, facts, trial)
  local paper, answer, used = new_paper(host), trial.answer, trial.used
  paper:line("decided by %s", file)
  paper:value("answer", answer)
  if trial.remark then paper:line("remark: %s", trial.remark) end
  local weigh = require("decisions." .. name).weigh
  if weigh then
    paper:line "candidates"
    paper:candidates(weigh(facts, answer), 2)
  end
  paper:line("steps = %d of 10000000, memory = %d KB of 32 MB", used.steps, (used.bytes + 1023) // 1024)
end

actions["try"] = function(host, words, options, refuse)
  local name = words[2]
  local decision = named_decision(name, refuse)
  if not options.facts then refuse "which facts?" end
  local directory = existing_or_configured(host, words[3])
  local facts = read_facts(host, options.facts, name, decision)
  local trial, paper = tried(host, directory, name, facts), new_paper(host)
  if options.output then
    trial.mistakes = host.json.array(trial.mistakes)
    paper:json(trial)
  else
    for _, mistake in ipairs(trial.mistakes) do paper:line("%s", paper:tint("red", mistake)) end
    if trial.failure then
      paper:line("%s", trial.failure)
    else
      print_trial(host, name, policy_directory.file_of(host, directory, name), facts, trial)
    end
  end
  return (trial.failure or #trial.mistakes > 0) and 1 or 0
end

function actions.diff(host, words, options, refuse)
  if not words[2] then refuse "which policies?" end
  return policy_past.diff(host, existing(host, words[2]), words[3] and existing(host, words[3]), options)
end

function actions.replay(host, words, options, refuse)
  if not words[2] then refuse "which decision?" end
  return policy_past.replay(host, words[2], existing_or_configured(host, words[3]), options)
end

local most_words = { list = 1, check = 2, test = 2, facts = 2, ["try"] = 3, diff = 3, replay = 3 }

return command.new("policy", function(host, words, options, refuse)
  local action = actions[words[1]]
  if not action then
    refuse(words[1] and ("unknown: policy %s%s"):format(words[1], spelling.suggestion(words[1],
      { "list", "check", "test", "facts", "try", "diff", "replay" })))
  elseif #words > most_words[words[1]] and not options.record then
    refuse "too many arguments"
  end
  return action(host, words, options, refuse)
end)

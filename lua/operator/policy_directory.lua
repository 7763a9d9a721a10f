-- A directory of site policies, looked at as a whole: every file, every problem.

local decisions = require "decisions"
local errors = require "errors"
local policy = require "policy"
local samples = require "decision.samples"
local source = require "operator.policy_source"
local spelling = require "base.spelling"
local strict_facts = require "operator.strict_facts"

local policy_directory = {}

local is_decision = {}
for _, name in ipairs(decisions) do is_decision[name] = true end

-- The words of a failure, from the place in the file on.
local function from_place(failure)
  return (errors.words(failure):gsub("^policy [%l_]+ %(.-%): ", ""):gsub("^policy [%l_]+: ", ""))
end

-- Runs a policy on facts in a request's place -> a list of what is wrong: what its facts noticed, else its error, an answer that is
-- none, or an end without a return. A refusal with a reason is nothing wrong.
local function run(host, directory, name, facts)
  local mistakes, returned, strict
  local sandbox, needs = { load = host.policy.load }, policy.load(host.policy, directory, name).needs
  function sandbox.call(decide, given, default)
    strict, mistakes = strict_facts.of(name, given, needs)
    local results = table.pack(host.policy.call(decide, strict, default))
    returned = results.n
    return table.unpack(results, 1, results.n)
  end
  local decide = policy.new { sandbox = sandbox, ours = host.lua_dir .. "/policies", directory = function() return directory end }
  local ok, failure = pcall(decide, name, facts)
  if #mistakes > 0 then return mistakes end
  if returned == 0 then return { "it ends without a return: there is no answer" } end
  local is_refusal = not ok and failure.type == "Bosh::Clouds::CloudError"
  if is_refusal and failure.message:find "it gave no answer and no reason$" then return { "its answer is nil, without a reason" } end
  return not ok and not is_refusal and { from_place(failure) } or {}
end

-- The facts that its text names and the decision has not.
local function unknown_facts(name, text)
  local known, names, list = {}, {}, {}
  for i, row in ipairs(require("decisions." .. name).facts) do known[row[1]], names[i] = true, row[1] end
  for _, one in ipairs(source.facts(text)) do
    if not known[one.name] then
      list[#list + 1] = ("%d: facts.%s is not a fact of %s%s"):format(one.line, one.name, name, spelling.suggestion(one.name, names))
    end
  end
  return list
end

local function check_policy(host, directory, name, problem)
  local path = ("%s/%s.lua"):format(directory, name)
  local text, why = host.files.read(path)
  if not text then return problem(why) end
  local missing = source.names(text)
  for _, one in ipairs(missing) do problem(("%s:%d: a policy has no '%s'"):format(path, one.line, one.name)) end
  if #missing > 0 then return end -- whatever else goes wrong, goes wrong because of it
  local ok, loaded = pcall(policy.load, host.policy, directory, name)
  if not ok then return problem(from_place(loaded)) end
  if not loaded then return end
  local unknown, decision = unknown_facts(name, text), require("decisions." .. name)
  for _, words in ipairs(unknown) do problem(("%s:%s"):format(path, words)) end
  if #unknown > 0 then return end
  local seen = {}
  for i, facts in ipairs { samples.full(decision, loaded.needs), samples.bare(decision) } do
    for _, words in ipairs(run(host, directory, name, facts)) do
      local how = i == 1 and ("asked with the example of `cpi policy facts %s`"):format(name) or "asked with facts in which all that may "
        .. "be absent is"
      if not seen[words] then problem(("%s (%s)"):format(words, how)) end
      seen[words] = true
    end
  end
end

local function add_files(host, directory, files)
  local names, why = host.files.list(directory)
  if not names then return nil, why end
  for _, file in ipairs(names) do
    local name = file:match "^(.*)%.lua/?$" -- a directory of that name is not a policy, and is reported
    if name and not name:find "_test$" then
      local entry = { file = ("%s/%s.lua"):format(directory, name), decision = is_decision[name] and name or nil, problems = {} }
      files[#files + 1] = entry
      local function problem(text)
        entry.problems[#entry.problems + 1] = text:find(entry.file, 1, true) and text or entry.file .. ": " .. text
      end
      if entry.decision then
        check_policy(host, directory, name, problem)
      else
        problem(("no decision is called '%s'%s"):format(name, spelling.suggestion(name, decisions)))
      end
    end
  end
  return true
end

-- check(host, directories) -> { { file, decision (of a policy), problems = { texts with the file } }, ... } in the order of the names,
-- or nil and why a directory cannot be read. Tests (*_test.lua) and files that are not Lua are left out. Several
-- directories are separated by colons.
function policy_directory.check(host, directories)
  local files = {}
  for directory in directories:gmatch "[^:]+" do
    local ok, why = add_files(host, directory, files)
    if not ok then return nil, why end
  end
  return files
end

-- The directory that has the file in force, and whether it is the site's.
local function place_of(host, directories, name)
  for directory in (directories or ""):gmatch "[^:]+" do
    local text, _, is_missing = host.files.read(("%s/%s.lua"):format(directory, name))
    if text and text:find "%S" or not text and not is_missing then return directory, true end
  end
  return host.lua_dir .. "/policies", false
end

-- file_of(host, directories or nil, name) -> the file that takes the decision
function policy_directory.file_of(host, directories, name)
  return ("%s/%s.lua"):format(place_of(host, directories, name), name)
end

-- in_force(host, directories or nil) -> { { decision, origin ("site" or "default"), file, checksum, problem }, ... }
function policy_directory.in_force(host, directories)
  local list = {}
  for i, name in ipairs(decisions) do
    local directory, is_site = place_of(host, directories, name)
    local row = { decision = name, origin = is_site and "site" or "default", file = ("%s/%s.lua"):format(directory, name) }
    local ok, failure = pcall(policy.load, host.policy, directory, name)
    local content, why = host.files.read(row.file)
    row.checksum = content and host.bytes.sha256(content)
    row.problem = not ok and errors.words(failure) or why
    list[i] = row
  end
  return list
end

return policy_directory

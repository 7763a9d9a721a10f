-- A directory of site policies, looked at as a whole: every file, every problem.

local decisions = require "decisions"
local errors = require "errors"
local policy = require "policy"
local source = require "operator.policy_source"
local spelling = require "base.spelling"

local policy_directory = {}

local is_decision = {}
for _, name in ipairs(decisions) do is_decision[name] = true end

-- The words of a failure, from the place in the file on.
local function from_place(failure)
  return (errors.words(failure):gsub("^policy [%l_]+ %(.-%): ", ""):gsub("^policy [%l_]+: ", ""))
end

-- How a policy does with the example of its decision: an error, or an answer that is none. A refusal is neither.
local function trouble_with_example(host, directory, name)
  local decide = policy.new {
    sandbox = host.policy, ours = host.lua_dir .. "/policies", directory = function() return directory end,
  }
  local ok, failure = pcall(decide, name, require("decisions." .. name).example)
  if ok or failure.type == "Bosh::Clouds::CloudError" then return nil end
  return ("%s (asked with the example of `cpi policy facts %s`)"):format(from_place(failure), name)
end

local function check_policy(host, directory, name, problem)
  local path = ("%s/%s.lua"):format(directory, name)
  local text, why = host.files.read(path)
  if not text then return problem(why) end
  local missing = source.names(text)
  for _, one in ipairs(missing) do problem(("%s:%d: a policy has no '%s'"):format(path, one.line, one.name)) end
  if #missing > 0 then return end -- whatever else goes wrong, goes wrong because of it
  local ok, failure = pcall(policy.load, host.policy, directory, name)
  local trouble = not ok and from_place(failure) or text:find "%S" and trouble_with_example(host, directory, name)
  if trouble then problem(trouble) end
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

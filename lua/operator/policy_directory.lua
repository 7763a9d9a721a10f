-- A directory of site policies, looked at as a whole: every file, every problem.

local decisions = require "decisions"
local errors = require "errors"
local policy = require "policy"
local source = require "operator.policy_source"
local spelling = require "spelling"

local policy_directory = {}

local is_decision = {}
for _, name in ipairs(decisions) do is_decision[name] = true end

-- How a policy does with the example of its decision: an error, or an answer that is none. A refusal is neither.
local function trouble_with_example(host, directory, name)
  local decide = policy.new {
    sandbox = host.policy, ours = host.lua_dir .. "/policies", log = host.log, directory = function() return directory end,
  }
  local ok, failure = pcall(decide, name, require("decisions." .. name).example)
  if ok or failure.type == "Bosh::Clouds::CloudError" then return nil end
  return "asked with the example of `cpi policy facts " .. name .. "`: " .. errors.words(failure)
end

local function check_policy(host, directory, name, problem)
  local path = ("%s/%s.lua"):format(directory, name)
  local text, why = host.files.read(path)
  if not text then return problem(why) end
  local missing = source.names(text)
  for _, one in ipairs(missing) do problem(("%s:%d: a policy has no '%s'"):format(path, one.line, one.name)) end
  if #missing > 0 then return end -- whatever else goes wrong, goes wrong because of it
  local ok, failure = pcall(policy.load, host.policy, directory, name)
  local trouble = not ok and errors.words(failure) or text:find "%S" and trouble_with_example(host, directory, name)
  if trouble then problem(trouble) end
end

-- check(host, directory) -> { { file, decision (of a policy), problems = { texts } }, ... } in the order of the names,
-- or nil and why the directory cannot be read. Tests (*_test.lua) and what is no Lua file are left out.
function policy_directory.check(host, directory)
  local names, why = host.files.list(directory)
  if not names then return nil, why end
  local files = {}
  for _, file in ipairs(names) do
    local name = file:match "^(.*)%.lua$"
    if name and not name:find "_test$" then
      local entry = { file = ("%s/%s"):format(directory, file), decision = is_decision[name] and name or nil, problems = {} }
      files[#files + 1] = entry
      local function problem(text) entry.problems[#entry.problems + 1] = text end
      if entry.decision then
        check_policy(host, directory, name, problem)
      else
        problem(("no decision is called '%s'%s"):format(name, spelling.suggestion(name, decisions)))
      end
    end
  end
  return files
end

-- in_force(host, directory or nil) -> { { decision, origin ("site" or "default"), file, checksum, problem }, ... }
function policy_directory.in_force(host, directory)
  local list = {}
  for i, name in ipairs(decisions) do
    local row = { decision = name, origin = "default", file = ("%s/policies/%s.lua"):format(host.lua_dir, name) }
    local site = directory and ("%s/%s.lua"):format(directory, name)
    local text = site and host.files.read(site)
    if text and text:find "%S" then row.origin, row.file = "site", site end
    local ok, failure = pcall(policy.load, host.policy, row.file:match "^(.*)/", name)
    if not ok then row.problem = errors.words(failure) end
    local content, why = host.files.read(row.file)
    if content then
      row.checksum = host.bytes.sha256(content)
    else
      row.problem = why
    end
    list[i] = row
  end
  return list
end

return policy_directory

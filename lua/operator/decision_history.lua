-- The log of decisions, read: what was decided, from which facts, as lua/setup/decision_log.lua wrote it; and the same decisions asked
-- again.

local command = require "operator.command"
local decision_log = require "setup.decision_log"
local errors = require "errors"
local moment = require "base.moment"
local policy = require "policy"

local decision_history = {}

local is_decision = {}
for _, name in ipairs(require "decisions") do is_decision[name] = true end

-- Without JSON's nulls.
local function plain(value, null)
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do
    if inner ~= null then twin[key] = plain(inner, null) end
  end
  return twin
end

local function is_record(record)
  return type(record) == "table" and type(record.id) == "string" and is_decision[record.decision] and type(record.facts) == "table"
end

local function add_file(host, path, list, is_wanted)
  local text, why, is_missing = host.files.read(path)
  if not text then return is_missing and 0 or nil, why end
  local skipped = 0
  for at, line in text:gmatch "(%d+) ([^\n]+)\n" do
    local record = is_wanted(line) and host.json.decode(line)
    if record and is_record(record) then
      record = plain(record, host.json.null)
      record.at, record.facts.now = math.tointeger(tonumber(at)), moment.of(tonumber(at))
      list[#list + 1] = record
    elseif record or record == nil then
      skipped = skipped + 1
    end
  end
  return skipped
end

-- read(host, path [, id]) -> records, the oldest first, with `at` (seconds since 1970) and facts that have `now`; and the number of
-- lines that are none. With an id only those that have it. A log that cannot be read ends the program with exit code 2.
function decision_history.read(host, path, id)
  local function is_wanted(line) return not id or line:find(id, 1, true) ~= nil end
  local list, skipped = {}, 0
  for _, file in ipairs { path .. ".1", path } do
    local count, why = add_file(host, file, list, is_wanted)
    if not count then error(command.refusal("%s", why)) end
    skipped = skipped + count
  end
  return list, skipped
end

-- The path of the log: the option's, else the configuration's; nothing configured ends the program with exit code 2.
function decision_history.path(host, option)
  if option then return option end
  local path = host.config.path and decision_log.path(command.settings(host))
  return path or error(command.refusal "no log of decisions: name a file with --log, or set policies.log in the configuration")
end

-- What was decided then, in the words that again() uses: { answer } or { refusal } or { failure }.
function decision_history.then_(record)
  local answer = record.answer
  if answer == "as ordered" then answer = { cloud_properties = record.facts.cloud_properties } end
  return { answer = answer, refusal = record.refusal, failure = record.failure }
end

-- asker(host, directory or nil) -> again(record) -> { answer, refusal, failure, remark, full (the answer with whole rows), file,
-- lacks (the costly facts that the policy needs and the log has not) }: the decision under the policies of that directory. A policy
-- that does not load ends the program with exit code 2, in its own words.
function decision_history.asker(host, directory)
  local outcome
  local decide = policy.new {
    ours = host.lua_dir .. "/policies", sandbox = host.policy, directory = function() return directory end,
    record = function(entry) outcome = entry end,
  }
  return function(record)
    local name = record.decision
    outcome = nil
    local _, failure = pcall(decide, name, record.facts)
    if not outcome then error(errors.is(failure) and command.refusal("%s", failure.message) or failure, 0) end
    local lacks = {}
    for word in pairs(outcome.chosen.needs) do
      if record.facts[word] == nil then lacks[#lacks + 1] = word end
    end
    return {
      answer = decision_log.answer_of(outcome.decision, outcome.facts, outcome.answer), full = outcome.answer, refusal = outcome.refusal,
      failure = outcome.failure, remark = outcome.remark, file = outcome.chosen.path, facts = outcome.facts, lacks = lacks,
    }
  end
end

-- Whose VM or disk it was, for a line: "cf/diego-cell", or what else there is.
function decision_history.whose(record)
  local facts = record.facts
  if facts.deployment and facts.instance_group then return facts.deployment .. "/" .. facts.instance_group end
  return facts.group or facts.command or record.verb or "-"
end

return decision_history

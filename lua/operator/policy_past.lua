-- cpi policy diff, replay and test --record: what the log of decisions is good for.

local command = require "operator.command"
local decision_history = require "operator.decision_history"
local moment = require "base.moment"
local new_paper = require "operator.paper"
local policy_diff = require "operator.policy_diff"
local test_recording = require "operator.test_recording"

local policy_past = {}

local function plural(n, word) return ("%d %s%s"):format(n, word, n == 1 and "" or "s") end

-- ---------------------------------------------------------------------------------------------------------
-- diff

local function print_group(paper, group)
  local examples = {}
  for i, one in ipairs(group.examples) do examples[i] = ("%s (%s)"):format(one.id, one.whose) end
  paper:line("  %6d  %s", group.count, group.change)
  paper:line("          %s%s", table.concat(examples, ", "), group.count > #examples and ", ..." or "")
end

local function print_comparison(paper, sum, skipped)
  for _, one in ipairs(sum.decisions) do
    if one.changed > 0 or one.lacking > 0 then
      paper:line("%s: %d of %d", paper:tint("bold", one.decision), one.changed, one.total)
      for _, group in ipairs(one.groups) do print_group(paper, group) end
      if one.lacking > 0 then
        paper:line("  %6d  were asked without facts that the policy needs: the log has them where a policy needed them then", one.lacking)
      end
    end
  end
  if skipped > 0 then paper:line("%s of the log not understood", plural(skipped, "line")) end
  paper:line("%s, %d would be others", plural(sum.total, "decision"), sum.changed)
end

-- diff(host, new, old, options) -> the exit code: 1 where something changes. new, old: directories of policies that exist; without
-- `old` the decisions are compared with what was decided then.
function policy_past.diff(host, new, old, options)
  local paper = new_paper(host)
  local now = decision_history.asker(host, new)
  local before = old and decision_history.asker(host, old) or decision_history.then_
  local records, skipped = decision_history.read(host, decision_history.path(host, options.log))
  local sum = policy_diff.compare(records, before, now)
  if options.output then
    for _, one in ipairs(sum.decisions) do
      for _, group in ipairs(one.groups) do group.examples = host.json.array(group.examples) end
      one.groups = host.json.array(one.groups)
    end
    paper:json { decisions = host.json.array(sum.decisions), total = sum.total, changed = sum.changed, skipped = skipped }
  else
    print_comparison(paper, sum, skipped)
  end
  return sum.changed > 0 and 1 or 0
end

-- ---------------------------------------------------------------------------------------------------------
-- replay

local function records_named(host, id, options)
  local list = {}
  for _, record in ipairs((decision_history.read(host, decision_history.path(host, options.log), id))) do
    if record.id == id or record.id:match "^(.*)%.%d+$" == id then list[#list + 1] = record end
  end
  if #list == 0 then error(command.refusal("no decision '%s' is in the log", id)) end
  return list
end

local function print_outcome(paper, title, outcome)
  if outcome.failure or outcome.refusal then
    paper:line("  %s: %s", title, paper:tint("red", outcome.failure or "refused: " .. outcome.refusal))
  else
    paper:value(title, outcome.answer, 2)
  end
end

local function print_replay(paper, record, outcome)
  local decision = require("decisions." .. record.decision)
  paper:line("%s of %s, %s, asked by %s at %s", paper:tint("bold", record.decision), decision_history.whose(record), record.id, record.verb,
    moment.text(record.at))
  paper:line "  from"
  paper:described(decision.facts, record.facts, 4)
  print_outcome(paper, "then", decision_history.then_(record))
  paper:line("    by %s", record.by == "site" and ("%s (SHA-256 %s)"):format(record.file, record.sum or "?") or "ours")
  if record.remark then paper:line("    %s", record.remark) end
  print_outcome(paper, "now", outcome)
  paper:line("    by %s", outcome.file)
  if outcome.remark then paper:line("    %s", outcome.remark) end
  if decision.weigh and outcome.full then
    paper:line "  candidates now"
    paper:candidates(decision.weigh(outcome.facts, outcome.full), 4)
  end
end

-- replay(host, id, directories or nil, options) -> the exit code: 1 where one would be decided in another way. id: a decision's, or
-- a request's, for all of its decisions. directories: of policies; nil: ours alone decide.
function policy_past.replay(host, id, directories, options)
  local records, paper, list, changed = records_named(host, id, options), new_paper(host), {}, 0
  local again = decision_history.asker(host, directories)
  for i, record in ipairs(records) do
    local outcome = again(record)
    changed = changed + policy_diff.compare({ record }, decision_history.then_, function() return outcome end).changed
    list[i] = { id = record.id, decision = record.decision, at = record.at, verb = record.verb, facts = record.facts,
      before = decision_history.then_(record), now = { answer = outcome.answer, refusal = outcome.refusal, failure = outcome.failure },
      by = record.by, file = record.file, sum = record.sum, decided_by = outcome.file }
    if not options.output then print_replay(paper, record, outcome) end
  end
  if options.output then paper:json(host.json.array(list)) end
  return changed > 0 and 1 or 0
end

-- ---------------------------------------------------------------------------------------------------------
-- test --record

-- record(host, ids, options) -> the exit code. Writes a file of tests to standard output.
function policy_past.record(host, ids, options)
  local records = {}
  if #ids == 0 then
    records = test_recording.choice((decision_history.read(host, decision_history.path(host, options.log))))
  end
  for _, id in ipairs(ids) do
    local named = records_named(host, id, options)
    table.move(named, 1, #named, #records + 1, records)
  end
  local text = test_recording.text(records):gsub("\n$", "")
  new_paper(host):text(text)
  return 0
end

return policy_past

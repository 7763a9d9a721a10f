-- The log of decisions: what was decided from which facts, for `cpi policy diff`, `replay` and `test --record`. Off unless
-- policies.log is set. A line for each decision; those of a request are written together, at its end.
--
-- A line is the seconds since 1970, a blank, and an object:
--   id        names the decision: the request's id and a number
--   verb, decision
--   facts     without `now`, which follows from the line's time; of rows that CloudStack sent, the fields that lua/decisions describes
--   answer    in the CPI's words; a row of the facts is { id, name } there; "as ordered" where ours leaves an order as it is; or
--   refusal   the policy's words;  or failure: what was wrong with the policy
--   remark    the words beside an answer
--   by        "site" or "default";  file, sum: of a site's policy
--   needs     the costly facts that the policy says it needs, where it does
-- Secrets are masked, as in the log.

local tables = require "base.tables"

local decision_log = {}

local MB, DAY = 1048576, 86400
local LARGEST = 64 -- MB: two files that are read whole
local MOST_WAITING = 50 -- decisions, for the end of their request

-- The fields of rows that CloudStack sent, by the names of the facts that are such rows; worked out once per decision.
local function open_lists(decision)
  local open = {}
  for _, row in ipairs(decision.facts) do
    if row.open and row[2] == "object[]" then open[row[1]] = row.fields end
  end
  return open
end

-- Adds the texts of data to a list, each once: most stand in every decision of a request.
local function collect(value, texts)
  if type(value) == "table" then
    for key, inner in next, value do
      collect(key, texts)
      collect(inner, texts)
    end
  elseif type(value) == "string" and not texts[value] then
    texts[value] = true
    texts[#texts + 1] = value
  end
end

-- Makes of the facts what is kept of them -> { row = { id, name } } of the rows that CloudStack sent. texts gets what may have a secret
-- in it: not those rows, which are most of the text, and not the names of facts.
local function reduce(facts, open, texts)
  local brief = {}
  facts.now = nil
  for name, value in next, facts do
    local fields = open[name]
    if fields then
      local list = {}
      for i, row in ipairs(value) do
        local one = {}
        for j = 1, #fields do one[fields[j][1]] = row[fields[j][1]] end
        list[i], brief[row] = one, { id = row.id, name = row.name }
      end
      facts[name] = list
    else
      collect(value, texts)
    end
  end
  return brief
end

-- An answer with rows of the facts as { id, name }; its other texts are added to a list.
local function shortened(value, brief, texts)
  if brief[value] then return brief[value] end
  if type(value) ~= "table" then
    collect(value, texts)
    return value
  end
  local twin = {}
  for key, inner in next, value do
    collect(key, texts)
    twin[key] = shortened(inner, brief, texts)
  end
  return twin
end

-- The answer to these facts as the log would have it, to be compared with what it has.
function decision_log.answer_of(decision, facts, answer)
  return shortened(answer, reduce(tables.with(facts, {}), open_lists(decision), {}), {})
end

-- new{ append, json, mask, warn, now, request, verb } -> { add, flush }
--   append(lines) -> true, or nil and why;  json, mask, warn: the host's;  now: seconds since 1970
--   request  the request's id, or a random one;  verb: its method
-- add(entry) takes what lua/policy.lua records, and its facts are the log's from then on; flush() writes what there is. What cannot
-- be written is warned about once, and stops nothing.
function decision_log.new(parts)
  local lines, texts, count, opens, has_failed = {}, { parts.request }, 0, {}, false

  -- To mask is dear, and there is hardly ever a secret among facts: all texts are looked at together first.
  local function without_secrets()
    local all = table.concat(texts, "\n")
    if parts.mask(all) == all then return lines end
    return require "setup.decision_masking"(lines, parts.json, parts.mask)
  end

  local self = {}

  function self.flush()
    if #lines == 0 or has_failed then return end
    local done, why = parts.append(table.concat(without_secrets()))
    lines, texts = {}, { parts.request }
    has_failed = not done
    if not done then parts.warn("the log of decisions could not be written: %s", why) end
  end

  function self.add(entry)
    local name, chosen = entry.name, entry.chosen
    opens[name] = opens[name] or entry.decision and open_lists(entry.decision) or {}
    local brief = reduce(entry.facts, opens[name], texts)
    count = count + 1
    local record = {
      id = ("%s.%d"):format(parts.request, count), verb = parts.verb, decision = name, facts = entry.facts,
      answer = shortened(entry.answer, brief, texts), refusal = entry.refusal, failure = entry.failure, remark = entry.remark,
      by = chosen.is_site and "site" or "default", file = chosen.is_site and chosen.path or nil, sum = chosen.sum,
      needs = next(chosen.needs) and tables.sorted_keys(chosen.needs) or nil,
    }
    local ok, text = pcall(parts.json.encode, record)
    if not ok then return parts.warn("a decision on %s was not logged: %s", name, text) end
    collect({ record.refusal, record.failure, record.remark, record.file }, texts)
    lines[#lines + 1] = ("%d %s\n"):format(parts.now(), text)
    if #lines >= MOST_WAITING then self.flush() end
  end

  return self
end

-- path(settings) -> where the log is, or nil where none is kept.
function decision_log.path(settings)
  local path = settings.policies.log
  if path == "store" then return settings.store.path ~= "" and settings.store.path .. ".decisions" or nil end
  return path ~= "" and path or nil
end

-- of(host, request, settings) -> the log of a request's decisions, or nil
function decision_log.of(host, request, settings)
  local path, policies = decision_log.path(settings), settings.policies
  if not path then return nil end
  return decision_log.new {
    json = host.json, mask = host.log.mask, warn = host.log.warn, now = host.clock.utc, verb = request.method,
    request = request.context.request_id or host.bytes.uuid():sub(1, 8),
    append = function(lines) return host.files.append(path, lines, math.min(policies.log_size, LARGEST) * MB, policies.log_days * DAY) end,
  }
end

return decision_log

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

-- The fields of open rows that are kept, by the names of the facts; worked out once per decision.
local function open_lists(decision)
  local open = {}
  for _, row in ipairs(decision.facts) do
    if row.open and row[2] == "object[]" then open[row[1]] = row.fields end
  end
  return open
end

-- The facts as they are kept, and { row = { id, name } } of the rows that CloudStack sent.
local function kept(facts, open)
  local twin, brief = {}, {}
  for key, value in pairs(facts) do
    local fields = open[key]
    if fields then
      local list = {}
      for i, row in ipairs(value) do
        local one = {}
        for j = 1, #fields do one[fields[j][1]] = row[fields[j][1]] end
        list[i], brief[row] = one, { id = row.id, name = row.name }
      end
      twin[key] = list
    elseif key ~= "now" then
      twin[key] = value
    end
  end
  return twin, brief
end

-- An answer with rows of the facts as { id, name }.
local function shortened(value, brief)
  if type(value) ~= "table" then return value end
  if brief[value] then return brief[value] end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = shortened(inner, brief) end
  return twin
end

-- The answer to these facts as the log would have it, to be compared with what it has.
function decision_log.answer_of(decision, facts, answer)
  local _, brief = kept(facts, open_lists(decision))
  return shortened(answer, brief)
end

-- Adds the texts of data to a list, each once: most stand in every decision of a request.
local function collect(value, texts)
  if type(value) == "table" then
    for key, inner in pairs(value) do
      collect(key, texts)
      collect(inner, texts)
    end
  elseif type(value) == "string" and not texts[value] then
    texts[value] = true
    texts[#texts + 1] = value
  end
end

-- The facts without the rows that CloudStack sent: names of offerings are nobody's secret, and they are most of the text.
local function without(facts, open)
  local twin = {}
  for key, value in pairs(facts) do twin[key] = not open[key] and value or nil end
  return twin
end

-- A copy of data with every text masked.
local function masked(value, mask)
  if type(value) == "string" then return mask(value) end
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[masked(key, mask)] = masked(inner, mask) end
  return twin
end

-- new{ append, json, mask, warn, now, request, verb } -> { add, flush }
--   append(lines) -> true, or nil and why;  json, mask, warn: the host's;  now: seconds since 1970
--   request  the request's id, or a random one;  verb: its method
-- add(entry) takes what lua/policy.lua records; flush() writes what there is. What cannot be written is warned about once, and stops
-- nothing.
function decision_log.new(parts)
  local records, texts, count, opens, has_failed = {}, {}, 0, {}, false

  -- To mask is dear, and there is hardly ever a secret among facts: all texts are looked at together first.
  local function without_secrets()
    local all = table.concat(texts, "\n")
    if parts.mask(all) == all then return records end
    local list = {}
    for i, one in ipairs(records) do
      list[i] = { at = one.at, text = parts.json.encode(masked(parts.json.decode(one.text), parts.mask)) }
    end
    return list
  end

  local self = {}

  function self.flush()
    if #records == 0 or has_failed then return end
    local lines = {}
    for i, one in ipairs(without_secrets()) do lines[i] = ("%d %s\n"):format(one.at, one.text) end
    records, texts = {}, {}
    local done, why = parts.append(table.concat(lines))
    has_failed = not done
    if not done then parts.warn("the log of decisions could not be written: %s", why) end
  end

  function self.add(entry)
    local name, chosen = entry.name, entry.chosen
    opens[name] = opens[name] or entry.decision and open_lists(entry.decision) or {}
    local facts, brief = kept(entry.facts, opens[name])
    count = count + 1
    local record = {
      id = ("%s.%d"):format(parts.request, count), verb = parts.verb, decision = name, facts = facts,
      answer = shortened(entry.answer, brief), refusal = entry.refusal, failure = entry.failure, remark = entry.remark,
      by = chosen.is_site and "site" or "default", file = chosen.is_site and chosen.path or nil, sum = chosen.sum,
      needs = next(chosen.needs) and tables.sorted_keys(chosen.needs) or nil,
    }
    local ok, text = pcall(parts.json.encode, record)
    if not ok then return parts.warn("a decision on %s was not logged: %s", name, text) end
    record.facts = without(facts, opens[name])
    collect(record, texts)
    records[#records + 1] = { at = parts.now(), text = text }
    if #records >= MOST_WAITING then self.flush() end
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

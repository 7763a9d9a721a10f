-- A file of tests made of logged decisions: what was decided then is to be decided again.

local decision_history = require "operator.decision_history"
local tables = require "base.tables"

local test_recording = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until while]])
  :gmatch "%a+" do
  KEYWORDS[word] = true
end

local function key_text(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" and not KEYWORDS[key] then return key end
  return ("[%s]"):format(type(key) == "string" and ("%q"):format(key):gsub("\\\n", "\\n") or tostring(key))
end

local WIDEST = 120

-- The value as Lua text, on one line where it is short.
local function literal(value, indent)
  if type(value) == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
  if type(value) ~= "table" then return tostring(value) end
  local parts, pad = {}, (" "):rep(indent + 2)
  for _, one in ipairs(value) do parts[#parts + 1] = literal(one, indent + 2) end
  for _, key in ipairs(tables.sorted_keys(value)) do
    local is_listed = math.type(key) == "integer" and key >= 1 and key <= #value
    if not is_listed then parts[#parts + 1] = ("%s = %s"):format(key_text(key), literal(value[key], indent + 2)) end
  end
  if #parts == 0 then return "{}" end
  local line = ("{ %s }"):format(table.concat(parts, ", "))
  if #line + indent <= WIDEST and not line:find "\n" then return line end
  return ("{\n%s%s,\n%s}"):format(pad, table.concat(parts, ",\n" .. pad), (" "):rep(indent))
end

-- The rows of all lists of the facts by their ids.
local function rows_by_id(facts)
  local rows = {}
  for _, list in pairs(facts) do
    for _, row in ipairs(type(list) == "table" and list or {}) do
      if type(row) == "table" and row.id and row.name then rows[row.id] = row end
    end
  end
  return rows
end

-- The logged answer with whole rows in the place of { id, name }.
local function whole(value, rows)
  if type(value) ~= "table" then return value end
  if value.id and rows[value.id] and value.name == rows[value.id].name then return rows[value.id] end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = whole(inner, rows) end
  return twin
end

local function one_test(record)
  local outcome = decision_history.then_(record)
  local words = ("%s of %s, as %s was decided"):format(record.decision, decision_history.whose(record), record.id)
  local facts = literal(record.facts, 2)
  if outcome.refusal then
    return ("test(%s, function()\n  holds(%s, refused(%q, %s))\nend)\n"):format(literal(words, 0), literal(outcome.refusal, 2),
      record.decision, facts)
  end
  return ("test(%s, function()\n  equal(%s,\n    decide(%q, %s))\nend)\n"):format(literal(words, 0),
    literal(whole(outcome.answer, rows_by_id(record.facts)), 2), record.decision, facts)
end

-- The text of a file of tests. records: as decision_history.read gives them; one that was an error makes no test.
function test_recording.text(records)
  local parts = { "-- Made by `cpi policy test --record` of logged decisions: what was decided then is to be decided again.\n" }
  for _, record in ipairs(records) do
    if not record.failure then parts[#parts + 1] = one_test(record) end
  end
  return table.concat(parts, "\n")
end

local MOST = 50

-- A choice of records worth a test: the latest of each kind of decision, whose, and outcome; the oldest of them first.
function test_recording.choice(records)
  local seen, list = {}, {}
  for i = #records, 1, -1 do
    local record = records[i]
    local outcome = decision_history.then_(record)
    local answer = record.decision == "names" and "" or literal(outcome.answer or outcome.refusal or "", 0)
    local key = ("%s %s %s"):format(record.decision, decision_history.whose(record), answer)
    if not seen[key] and not record.failure and record.decision ~= "retry" and #list < MOST then
      seen[key] = true
      table.insert(list, 1, record)
    end
  end
  return list
end

return test_recording

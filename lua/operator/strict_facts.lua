-- Facts that notice what they are asked for and cannot have: a misspelt one, one of another decision, one that costs a request and
-- was not asked for, index 0 of a list. The policy gets nil, as it would in a request; the mistake is reported with the line.

local spelling = require "base.spelling"
local tables = require "base.tables"

local strict_facts = {}

-- Whose fact it is, for a message: decisions that have one of that name.
local function elsewhere(name)
  local found = {}
  for _, decision in ipairs(require "decisions") do
    for _, row in ipairs(require("decisions." .. decision).facts) do
      if row[1] == name then found[#found + 1] = decision end
    end
  end
  if #found == 0 then return nil end
  return ("; %s %s it"):format(table.concat(found, ", "), #found == 1 and "has" or "have")
end

local function names_of(rows)
  local names = {}
  for i, row in ipairs(rows) do names[i], names[row[1]] = row[1], row end
  return names
end

-- What is wrong with asking for that field, or nil. at: { rows, path, open, is_top, decision, needs }
local function wrong_field(at, key)
  if type(key) ~= "string" then return ("%s has no field %s"):format(at.path, tostring(key)) end
  local names = names_of(at.rows)
  local row = names[key]
  if row then
    local is_costly = at.is_top and (key == "counts" or key == "limits") and not at.needs[key]
    return is_costly and ('facts.%s is there for a policy that says needs = { "%s" }'):format(key, key) or nil
  end
  local near = spelling.nearest(key, names)
  if at.open and not near then return nil end -- what else the server may send
  if at.is_top then
    local hint = near and (" (did you mean '%s'?)"):format(near) or elsewhere(key) or ""
    return ("facts.%s is not a fact of %s%s"):format(key, at.decision, hint)
  end
  return ("%s has no '%s'%s"):format(at.path, key, near and (" (did you mean '%s'?)"):format(near) or "")
end

local function wrong_entry(path, key)
  if math.type(key) == "integer" and key >= 1 then return nil end
  if math.type(key) then return ("%s[%s] is not there: a list begins with 1"):format(path, tostring(key)) end
  return ("%s is a list: '%s' is a field of its entries, if of anything, such as %s[1]"):format(path, tostring(key), path)
end

-- The table with a notice for what is not in it.
local function noticing(value, check, report)
  return setmetatable(value, { __index = function(_, key)
    local words = check(key)
    if words then report(words) end
  end })
end

local watch -- of an object

local function watch_field(row, value, path, at, report)
  if type(value) ~= "table" then return end
  local is_list = row[2]:find "%[%]$"
  if is_list then noticing(value, function(key) return wrong_entry(path, key) end, report) end
  if not row.fields then return end
  for i, one in ipairs(is_list and value or { value }) do
    watch(one, { rows = row.fields, open = row.open, path = is_list and ("%s[%d]"):format(path, i) or path, needs = at.needs }, report)
  end
end

function watch(facts, at, report)
  for _, row in ipairs(at.rows) do watch_field(row, rawget(facts, row[1]), at.path .. "." .. row[1], at, report) end
  return noticing(facts, function(key) return wrong_field(at, key) end, report)
end

local MOST_MISTAKES = 5 -- of one policy; each once

-- of(name, facts, needs) -> the facts, which are changed, and a list that gets "FILE:LINE: words" for each mistake
--   name  of the decision;  needs  the set of costly facts that the policy needs
function strict_facts.of(name, facts, needs)
  local mistakes = {}
  local function report(words)
    local _, located = pcall(error, words, 4) -- the line that reads the field: above pcall, this function and the notice
    if not tables.place(mistakes, located) and #mistakes < MOST_MISTAKES then mistakes[#mistakes + 1] = located end
  end
  local at = { rows = require("decisions." .. name).facts, path = "facts", is_top = true, decision = name, needs = needs }
  return watch(facts, at, report), mistakes
end

return strict_facts

-- What other policies would have decided: logged decisions asked again, and what changes, in groups of the same change.

local decision_history = require "operator.decision_history"
local tables = require "base.tables"

local policy_diff = {}

local function is_row(value) return type(value) == "table" and value.id ~= nil and value.name ~= nil end

-- A value in few words: a row by its name, a list of them by their names.
local function brief(value)
  if value == nil then return "nothing" end
  if type(value) ~= "table" then return tostring(value) end
  if is_row(value) then return tostring(value.name) end
  local parts = {}
  for _, key in ipairs(tables.sorted_keys(value)) do
    parts[#parts + 1] = (math.type(key) and "" or key .. " = ") .. brief(value[key])
  end
  return #parts == 0 and "none" or table.concat(parts, ", ")
end

local LONGEST = 40

-- An answer beside a refusal: what is long is every VM's own, and would make a group of each.
local function in_short(answer)
  local words = brief(answer)
  return #words <= LONGEST and not (type(answer) == "table" and answer.cloud_properties) and words or "an answer"
end

-- Adds "path: old -> new" for each field that differs.
local function add_changes(list, path, old, new)
  if tables.same(old, new) then return end
  local are_objects = type(old) == "table" and type(new) == "table" and not is_row(old) and #old == 0 and #new == 0
  if not are_objects then
    list[#list + 1] = ("%s%s -> %s"):format(path == "" and "" or path .. ": ", brief(old), brief(new))
    return
  end
  for _, key in ipairs(tables.sorted_keys(tables.with(old, new))) do
    add_changes(list, path == "" and tostring(key) or ("%s.%s"):format(path, key), old[key], new[key])
  end
end

-- An outcome without an answer, in words; nil for an answer.
local function trouble(outcome)
  if outcome.failure then return "an error: " .. outcome.failure:gsub("^%S+%.lua:%d+: ", "") end
  return outcome.refusal and "refused: " .. outcome.refusal
end

-- The change in words, without what is every VM's own; nil where there is none.
local function change(record, old, new)
  local before, after = trouble(old), trouble(new)
  local words
  if before or after then
    if before == after then return nil end
    words = ("%s -> %s"):format(before or in_short(old.answer), after or in_short(new.answer))
  else
    local list = {}
    add_changes(list, "", old.answer, new.answer)
    if #list == 0 then return nil end
    words = table.concat(list, "; ")
  end
  local cid = record.facts.cid
  if cid then
    words = words:gsub(cid:gsub("%p", "%%%0"), "CID")
    words = words:gsub(cid:sub(-8):gsub("%p", "%%%0"), "CID")
  end
  return words
end

local MOST_EXAMPLES = 3

-- compare(records, then_, now) -> { decisions = { { decision, total, changed, lacking, groups = { { change, count, examples } } } },
-- total, changed }: in the order of the decisions' names in lua/decisions.lua, the largest group first.
--   then_, now  functions of a record -> outcome, as decision_history has them
function policy_diff.compare(records, then_, now)
  local by_name, sum = {}, { decisions = {}, total = #records, changed = 0 }
  for _, record in ipairs(records) do
    local name = record.decision
    local one = by_name[name] or { decision = name, total = 0, changed = 0, lacking = 0, groups = {}, of = {} }
    by_name[name], one.total = one, one.total + 1
    local after = now(record)
    if #after.lacks > 0 then one.lacking = one.lacking + 1 end
    local words = change(record, then_(record), after)
    if words then
      local group = one.of[words]
      if not group then
        group = { change = words, count = 0, examples = {} }
        one.of[words], one.groups[#one.groups + 1] = group, group
      end
      group.count, one.changed, sum.changed = group.count + 1, one.changed + 1, sum.changed + 1
      if #group.examples < MOST_EXAMPLES then
        table.insert(group.examples, { id = record.id, whose = decision_history.whose(record) })
      end
    end
  end
  for _, name in ipairs(require "decisions") do
    local one = by_name[name]
    if one then
      one.of = nil
      table.sort(one.groups, function(a, b) return a.count > b.count or a.count == b.count and a.change < b.change end)
      table.insert(sum.decisions, one)
    end
  end
  return sum
end

return policy_diff

-- Facts held against their description in lua/decisions/NAME.lua: what is missing, of the wrong type, or unknown.

local spelling = require "base.spelling"

local facts = {}

local check = {}

function check.string(value) return type(value) == "string" end
function check.boolean(value) return type(value) == "boolean" end
function check.number(value) return math.type(value) ~= nil end
function check.integer(value) return math.tointeger(math.type(value) and value) ~= nil end
function check.object(value) return type(value) == "table" end
function check.any() return true end

-- One alternative of a type: "integer", "string[]", "table<string, string>" or a literal in quotes.
local function is_a(value, kind)
  if kind:sub(1, 1) == '"' then return value == kind:sub(2, -2) end
  local element = kind:match "^(.*)%[%]$"
  if element or kind:find "^table<" then
    if type(value) ~= "table" then return false end
    element = element or kind:match ", (%w+)>$"
    for key, one in pairs(value) do
      if math.type(key) ~= "integer" == not kind:find "^table<" or not is_a(one, element) then return false end
    end
    return true
  end
  return check[kind](value)
end

local function fits(value, kinds)
  for kind in kinds:gmatch "[^|]+" do
    if is_a(value, kind) then return true end
  end
  return false
end

local check_fields -- of one object

local function check_fact(row, value, path, problems)
  local name, kind = row[1], row[2]
  local where = path .. name
  if value == nil then
    if not row.optional then problems[#problems + 1] = ("%s is missing (%s)"):format(where, kind) end
  elseif not fits(value, kind) then
    problems[#problems + 1] = ("%s must be %s, it is %s"):format(where, kind, type(value) == "table" and "a table"
      or ("%q"):format(value))
  elseif row.fields and kind == "object[]" then
    for i, one in ipairs(value) do check_fields(row, one, ("%s[%d]."):format(where, i), problems) end
  elseif row.fields then
    check_fields(row, value, where .. ".", problems)
  end
end

function check_fields(rows, value, path, problems)
  local names = {}
  for i, row in ipairs(rows.fields) do
    names[i], names[row[1]] = row[1], true
    check_fact(row, value[row[1]], path, problems)
  end
  if rows.open then return end
  local unknown = {}
  for key in pairs(value) do
    if not names[key] then unknown[#unknown + 1] = tostring(key) end
  end
  table.sort(unknown)
  for _, key in ipairs(unknown) do
    problems[#problems + 1] = ("%s%s is not a fact%s"):format(path, key, spelling.suggestion(key, names))
  end
end

-- problems(decision, given) -> a list of sentences, empty when the facts are as described. decision: what
-- require "decisions.NAME" returns.
function facts.problems(decision, given)
  local problems = {}
  check_fields({ fields = decision.facts }, given, "facts.", problems)
  return problems
end

return facts

-- The small mistakes that can be made in a Lua text, one line each; before and after are the whole line.
--   operators.candidates(text)        { LINE = { { line, name, before, after }, ... } }, and a list of the lines
--   operators.loading(lines, list)    those of one line's candidates with which the text still loads
-- The name of a module in a `require` and strings of several lines stay as they are.

local tokens = require "tests.mutants.tokens"

local SWAPPED = {
  ["=="] = "~=", ["~="] = "==", ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">", ["+"] = "-",
  ["and"] = "or", ["or"] = "and", ["true"] = "false", ["false"] = "true",
}

local function lines_of(text)
  local lines, starts, at = {}, {}, 1
  for line in (text:sub(-1) == "\n" and text or text .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1], starts[#starts + 1] = line, at
    at = at + #line + 1
  end
  return lines, starts
end

-- The end of a plain find, `, 1, true)`: another number or `false` there is the same for nearly every text.
local function is_of_plain_find(text, token)
  local to = token.text == "true" and token.to or select(2, text:find("^%s*,%s*true", token.to + 1))
  return to ~= nil and text:sub(1, to):find(",%s*1,%s*true$", token.from - 6) ~= nil and text:find("^%)", to + 1) ~= nil
end

-- What a token may become: { { name, text }, ... }. before: the text of the token before it.
local function changes(text_of_all, token, before)
  if is_of_plain_find(text_of_all, token) then return {} end
  local text = token.text
  local swap = SWAPPED[text]
  if swap and token.kind ~= "string" and not (text == "<" and before == "local name") then
    return { { ("%s becomes %s"):format(text, swap), swap } }
  end
  if token.kind == "number" and math.type(tonumber(text)) then
    local number = tonumber(text)
    return { { "one more", tostring(number + 1) }, { "one less", tostring(number - 1) } }
  end
  if token.kind == "string" and not token.is_long and #text > 2 and before ~= "require" then
    return { { "an empty string", '""' } }
  end
  if text == "not" then return { { "'not' is gone", "" } } end
  return {}
end

-- The condition between a keyword of these and its end, on one line.
local CONDITIONS = { ["if"] = "then", ["elseif"] = "then", ["while"] = "do" }

local function negations(list, at, text)
  local ending = CONDITIONS[list[at].text]
  if list[at].kind ~= "name" or not ending then return nil end
  for i = at + 1, #list do
    if list[i].line ~= list[at].line then return nil end
    if list[i].text == "function" then return nil end
    if list[i].text == ending and list[i].kind == "name" then
      return list[at + 1].from, list[i - 1].to, ("not (%s)"):format(text:sub(list[at + 1].from, list[i - 1].to))
    end
  end
end

-- A line that is a statement for itself: a call or an assignment, or a return.
local function statement(line)
  local trimmed = line:match "^%s*(.-)%s*$"
  if trimmed == "" or trimmed:find "^%-%-" or trimmed:find "^local " or trimmed:find "^function " then return nil end
  if not load("local function f(...) " .. trimmed .. " end") then return nil end
  return trimmed
end

local function whole_line_changes(line)
  local trimmed = statement(line)
  if not trimmed or trimmed == "end" then return {} end
  local blank = line:match "^%s*"
  if trimmed:find "^return%f[%W]" then
    local value = trimmed:match "^return%s+(.+)$"
    if not value or value == "nil" or value == "false" then return {} end
    return { { "returns nothing", blank .. "return nil" } }
  end
  if trimmed:find "^break" or trimmed:find "^goto" then return {} end
  local list = { { "the statement is gone", blank .. "do end" } }
  if blank ~= "" then list[2] = { "returns early", blank .. "do return end " .. trimmed } end
  return list
end

local function replaced(line, from, to, text) return line:sub(1, from - 1) .. text .. line:sub(to + 1) end

-- What may go wrong in each line, as { line, name, before, after } by the numbers of the lines; and the lines.
local function candidates(text)
  local lines, starts = lines_of(text)
  local list, by_line, long = tokens(text), {}, {}
  local function add(number, name, after)
    by_line[number] = by_line[number] or {}
    if after ~= lines[number] then table.insert(by_line[number], { line = number, name = name, before = lines[number], after = after }) end
  end
  for at, token in ipairs(list) do
    local start = starts[token.line]
    local previous, older = list[at - 1], list[at - 2]
    local before = older and older.text == "local" and "local name" or previous and previous.text
    if before == "(" and older and older.text == "require" then before = "require" end
    for _, change in ipairs(changes(text, token, before)) do
      add(token.line, change[1], replaced(lines[token.line], token.from - start + 1, token.to - start + 1, change[2]))
    end
    local from, to, condition = negations(list, at, text)
    if from then
      add(token.line, "the condition is negated", replaced(lines[token.line], from - start + 1, to - start + 1, condition))
    end
    if token.is_long then
      for _ in token.text:gmatch "\n" do long[token.line + 1] = true end
    end
  end
  for number, line in ipairs(lines) do
    if not long[number] then
      for _, change in ipairs(whole_line_changes(line)) do add(number, change[1], change[2]) end
    end
  end
  return by_line, lines
end

local operators = { candidates = candidates }

-- Those of a line's candidates with which the file still loads.
function operators.loading(lines, list)
  local good = {}
  for _, one in ipairs(list) do
    local line = lines[one.line]
    lines[one.line] = one.after
    if load(table.concat(lines, "\n")) then good[#good + 1] = one end
    lines[one.line] = line
  end
  return good
end

return operators

-- Data that somebody else made: is it within the bounds of what is worth reading? Nothing but texts in UTF-8, finite numbers,
-- booleans and tables of them, neither deep nor large. A table that holds itself is deep; one that holds another many times
-- counts it as often.

local bounded = {}

local DEEPEST, MOST, LONGEST = 20, 200000, 65536 -- tables in tables; values in all; bytes of a text

local check -- of a value of any kind -> nil, or what is wrong

local function check_table(value, seen, depth, path)
  if depth > DEEPEST then return ("%s has more than %d tables in each other"):format(path, DEEPEST) end
  for key, inner in next, value do
    seen.values = seen.values + 1
    if seen.values > MOST then return ("it has more than %d values"):format(MOST) end
    if type(key) ~= "string" and not math.type(key) then return ("%s has a key that is a %s"):format(path, type(key)) end
    local wrong = check(key, seen, depth, "a key of " .. path) or type(inner) ~= "boolean"
      and check(inner, seen, depth + 1, path == "it" and "its " .. tostring(key) or ("%s.%s"):format(path, tostring(key)))
    if wrong then return wrong end
  end
end

function check(value, seen, depth, path)
  local kind = type(value)
  if kind == "table" then
    return check_table(value, seen, depth, path)
  elseif kind == "string" then
    if #value > LONGEST then return ("%s is longer than %d bytes"):format(path, LONGEST) end
    return not utf8.len(value) and path .. " is not UTF-8" or nil
  elseif kind == "number" then
    return value - value ~= 0 and path .. " is not a finite number" or nil
  elseif kind ~= "boolean" and kind ~= "nil" then
    return ("%s is a %s"):format(path, kind)
  end
end

-- problem(value) -> nil, or a sentence that says what is out of bounds, and where
function bounded.problem(value)
  return check(value, { values = 0 }, 1, "it")
end

local MOST_WORDS = 2000 -- bytes

-- A text for a message: in UTF-8 (a question mark stands for a byte that is not), and no longer than people read; nil for what is
-- not a text.
function bounded.words(text)
  if type(text) ~= "string" then return nil end
  local short, at = text:sub(1, MOST_WORDS), 1
  while true do
    local length, wrong = utf8.len(short, at)
    if length then break end
    short, at = short:sub(1, wrong - 1) .. "?" .. short:sub(wrong + 1), wrong
  end
  return #text > MOST_WORDS and short .. " ..." or short
end

return bounded

-- The tokens of a Lua text: tokens(text) -> list of { kind, text, from, to, line }, from and to in bytes of the text. kind is
-- "name", "number", "string" or "sign". Comments are left out. A token that runs over several lines has the line that it
-- begins on, and is_long = true.

local SIGNS = { "...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", ".." } -- longest first

-- The end of [[ ]] or [==[ ]==] that begins at `at`, or nil where none does.
local function long_end(text, at)
  local level = text:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, last = text:find("]" .. level .. "]", at, true)
  return last or #text
end

local function quoted_end(text, at)
  local quote, to = text:sub(at, at), at + 1
  while to <= #text and text:sub(to, to) ~= quote do
    to = to + (text:sub(to, to) == "\\" and 2 or 1)
  end
  return to
end

local function sign_end(text, at)
  for _, sign in ipairs(SIGNS) do
    if text:sub(at, at + #sign - 1) == sign then return at + #sign - 1 end
  end
  return at
end

-- -> kind (nil for a comment), last byte
local function token_at(text, at)
  local first = text:sub(at, at)
  if text:find("^%-%-", at) then
    return nil, long_end(text, at + 2) or (text:find("\n", at, true) or #text + 1) - 1
  end
  local last = select(2, text:find("^[%a_][%w_]*", at))
  if last then return "name", last end
  last = select(2, text:find("^0[xX][%x%.]+", at)) or select(2, text:find("^%d[%d%.]*[eE]?[%+%-]?%d*", at))
  if last then
    if text:find("^%d+%.%.", at) then last = select(2, text:find("^%d+", at)) end
    local number = text:sub(at, last):match "^[%w%.]*[%w%.]"
    if not tonumber(number) then number = text:match("^%d+", at) end
    return "number", at + #number - 1
  end
  if first == '"' or first == "'" then return "string", quoted_end(text, at) end
  last = long_end(text, at)
  if last then return "string", last end
  return "sign", sign_end(text, at)
end

return function(text)
  local list, at, line, counted = {}, 1, 1, 1
  local function line_of(byte)
    for _ in text:sub(counted, byte - 1):gmatch "\n" do line = line + 1 end
    counted = byte
    return line
  end
  while true do
    at = text:find("%S", at)
    if not at then return list end
    local kind, last = token_at(text, at)
    if kind then
      local words = text:sub(at, last)
      list[#list + 1] = { kind = kind, text = words, from = at, to = last, line = line_of(at), is_long = words:find("\n", 1, true) ~= nil }
    end
    at = last + 1
  end
end

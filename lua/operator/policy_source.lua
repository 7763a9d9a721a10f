-- Names in a policy's text, with their lines: those that Lua has and a policy has not, and the facts that it reads. Mistakes in them would
-- be found only when the line is reached.

local OF_LUA = {}
for name in ([[_G collectgarbage coroutine debug dofile getmetatable io load loadfile os package pcall print rawequal
  rawget rawlen rawset require setmetatable warn xpcall]]):gmatch "%S+" do
  OF_LUA[name] = true
end

-- The end of the string, comment or long bracket that begins at `at`, or nil.
local function skipped(text, at)
  local comment = text:sub(at, at + 1) == "--"
  local bracket = text:match(comment and "^%-%-%[(=*)%[()" or "^%[(=*)%[()", at)
  if bracket then
    return select(2, text:find("]" .. bracket .. "]", at, true)) or #text
  elseif comment then
    return (text:find("\n", at, true) or #text + 1) - 1
  end
  local quote = text:match("^[\"']", at)
  if not quote then return nil end
  local i = at + 1
  while i <= #text and text:sub(i, i) ~= quote and text:sub(i, i) ~= "\n" do
    i = i + (text:sub(i, i) == "\\" and 2 or 1)
  end
  return i
end

-- Calls see(word, at, line, before) for every word of the text that is neither string nor comment: `at` is where it begins, `before`
-- the last character before it.
local function walk(text, see)
  local at, line = 1, 1
  local before = "" -- what stands before a word: a field of something is another name
  while at <= #text do
    local last = skipped(text, at)
    local word = not last and text:match("^[%a_][%w_]*", at)
    if word then
      see(word, at, line, before)
      last = at + #word - 1
    end
    last = last or at
    local piece = text:sub(at, last)
    line = line + select(2, piece:gsub("\n", ""))
    if piece:find "%S" then before = piece:sub(-1) end
    at = last + 1
  end
end

-- names(text) -> { { name, line }, ... }. A name that the text makes its own (local x, x = ...) is left out.
local function names(text)
  local found = {}
  walk(text, function(word, at, line, before)
    if not OF_LUA[word] or before == "." or before == ":" then return end
    local own = text:find("local%s+" .. word .. "%f[^%w_]") or text:find("function%s+" .. word .. "%f[^%w_]")
      or text:match("^%s*=[^=]", at + #word)
    if not own then found[#found + 1] = { name = word, line = line } end
  end)
  return found
end

-- facts(text) -> { { name, line }, ... }: the fields of `facts` that the text reads, as far as they are named in it. One that it sets
-- itself is left out.
local function facts(text)
  local found, own = {}, {}
  walk(text, function(word, at, line, before)
    if word ~= "facts" or before == "." or before == ":" then return end
    local name, after = text:match("^%s*%.%s*([%a_][%w_]*)()", at + #word)
    if not name then return end
    if text:match("^%s*=[^=]", after) then own[name] = true else found[#found + 1] = { name = name, line = line } end
  end)
  local read = {}
  for _, one in ipairs(found) do
    if not own[one.name] then read[#read + 1] = one end
  end
  return read
end

return { names = names, facts = facts }

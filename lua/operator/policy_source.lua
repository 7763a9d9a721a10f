-- Names in a policy's text that Lua has and a policy has not, with their lines: they would be found only when the line
-- is reached.

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

-- names(text) -> { { name, line }, ... }. A name that the text makes its own (local x, x = ...) is left out.
local function names(text)
  local found, at, line = {}, 1, 1
  local before = "" -- what stands before a word: a field of something is another name
  while at <= #text do
    local last = skipped(text, at)
    local word = not last and text:match("^[%a_][%w_]*", at)
    if word then
      local own = text:find("local%s+" .. word .. "%f[^%w_]") or text:find("function%s+" .. word .. "%f[^%w_]")
        or text:match("^%s*=[^=]", at + #word)
      if OF_LUA[word] and before ~= "." and before ~= ":" and not own then
        found[#found + 1] = { name = word, line = line }
      end
      last = at + #word - 1
    end
    last = last or at
    local piece = text:sub(at, last)
    line = line + select(2, piece:gsub("\n", ""))
    if piece:find "%S" then before = piece:sub(-1) end
    at = last + 1
  end
  return found
end

return { names = names }

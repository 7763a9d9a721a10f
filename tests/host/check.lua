-- Claims, counted: check.that(claim, what), check.equal, check.same, check.raises. The runner reads the counts.

local harness = require "harness"

local check = { passed = 0, failed = 0 }

local function shown(value)
  if type(value) == "string" then return ("%q"):format(#value > 300 and value:sub(1, 300) .. "..." or value) end
  return tostring(value)
end

-- The line of the test that makes the claim: the first above this file.
local function where()
  for level = 3, 12 do
    local at = harness.debug.getinfo(level, "Sl")
    if not at then break end
    if not at.short_src:find "check%.lua$" and at.currentline > 0 then return at.short_src .. ":" .. at.currentline end
  end
  return "?"
end

local function tell(text) harness.host.console.write(text .. "\n") end

function check.that(claim, what)
  if claim then
    check.passed = check.passed + 1
  else
    check.failed = check.failed + 1
    tell(("%s: not so: %s"):format(where(), what or "the claim"))
  end
  return claim
end

function check.equal(expected, got, what)
  return check.that(rawequal(expected, got) or expected == got and math.type(expected) == math.type(got),
    ("%sexpected %s, got %s"):format(what and what .. ": " or "", shown(expected), shown(got)))
end

-- Where two values differ, or nil. Array marks and the kinds of numbers count.
local function difference(a, b, path)
  if type(a) ~= "table" or type(b) ~= "table" then
    if rawequal(a, b) and math.type(a) == math.type(b) then return nil end
    return ("%s: %s and %s"):format(path, shown(a), shown(b))
  end
  local json = harness.host.json
  if json.is_array(a) ~= json.is_array(b) then return path .. ": only one is an array" end
  for key, value in pairs(a) do
    local found = difference(value, b[key], path .. "." .. tostring(key))
    if found then return found end
  end
  for key in pairs(b) do
    if a[key] == nil then return ("%s.%s: only in one"):format(path, tostring(key)) end
  end
end

function check.same(expected, got, what)
  local found = difference(expected, got, "")
  return check.that(not found, ("%s differs at %s"):format(what or "it", tostring(found)))
end

function check.holds(part, text, what)
  return check.that(type(text) == "string" and text:find(part, 1, true),
    ("%s: %s is not in %s"):format(what or "text", shown(part), shown(text)))
end

-- f has to raise; answers what.
function check.raises(part, f, ...)
  local ok, why = pcall(f, ...)
  if not check.that(not ok, "nothing was raised; expected " .. part) then return nil end
  local text = type(why) == "table" and why.message or why
  check.that(tostring(text):find(part, 1, true), ("raised %s, expected %s"):format(shown(text), shown(part)))
  return why
end

return check

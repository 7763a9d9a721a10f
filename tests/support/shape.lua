-- Compares decoded JSON and error texts with written expectations and says in words what differs.
local shape = {}

-- Types are named by one letter so that a table of forty fields stays readable.
local TYPE = { s = "string", i = "integer", n = "number", b = "boolean", a = "array", o = "object" }

shape.ABSENT = setmetatable({}, { __tostring = function() return "nothing" end })
shape.ANY = setmetatable({}, { __tostring = function() return "anything" end })

local UUID = ("x"):rep(8) .. "-" .. ("x"):rep(4) .. "-" .. ("x"):rep(4) .. "-" .. ("x"):rep(4) .. "-" .. ("x"):rep(12)
UUID = UUID:gsub("%-", "%%-"):gsub("x", "%%x")

-- The JSON type of a decoded value. An empty table is what the decoder's array mark says it is.
function shape.type_of(value, json)
  if value == nil then return "nothing" end
  if value == json.null then return "null" end
  if type(value) == "table" then return json.is_array(value) and "array" or "object" end
  if math.type(value) == "integer" then return "integer" end
  return type(value)
end

-- "id:s size:i" as { id = "string", size = "integer" }; a misspelt entry is an error of the table, not of the model.
function shape.fields(text)
  local found = {}
  for entry in text:gmatch("%S+") do
    local name, letter = entry:match("^(.+):(%a)$")
    assert(name and TYPE[letter], "bad field entry '" .. entry .. "'")
    assert(not found[name], "field '" .. name .. "' is listed twice")
    found[name] = TYPE[letter]
  end
  return found
end

-- All that is wrong with the fields of one object: missing, of another type, forbidden, or never seen at all.
function shape.problems(object, expected, json)
  local problems = {}
  local function note(...) problems[#problems + 1] = string.format(...) end
  if type(object) ~= "table" or json.is_array(object) then
    note("is %s, not an object", shape.type_of(object, json))
    return problems
  end
  local always, sometimes = shape.fields(expected.always), shape.fields(expected.sometimes or "")
  for name, kind in pairs(always) do
    local seen = shape.type_of(object[name], json)
    if seen ~= kind then note("%s is %s, not %s", name, seen, kind) end
  end
  for name in (expected.never or ""):gmatch("%S+") do
    if object[name] ~= nil then note("%s must not be shown", name) end
  end
  for name, value in pairs(object) do
    local kind, seen = sometimes[name], shape.type_of(value, json)
    if kind and kind ~= seen then note("%s is %s, not %s", name, seen, kind) end
    if not kind and not always[name] and not expected.open then note("%s is unheard of", name) end
  end
  table.sort(problems)
  return problems
end

-- A text with %u (a uuid), %d (digits), %% and {..} (an internal dump) as an anchored Lua pattern.
function shape.pattern(text)
  local out = text:gsub("[%^%$%(%)%.%[%]%*%+%-%?]", "%%%0")
  out = out:gsub("{%%%.%%%.}", "%%b{}")
  out = out:gsub("()%%(.)", function(_, letter)
    if letter == "u" then return UUID end
    if letter == "d" then return "%d+" end
    if letter:match("[%^%$%(%)%.%[%]%*%+%-%?b%%]") then return nil end
    error("unknown placeholder '%" .. letter .. "' in '" .. text .. "'", 0)
  end)
  return "^" .. out .. "$"
end

function shape.text_fits(text, expected)
  return type(text) == "string" and text:match(shape.pattern(expected)) ~= nil
end

-- "volume.1.state" looked up in nested tables; nil where the way ends early.
function shape.at(value, path)
  for name in path:gmatch("[^%.]+") do
    if type(value) ~= "table" then return nil end
    value = value[math.tointeger(tonumber(name)) or name]
  end
  return value
end

return shape

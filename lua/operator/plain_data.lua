-- Copies of data across the border of a sandbox: numbers, strings, booleans, and tables of them without metatables.

local plain_data = {}

local DEEPEST = 100 -- tables in tables; more is a table in itself

local is_scalar = { string = true, number = true, boolean = true, ["nil"] = true }

-- other(value) -> what replaces a value that is not data. Raises a table with the words of a refusal.
local function carried(value, other, depth)
  if is_scalar[type(value)] then return value end
  if type(value) ~= "table" then return other(value) end
  if depth > DEEPEST then error { words = ("it has more than %d tables in each other"):format(DEEPEST) } end
  local twin = {}
  for key, inner in next, value do
    local name = carried(key, other, depth + 1)
    if name ~= nil then twin[name] = carried(inner, other, depth + 1) end
  end
  return twin
end

local function refuse(wrong) error { words = ("it holds a %s"):format(type(wrong)) } end

-- A copy of what a test gives. What is more than data is refused at the line that is `levels` calls up from the caller's.
function plain_data.given(value, levels)
  local ok, twin = pcall(carried, value, refuse, 1)
  if ok then return twin end
  if type(twin) ~= "table" then error(twin, 0) end
  error(("a policy's test gives data: %s"):format(twin.words), 3 + (levels or 0))
end

-- A copy of what a test gets. Values that are not data are left out, as is JSON's null.
function plain_data.taken(value)
  return carried(value, function() return nil end, 1)
end

return plain_data

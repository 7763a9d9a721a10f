-- Tables as values: copies, and keys in an order that is always the same.

local tables = {}

-- The keys of a table in the order of their texts.
function tables.sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

-- A copy of a value with copies of all tables in it, without their metatables.
function tables.copy(value)
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = tables.copy(inner) end
  return twin
end

-- A new table with the fields of both, those of `more` (nil: none) over those of `base`. What is in the fields is not copied.
function tables.with(base, more)
  local twin = {}
  for key, value in pairs(base) do twin[key] = value end
  for key, value in pairs(more or {}) do twin[key] = value end
  return twin
end

return tables

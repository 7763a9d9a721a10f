-- Tables as values: copies, comparisons, and keys in an order that is always the same.

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

-- Are the values the same, tables in them by what is in those?
function tables.same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not tables.same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- The index at which the list has that very value (a table: itself), or nil.
function tables.place(list, value)
  for at, one in ipairs(list) do
    if one == value then return at end
  end
end

-- A new table with the fields of both, those of `more` (nil: none) over those of `base`. What is in the fields is not copied.
function tables.with(base, more)
  local twin = {}
  for key, value in pairs(base) do twin[key] = value end
  for key, value in pairs(more or {}) do twin[key] = value end
  return twin
end

return tables

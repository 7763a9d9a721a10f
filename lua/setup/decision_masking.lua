-- Lines of the log of decisions without the secrets in them, for the rare request that has one among its facts.

-- A copy of data with every text masked.
local function masked(value, json, mask)
  if type(value) == "string" then return mask(value) end
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[masked(key, json, mask)] = masked(inner, json, mask) end
  return json.is_array(value) and json.array(twin) or twin
end

-- decision_masking(lines, json, mask) -> the lines, masked. A line: as lua/setup/decision_log.lua has it; json, mask: the host's.
return function(lines, json, mask)
  local list = {}
  for i, line in ipairs(lines) do
    list[i] = line:gsub("{.*}", function(text) return json.encode(masked(json.decode(text), json, mask)) end)
  end
  return list
end

-- The cloud_properties that a site's policy makes of the manifest's. They are read as strictly, and what is wrong with them is said
-- in the policy's name.

local errors = require "errors"
local read_properties = require "request.cloud_properties"
local tables = require "base.tables"

local admitted = {}

-- A copy of decoded JSON in which a null is absent.
local function without_null(value, null)
  if type(value) ~= "table" then return value end
  local twin = {}
  for _, inner in ipairs(value) do
    if inner ~= null then twin[#twin + 1] = without_null(inner, null) end
  end
  for key, inner in pairs(value) do
    if inner ~= null and not math.type(key) then twin[key] = without_null(inner, null) end
  end
  return twin
end

-- What a policy gets of the cloud_properties: keys in lower case, nothing for what counts as not given.
function admitted.facts(given, null)
  local facts = {}
  for key, value in pairs(type(given) == "table" and given or {}) do
    if value ~= null and value ~= "" then facts[tostring(key):lower()] = without_null(value, null) end
  end
  return facts
end

-- The site's own keys among the properties as they were read, or nil.
function admitted.site_keys(properties, null)
  return properties.policy and without_null(properties.policy, null)
end

local function changes(before, after)
  local keys = {}
  for _, key in ipairs(tables.sorted_keys(tables.with(before, after))) do
    if not tables.same(before[key], after[key]) then keys[#keys + 1] = key end
  end
  return keys
end

-- read(cpi, decision, answer, order, known, what) -> the order with the properties of the answer.
--   answer       of the decision "vm" or "disk"
--   order        { properties, instance, ... } as the manifest's were read
--   known, what  as request/cloud_properties.lua has them
-- The order has `changed_by`, words that name the policy, where something is another. Raises CpiError in the policy's name.
function admitted.read(cpi, decision, answer, order, known, what)
  local whose = ("policy %s (%s)"):format(decision, cpi.decide.file(decision))
  local ok, properties = pcall(read_properties, answer.cloud_properties, known, what, cpi.json.null)
  if not ok then
    if not errors.is(properties) then error(properties, 0) end
    error(errors.cpi("%s: %s", whose, properties.message))
  end
  local keys = changes(admitted.facts(order.properties, cpi.json.null), admitted.facts(properties, cpi.json.null))
  if #keys == 0 then return order end
  cpi.log.info("%s changes %s: %s", whose, what, table.concat(keys, ", "))
  return tables.with(order, { properties = properties, changed_by = ("%s changed %s"):format(whose, table.concat(keys, ", ")),
    instance = tables.with(order.instance, { policy = admitted.site_keys(properties, cpi.json.null) }) })
end

-- Calls f(...); the message of its failure names the policy that changed the order.
function admitted.in_its_name(order, f, ...)
  if not order.changed_by then return f(...) end
  local results = table.pack(pcall(f, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  local failure = results[2]
  error(errors.is(failure) and failure:wrapped(("%s (%s)"):format(failure.message, order.changed_by)) or failure, 0)
end

return admitted

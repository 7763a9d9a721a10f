-- The arguments of a verb, checked: the wrong type is the caller's bug and becomes a CpiError that names it.

local errors = require "errors"

local function shown(value)
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  if type(value) == "table" then return #value > 0 and "a list" or "an object" end
  return value == "" and "an empty string" or value == nil and "nothing" or type(value)
end

local function wrong(name, wanted, value)
  error(errors.cpi("argument %s must be %s, got %s", name, wanted, shown(value)))
end

local arguments = {}

-- A CID or another string that is not empty.
function arguments.text(name, value)
  if type(value) ~= "string" or value == "" then wrong(name, "a string", value) end
  return value
end

-- A size in whole megabytes above 0, as an integer.
function arguments.megabytes(name, value)
  local size = math.type(value) and math.tointeger(value)
  if not size or size <= 0 then wrong(name, "a whole number of megabytes above 0", value) end
  return size
end

-- An object; null or nothing counts as {}.
function arguments.object(name, value, null)
  if value == nil or value == null then return {} end
  if type(value) ~= "table" or #value > 0 then wrong(name, "an object", value) end
  return value
end

local LONGEST_LIST = 1000 -- no hypervisor has so many disks for one VM; each costs a request, all at once

-- A list of strings; null or nothing counts as an empty one.
function arguments.list(name, value, null)
  if value == nil or value == null then return {} end
  if type(value) ~= "table" then wrong(name, "a list", value) end
  if #value > LONGEST_LIST then
    error(errors.cpi("argument %s has %d entries, at most %d are taken", name, #value, LONGEST_LIST))
  end
  for key, one in pairs(value) do
    if math.type(key) ~= "integer" or type(one) ~= "string" then wrong(name, "a list of strings", one) end
  end
  return value
end

return arguments

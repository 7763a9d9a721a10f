-- The CloudStack version that is being modelled, and which of two versions is the newer one.
local version = {}
version.__index = version

local function numbers(text)
  local major, minor, patch = text:match "^(%d+)%.(%d+)%.?(%d*)"
  if not major then return nil end
  return tonumber(major) * 1000000 + tonumber(minor) * 1000 + (tonumber(patch) or 0)
end

-- The same of the versions in our own sources, which are few and asked for with every request.
local known = setmetatable({}, { __index = function(list, text)
  list[text] = numbers(text)
  return list[text]
end })

-- new("4.23.0.0-SNAPSHOT") | nil for what is not a version
function version.new(text)
  local number = type(text) == "string" and numbers(text)
  if not number then return nil end
  return setmetatable({ text = text, number = number }, version)
end

function version:at_least(text)
  return self.number >= known[text]
end

return version

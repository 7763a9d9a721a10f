-- lua/meta/host.lua, what editors are told of the host table, against the host table itself.

local check = require "check"
local harness = require "harness"

local host = harness.host

-- { class = { field = true } } of the annotations.
local function classes()
  local found, class = {}, nil
  for line in assert(host.files.read("lua/meta/host.lua")):gmatch "[^\n]+" do
    local name = line:match "^%-%-%-@class ([%w_.]+)"
    if name then
      found[name] = {}
      class = found[name]
    end
    local field, optional = line:match "^%-%-%-@field ([%w_]+)(%??) "
    if field and class then class[field] = optional == "?" and "optional" or "required" end
  end
  return found
end

local function compare(name, annotated, real)
  check.that(annotated, "no annotation of " .. name)
  for field in pairs(real) do check.that(annotated[field], ("%s.%s has no annotation"):format(name, tostring(field))) end
  for field, how in pairs(annotated) do
    check.that(real[field] ~= nil or how == "optional", ("%s has no field %s"):format(name, field))
  end
end

local annotated = classes()
compare("host", annotated.host, host)
for field, value in pairs(host) do
  if type(value) == "table" then compare("host." .. field, annotated["host." .. field], value) end
end

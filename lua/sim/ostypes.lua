-- Types of guest operating systems.
local lists = require "sim.lists"

local ostypes = {}

function ostypes.seed(m)
  for _, spec in ipairs(m.world.ostypes) do
    m:add("ostype", { id = m:id_of("ostype:" .. spec.name), name = spec.name, category = spec.category or "Other" })
  end
end

local function row(m, ostype)
  return {
    id = ostype.id, oscategoryid = m:id_of("oscategory:" .. ostype.category), oscategoryname = ostype.category,
    name = ostype.name, description = ostype.name, isuserdefined = false, fordisplay = true,
  }
end

local function list(m, call)
  local arguments = call.arguments
  local found = m:rows("ostype", function(ostype)
    return lists.fits(ostype, arguments)
      and ((arguments.description or "") == "" or lists.same(ostype.name, arguments.description))
  end)
  return lists.answer(m, call, "ostype", found, function(ostype) return row(m, ostype) end)
end

ostypes.commands = {
  { name = "listOsTypes", run = list, parameters = lists.parameters {
    { "id", "uuid", of = "ostype" }, { "ids", "uuids", of = "ostype", since = "4.22.1" }, { "description", "string" },
    { "oscategoryid", "string", ignored = true },
  } },
}

return ostypes

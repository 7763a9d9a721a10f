-- listApis: the commands that the caller may send here, with their parameters.
local apis = {}

local TYPES = { strings = "list", uuids = "list" }

local function parameter_rows(m, entry, account)
  local out = m:array()
  for _, spec in ipairs(entry.parameters) do
    if (not spec.since or m.version:at_least(spec.since)) and (not spec.admin or account.role == "admin") then
      out[#out + 1] = {
        name = spec[1], description = spec[1], type = TYPES[spec[2]] or spec[2], length = spec.max or 255,
        required = spec.required or false, since = spec.since,
      }
    end
  end
  return out
end

local function row(m, entry, account)
  return {
    name = entry.name, description = entry.name, isasync = entry.class ~= nil, related = "", since = entry.since,
    params = parameter_rows(m, entry, account), response = m:array(),
  }
end

-- A name that the caller may not send does not filter: everything is listed.
local function list(m, call)
  local commands = require "sim.commands"
  local name = call.arguments.name
  local one = name and commands.find(m, name)
  if one and not one.unmodelled and commands.is_for(m, one, call.account) then
    return { count = 1, api = m:array { row(m, one, call.account) } }
  end
  local rows = m:array()
  for i, entry in ipairs(commands.of(m, call.account)) do rows[i] = row(m, entry, call.account) end
  return { count = #rows, api = rows }
end

apis.commands = { { name = "listApis", run = list, parameters = { { "name", "string" } } } }

return apis

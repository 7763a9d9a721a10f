-- What the simulator's sources say, as the tables of docs/simulator.md: the commands with their parameters, and what the
-- entries of a world hold. `make contract` writes them there; spec/sim/documents_spec.lua holds the two together.
--   lua5.4 docs/simulator_tables.lua write

package.path = "lua/?.lua;" .. package.path

local page = {}

local FILE = "docs/simulator.md"

local function joined(list)
  return #list > 0 and table.concat(list, ", ") or ""
end

-- A version in which a command or a parameter appears.
local function since(entry) return entry.since and (" (%s)"):format(entry.since) or "" end

local function who(entry)
  if entry.admin == "domain" then return "administrators" end
  if entry.admin then return entry.open_before and ("root; all before %s"):format(entry.open_before) or "root" end
  return "all"
end

local function parameters_of(entry)
  local out = {}
  for _, spec in ipairs(entry.parameters) do
    local name = spec.required and ("**%s**"):format(spec[1]) or spec.ignored and ("~~%s~~"):format(spec[1]) or spec[1]
    if name ~= "customjobid" then out[#out + 1] = name .. (spec.admin and " (root)" or since(spec)) end
  end
  return joined(out)
end

local function commands_table()
  local out = { "| command | for | parameters |\n|---|---|---|\n" }
  for _, entry in ipairs(require("sim.commands").modelled()) do
    out[#out + 1] = ("| `%s`%s | %s | %s |\n"):format(entry.name, since(entry), who(entry), parameters_of(entry))
  end
  return table.concat(out)
end

local function world_table()
  local shapes = require "sim.world_shapes"
  local out = { "| entries of | have to have | may have |\n|---|---|---|\n" }
  for _, key in ipairs(shapes.LISTS) do
    local needed, free = {}, {}
    for _, field in ipairs(shapes.FIELDS[key]) do
      local list = field.needed and needed or free
      list[#list + 1] = ("`%s`%s"):format(field.name, field.type ~= "string" and " " .. field.type or "")
    end
    out[#out + 1] = ("| `%s` | %s | %s |\n"):format(key, joined(needed), joined(free))
  end
  return table.concat(out)
end

local function renewed(text, mark, body)
  local head, tail = ("<!-- %s -->\n"):format(mark), ("<!-- /%s -->"):format(mark)
  local from, last = text:find(head, 1, true)
  local stop = text:find(tail, 1, true)
  assert(from and stop, ("%s has no place for %s"):format(FILE, mark))
  return text:sub(1, last) .. body .. text:sub(stop)
end

-- The page as it is, and with the tables that it should have.
function page.texts()
  local file = assert(io.open(FILE))
  local text = file:read "a"
  file:close()
  return text, renewed(renewed(text, "world", world_table()), "commands", commands_table())
end

if arg and arg[1] == "write" then
  local _, wanted = page.texts()
  local file = assert(io.open(FILE, "w"))
  file:write(wanted)
  file:close()
end

return page

-- listConfigurations: the server's settings, for root admins.
local lists = require "sim.lists"

local configurations = {}

local KINDS = { number = "Number", boolean = "Boolean", string = "String" }

local function shown(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  return tostring(value)
end

local function row(entry)
  return {
    category = "Advanced", group = "Miscellaneous", subgroup = "Others", name = entry.name, value = shown(entry.value),
    defaultvalue = shown(entry.value), isdynamic = true, component = "management-server",
    displaytext = entry.name:gsub("%.", " "):gsub("^%l", string.upper), type = KINDS[type(entry.value)],
  }
end

local function list(m, call)
  local found = {}
  for name, value in pairs(m.settings) do
    local entry = { name = name, value = value }
    if lists.fits(entry, call.arguments) then found[#found + 1] = entry end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return lists.answer(m, call, "configuration", found, row)
end

configurations.commands = {
  { name = "listConfigurations", admin = true, run = list, parameters = lists.parameters {
    { "name", "string" }, { "category", "string", ignored = true }, { "zoneid", "uuid", of = "zone" },
  } },
}

return configurations

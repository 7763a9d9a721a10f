-- cpi permissions [role]: which CloudStack commands each verb sends; with role, CloudMonkey lines that make a
-- role which allows those and nothing else.

local command = require "operator.command"
local permissions = require "permissions"

local function all_commands()
  local set, list = {}, {}
  for _, row in ipairs(permissions) do
    for _, part in ipairs { row.always, row.sometimes or {} } do
      for _, name in ipairs(part) do set[name] = true end
    end
  end
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function print_verbs(console)
  for _, row in ipairs(permissions) do
    console.write(("%s\n  %s\n"):format(row.verb, table.concat(row.always, " ")))
    if row.admin then console.write(("  for a root admin: %s\n"):format(table.concat(row.admin, " "))) end
    if row.sometimes then console.write(("  %s: %s\n"):format(row.when, table.concat(row.sometimes, " "))) end
  end
end

local function print_role(console)
  console.write "create role name=bosh-cpi type=User description=\"BOSH CPI\"\n"
  console.write "# put the id that it answers in the place of ROLE\n"
  for _, name in ipairs(all_commands()) do
    console.write(("create rolepermission roleid=ROLE permission=allow rule=%s\n"):format(name))
  end
  console.write "create rolepermission roleid=ROLE permission=deny rule=*\n"
end

return command.new("permissions", function(host, words, _, refuse)
  local wanted = words[1]
  if #words > 1 or wanted and wanted ~= "role" then refuse() end
  if wanted then print_role(host.console) else print_verbs(host.console) end
  return 0
end)

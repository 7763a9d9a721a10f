-- cpi permissions [role [VERB...]]: which CloudStack commands each verb sends; with role, CloudMonkey lines that make a
-- role which allows those, or those of some verbs, and nothing else.

local command = require "operator.command"
local permissions = require "operator.permissions"
local spelling = require "base.spelling"

local function print_verbs(console)
  for _, row in ipairs(permissions) do
    console.write(("%s\n  %s\n"):format(permissions.title(row), #row.always > 0 and table.concat(row.always, " ") or "none"))
    if row.admin then console.write(("  for a root admin: %s\n"):format(table.concat(row.admin, " "))) end
    for _, case in ipairs(row.sometimes or {}) do
      console.write(("  %s: %s\n"):format(case.when, table.concat(case.commands, " ")))
    end
  end
end

local function print_role(console, commands)
  console.write "create role name=bosh-cpi type=User description=\"BOSH CPI\"\n"
  console.write "# put the id that it returns in the place of ROLE\n"
  for _, name in ipairs(commands) do
    console.write(("create rolepermission roleid=ROLE permission=allow rule=%s\n"):format(name))
  end
  console.write "create rolepermission roleid=ROLE permission=deny rule=*\n"
end

-- The verbs that were named, nil for all of them.
local function chosen(host, words)
  local all, known = permissions.verbs(), {}
  for _, verb in ipairs(all) do known[verb] = true end
  for i = 2, #words do
    if not known[words[i]] then
      error(command.refusal("no verb is called '%s'%s", host.log.mask(words[i]):sub(1, 80), spelling.suggestion(words[i], all)))
    end
  end
  return words[2] and { table.unpack(words, 2) }
end

return command.new("permissions", function(host, words, _, refuse)
  if words[1] and words[1] ~= "role" then refuse() end
  if words[1] then print_role(host.console, permissions.commands(chosen(host, words))) else print_verbs(host.console) end
  return 0
end)

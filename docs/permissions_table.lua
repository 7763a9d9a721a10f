-- What lua/operator/permissions.lua says, as the table of docs/install.md. `make contract` writes it there;
-- spec/across/documents_spec.lua holds the two together.
--   lua5.4 docs/permissions_table.lua write

package.path = "lua/?.lua;" .. package.path

local page = {}

local FILE = "docs/install.md"
local HEAD = "| verb | commands | and, in some cases |\n|---|---|---|\n"

local function cell(row)
  local parts = {}
  for i, case in ipairs(row.sometimes or {}) do parts[i] = ("%s: %s"):format(case.when, table.concat(case.commands, ", ")) end
  if row.admin then parts[#parts + 1] = "for a root admin: " .. table.concat(row.admin, ", ") end
  return table.concat(parts, "; ")
end

-- The lines of the table, the head among them.
function page.table()
  local permissions = require "operator.permissions"
  local out = { HEAD }
  for _, row in ipairs(permissions) do
    local title = #row.verbs > 0 and permissions.title(row) or ("*%s*"):format(permissions.title(row))
    out[#out + 1] = ("| %s | %s | %s |\n"):format(title, #row.always > 0 and table.concat(row.always, ", ") or "none", cell(row))
  end
  return table.concat(out)
end

-- The page as it is, and with the table that it should have.
function page.texts()
  local file = assert(io.open(FILE))
  local text = file:read "a"
  file:close()
  local from, last = text:find "\n| verb | commands |[^\n]*\n"
  assert(from, FILE .. " has no table of permissions")
  repeat
    local more = select(2, text:find("^|[^\n]*\n", last + 1))
    last = more or last
  until not more
  return text, text:sub(1, from) .. page.table() .. text:sub(last + 1)
end

if arg and arg[1] == "write" then
  local _, wanted = page.texts()
  local file = assert(io.open(FILE, "w"))
  file:write(wanted)
  file:close()
end

return page

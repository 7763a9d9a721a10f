-- Security groups.

local errors = require "errors"
local exact = require "cloudstack.exact"
local spelling = require "base.spelling"

local security_groups = {}

function security_groups.request()
  return { "listSecurityGroups", {}, rows = "securitygroup" }
end

-- The group with that id or name; raises CloudError with a suggestion. CloudStack compares the names without regard to
-- case, and has no two that differ by it alone.
function security_groups.pick(rows, wanted)
  local names = {}
  for i, row in ipairs(rows) do
    if row.id == wanted or row.name:lower() == wanted:lower() then return row end
    names[i] = row.name
  end
  error(errors.cloud("security group '%s' is not in CloudStack%s; there are: %s", wanted, spelling.suggestion(wanted, names),
    exact.names(rows)))
end

return security_groups

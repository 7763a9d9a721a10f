-- Guest OS types, by their description.

local errors = require "errors"

local os_types = {}

function os_types.request(description)
  return { "listOsTypes", { description = description }, rows = "ostype", cached = true }
end

-- The type with exactly that description; raises CloudError.
function os_types.pick(rows, description)
  for _, row in ipairs(rows) do
    if row.description == description then return row end
  end
  error(errors.cloud("OS type '%s' is not in CloudStack (cloudstack.stemcell.os_type)", description))
end

return os_types

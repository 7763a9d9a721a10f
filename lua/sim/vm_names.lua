-- Host names of VMs.
local vm_names = {}

local RULE = "can contain ASCII letters 'a' through 'z', the digits '0' through '9', and the hyphen ('-'), must be "
  .. "between 1 and 63 characters long, and can't start or end with \"-\" and can't start with digit"

function vm_names.is_good(name)
  return #name <= 63 and name:match "^%a[%w%-]*$" ~= nil and not name:match "%-$"
end

-- What is wrong with a name that comes as a parameter, or nil.
function vm_names.complaint(name)
  if not vm_names.is_good(name) then return "Invalid value provided for API arg: name - it " .. RULE end
end

vm_names.INVALID = "Invalid name. Vm name " .. RULE

return vm_names

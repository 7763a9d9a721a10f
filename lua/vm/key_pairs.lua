-- The SSH key pairs of a VM: those that its cloud_properties name, else the configured one.

local collation = require "base.collation"
local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local exact = require "cloudstack.exact"
local key_pairs = require "cloudstack.key_pairs"
local refusals = require "cloudstack.refusals"

local vm_key_pairs = { name = "key_pairs" }

vm_key_pairs.properties = { key_name = "text", key_names = "list" }

-- The names that the VM gets. A name that is given twice counts once.
local function names_of(properties, default)
  if properties.key_name and properties.key_names then
    error(errors.cloud("cloud_properties of the VM: 'key_name' and 'key_names' are both given"))
  end
  local given = properties.key_names or { properties.key_name or default ~= "" and default or nil }
  local names, seen = {}, {}
  for _, name in ipairs(given) do
    if type(name) ~= "string" or name == "" or name:find(",", 1, true) then
      error(errors.cloud("cloud_properties of the VM: 'key_names' must be a list of names of key pairs"))
    end
    local fold = collation.fold(name)
    if not seen[fold] then names[#names + 1], seen[fold] = name, true end
  end
  return names
end

-- The names; several need CloudStack 4.17.
function vm_key_pairs.plan(cpi, order, found)
  local names = names_of(order.properties, cpi.settings.cloudstack.default_key_name)
  if #names > 1 and not capabilities.at_least(found.can.version, 4, 17) then
    error(errors.cloud("cloud_properties of the VM: CloudStack %s takes one key pair for a VM, not %d", found.can.version, #names))
  end
  return names
end

function vm_key_pairs.parameters(_, _, _, plan)
  local names = plan.key_pairs
  if #names < 2 then return { keypair = names[1] } end
  return { keypairs = table.concat(names, ",") }
end

-- CloudStack does not say which key pair it misses.
function vm_key_pairs.explain(cpi, _, _, plan, failure)
  if not refusals.is(failure, "key_pair_is_unknown") or #plan.key_pairs == 0 then return nil end
  local ok, rows = pcall(cpi.cloudstack.rows, cpi.cloudstack, key_pairs.request())
  if not ok then return nil end
  for _, name in ipairs(plan.key_pairs) do
    if not key_pairs.named(rows, name) then
      return ("key pair '%s' is not in CloudStack; there are: %s"):format(name, exact.names(rows))
    end
  end
end

return vm_key_pairs

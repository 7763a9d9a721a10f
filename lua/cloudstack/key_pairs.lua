-- SSH key pairs: CloudStack keeps the public half under a name, and puts it into VMs that are deployed with that name.

local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local exact = require "cloudstack.exact"
local refusals = require "cloudstack.refusals"

local key_pairs = {}

-- Those of the account, or the one of that name.
function key_pairs.request(name)
  return { "listSSHKeyPairs", { name = name }, rows = "sshkeypair" }
end

-- The names that a VM gets: those of its cloud_properties (key_name or key_names), else the configured one. A name that
-- is given twice counts once.
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
    if not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  return names
end

-- plan(properties, default, version) -> { names, parameters }: a VM's key pairs, and the parameters of a deploy for them.
-- properties: its cloud_properties; default: a name or ""; version: CloudStack's, for several need 4.17.
function key_pairs.plan(properties, default, version)
  local names = names_of(properties, default)
  if #names < 2 then return { names = names, parameters = { keypair = names[1] } } end
  if not capabilities.at_least(version, 4, 17) then
    error(errors.cloud("cloud_properties of the VM: CloudStack %s takes one key pair for a VM, not %d", version, #names))
  end
  return { names = names, parameters = { keypairs = table.concat(names, ",") } }
end

-- Why a deploy was refused, in more words, where it was for a key pair; else nil. CloudStack does not say which.
function key_pairs.explain(cpi, names, failure)
  if not refusals.is(failure, "key_pair_is_unknown") or #names == 0 then return nil end
  local ok, rows = pcall(cpi.cloudstack.rows, cpi.cloudstack, key_pairs.request())
  if not ok then return nil end
  for _, name in ipairs(names) do
    if not exact.one(rows, name, "key pair") then
      return ("key pair '%s' is not in CloudStack; there are: %s"):format(name, exact.names(rows))
    end
  end
end

return key_pairs

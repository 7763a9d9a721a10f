-- SSH key pairs: CloudStack keeps the public half under a name, and puts it into VMs that are deployed with that name.

local collation = require "base.collation"

local key_pairs = {}

-- Those of the account, or the one of that name.
function key_pairs.request(name)
  return { "listSSHKeyPairs", { name = name }, rows = "sshkeypair" }
end

-- The one of that name among rows, or nil; names are unique per account, in whatever case.
function key_pairs.named(rows, name)
  for _, row in ipairs(rows) do
    if collation.same(row.name, name) then return row end
  end
end

return key_pairs

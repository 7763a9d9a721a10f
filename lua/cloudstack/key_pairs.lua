-- SSH key pairs: CloudStack keeps the public half under a name, and puts it into VMs that are deployed with that name.

local key_pairs = {}

-- Those of the account, or the one of that name.
function key_pairs.request(name)
  return { "listSSHKeyPairs", { name = name }, rows = "sshkeypair" }
end

return key_pairs

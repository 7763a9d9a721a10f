-- The passwords of the registry. The configured user may read everything; a VM may read its own settings, with a password that
-- is derived from the registry's password and the VM's CID. So a VM never has the password of another VM or of the registry; and
-- because the derivation is slow, a VM cannot find the registry's password by guessing and comparing.

local registry_access = {}

local ROUNDS = 600000
local SALT = "cloudstack_cpi registry" -- never changes: the passwords that VMs have depend on it

local keys = {} -- by the registry's password: each is derived once per process

local function key_of(bytes, password)
  keys[password] = keys[password] or bytes.pbkdf2(password, SALT, ROUNDS)
  return keys[password]
end

local function derive(bytes, key, id)
  local mac = bytes.hmac_sha1(key, "registry settings of " .. id)
  return (mac:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- Makes the key of the registry's password now, for a daemon that is to be quick later.
function registry_access.prepare(bytes, password) key_of(bytes, password) end

-- The password of one instance, in hex. bytes: the host's; password: the registry's.
function registry_access.password_of(bytes, password, id) return derive(bytes, key_of(bytes, password), id) end

-- The password in the user data of VMs that were made before the derivation was slow: it still opens their settings.
function registry_access.former_password_of(bytes, password, id) return derive(bytes, password, id) end

return registry_access

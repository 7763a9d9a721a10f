-- Which user may read what in the registry: the configured user everything, an instance its own settings with a password that
-- is derived from the registry's and its id. So no VM ever has the password of another, or of the registry; and as the
-- derivation is slow, a VM that guesses the registry's password and compares gets nowhere.

local registry_access = {}

local ROUNDS = 600000
local SALT = "cloudstack_cpi registry" -- the same for ever: the passwords that VMs have depend on it

local keys = {} -- by password: a process makes each once

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

-- The one that VMs have in their user data which were made before the derivation was slow: it still opens their settings.
function registry_access.former_password_of(bytes, password, id) return derive(bytes, password, id) end

return registry_access

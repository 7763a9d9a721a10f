-- Who may read what in the registry: the configured user everything, an instance its own settings with a password that
-- is derived from the registry's and its id. So no VM ever has the password of another, or of the registry.

local registry_access = {}

-- The password of one instance, in hex. bytes: the host's.
function registry_access.password_of(bytes, password, id)
  local mac = bytes.hmac_sha1(password, "registry settings of " .. id)
  return (mac:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

return registry_access

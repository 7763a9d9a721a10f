-- Secrets of a configuration that are too short or too plain to be masked wherever they may be written.

local secrets = require "request.secrets"

-- weak_secrets(host, settings) -> the names of their settings, sorted
return function(host, settings)
  local names, seen = {}, {}
  secrets.each(function(value, name)
    if host.log.secret(value) ~= false or seen[name] or name:find "%.user$" then return end
    seen[name], names[#names + 1] = true, name
  end, settings, 1)
  local has_secret, _, is_strong = host.config.has_secret()
  if has_secret and is_strong == false then names[#names + 1] = "cloudstack.secret_access_key" end
  table.sort(names)
  return names
end

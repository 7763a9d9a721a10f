-- Which strings of a request or of the settings must never be seen in a log or a message. The host does the
-- masking; here is known what to mask.

local SHORTEST = 4         -- of a setting that is a secret; what is shorter the host does not take
local SHORTEST_OF_ENV = 6  -- of an env, most of which is not secret: shorter strings are words

-- Names in env.bosh that the director itself shows, and in settings that are not secret.
local shown = { group = true, groups = true, tags = true, provider = true, blobstore_path = true, endpoint = true,
  host = true }

local function without_escapes(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- "https://user:password@host" -> "password", as it stands and as it is meant. One that has "/" or "@" in it as it
-- stands ends at the last "@".
local function passwords(url, shortest)
  local list, seen = {}, {}
  for _, pattern in ipairs { "^[%w+.-]+://[^:/@]*:([^/@]*)@", "^[%w+.-]+://[^:/@]*:(.*)@" } do
    local password = type(url) == "string" and url:match(pattern)
    for _, form in ipairs(password and { password, without_escapes(password) } or {}) do
      if #form >= shortest and not seen[form] then list[#list + 1] = form end
      seen[form] = true
    end
  end
  return list
end

local function mask_passwords(register, name, url, shortest)
  for _, password in ipairs(passwords(url, shortest)) do register(password, name) end
end

local function mask_all(register, name, value, shortest)
  if type(value) == "string" then
    if #value >= shortest then register(value, name) end
    mask_passwords(register, name, value, SHORTEST)
  elseif type(value) == "table" then
    for key, inner in pairs(value) do
      if not shown[key] then mask_all(register, ("%s.%s"):format(name, key), inner, shortest) end
    end
  end
end

-- each(mask, settings, shortest): the settings' secrets of that length and more, as mask(value, name of the setting).
local function each(mask, settings, shortest)
  mask_passwords(mask, "agent.mbus", settings.agent.mbus, shortest)
  mask_passwords(mask, "env.http_proxy", settings.env.http_proxy, shortest)
  mask_passwords(mask, "env.https_proxy", settings.env.https_proxy, shortest)
  mask_all(mask, "agent.blobstore.options", settings.agent.blobstore.options, shortest)
  mask_all(mask, "registry.password", settings.registry.password, shortest)
  mask_all(mask, "registry.tls.private_key", settings.registry.tls.private_key, shortest)
  mask_all(mask, "cloudstack.api_key", settings.cloudstack.api_key, shortest)
end

-- The settings' secrets, once they are known.
local function register(mask, settings)
  each(mask, settings, SHORTEST)
end

-- The secrets of a create_vm: everything in env but what the director shows itself.
local function register_env(mask, env)
  mask_all(mask, "env", env, SHORTEST_OF_ENV)
end

return { register = register, register_env = register_env, each = each }

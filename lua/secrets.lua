-- Which strings of a request or of the settings must never be seen in a log or a message. The host does the
-- masking; here is known what to mask.

local SHORTEST = 6 -- shorter strings are words, and would be blotted out everywhere

-- Names in env.bosh that the director itself shows, and in settings that are no secrets.
local shown = { group = true, groups = true, tags = true, provider = true, blobstore_path = true, endpoint = true,
  host = true }

local function mask_all(register, value)
  if type(value) == "string" then
    if #value >= SHORTEST then register(value) end
  elseif type(value) == "table" then
    for key, inner in pairs(value) do
      if not shown[key] then mask_all(register, inner) end
    end
  end
end

-- "https://user:password@host" -> "password"
local function mask_password(register, url)
  local password = type(url) == "string" and url:match "^%w+://[^:/@]*:([^/@]*)@"
  if password and #password >= 4 then register(password) end
end

-- The settings' secrets, once they are known.
local function register(mask, settings)
  mask_password(mask, settings.agent.mbus)
  mask_password(mask, settings.env.http_proxy)
  mask_password(mask, settings.env.https_proxy)
  mask_all(mask, settings.agent.blobstore.options)
  mask_all(mask, settings.registry.password)
  mask_all(mask, settings.registry.tls.private_key)
  mask_all(mask, settings.cloudstack.api_key)
end

-- The secrets of a create_vm: everything in env but what the director shows itself.
local function register_env(mask, env)
  mask_all(mask, env)
end

return { register = register, register_env = register_env }

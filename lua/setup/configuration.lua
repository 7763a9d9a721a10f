-- From the host's sources to settings in force: read, check, and hand to the host where CloudStack is, what to
-- mask and how loud to be.

local errors = require "errors"
local secrets = require "request.secrets"
local settings_of = require "setup.settings"
local tables = require "base.tables"
local tenancy = require "cloudstack.tenancy"

local configuration = {}

-- The proxy for requests to CloudStack, or nil.
function configuration.proxy_for(settings)
  local name = settings.cloudstack.endpoint:find "^https" and "https_proxy" or "http_proxy"
  return settings.env[name] ~= "" and settings.env[name] or nil
end

-- Names the CloudStack that host.cloudstack.send talks to; nothing is connected yet.
local function point_to_cloudstack(host, settings)
  local site = settings.cloudstack
  host.cloudstack.open {
    endpoint = site.endpoint, api_key = site.api_key, verify = not site.skip_verify_ssl,
    ca_cert = site.ca_cert, request_timeout = site.request_timeout, proxy = configuration.proxy_for(settings),
    no_proxy = settings.env.no_proxy ~= "" and settings.env.no_proxy or nil,
  }
end

-- A relative path begins where the configuration file is: a BOSH job does not know where it will be.
local function from_configuration(host, path)
  return path:find "^/" and path or ((host.config.path or ""):match "^.*/" or "") .. path
end

-- Directories of policies stand as they do in PATH.
local function place_policies(host, policies)
  policies.directory = policies.directory:gsub("[^:]+", function(directory) return from_configuration(host, directory) end)
  if policies.log ~= "" and policies.log ~= "store" then policies.log = from_configuration(host, policies.log) end
end

-- What the configuration's file holds; {} where none is named. A file that cannot be read is not a bug of the CPI.
local function file_of(host)
  local ok, file = pcall(host.config.read)
  return ok and file or error(errors.configuration("%s", file), 0)
end

-- The request's context over the properties of the cpi that the command line names. Its secret has to be taken before the file's.
local function context_of(host, context)
  local ok, properties = pcall(host.config.context)
  if not ok then error(errors.configuration("%s", properties), 0) end
  return tables.with(properties, context)
end

-- load(host, context) -> settings, and what was given, as settings.load has it. context: the request's, or {}. Raises CpiError with
-- every problem.
function configuration.load(host, context)
  local all = context_of(host, context)
  local file = file_of(host)
  local has_secret, request_has_secret = host.config.has_secret()
  local settings, given = settings_of.load {
    file = file, context = all, has_secret = has_secret, request_has_secret = request_has_secret,
    null = host.json.null, warn = host.log.warn,
  }
  place_policies(host, settings.policies)
  host.log.level(settings.log.level)
  host.log.format(settings.log.format)
  secrets.register(host.log.secret, settings)
  point_to_cloudstack(host, settings)
  return settings, given
end

-- The same for a daemon: nothing of CloudStack is needed, and there is no request.
function configuration.load_daemon(host)
  local settings = settings_of.load {
    file = file_of(host), context = {}, is_daemon = true, null = host.json.null, warn = host.log.warn,
  }
  host.log.level(settings.log.level)
  host.log.format(settings.log.format)
  secrets.register(host.log.secret, settings)
  return settings
end

-- The store; nil where none is configured, nil and why where it cannot be opened: the CPI works without.
function configuration.store(host, settings)
  if settings.store.path == "" then return nil end
  local ok, why = host.store.open(settings.store.path)
  if ok then return host.store end
  host.log.warn("going on without the store: %s", why)
  return nil, why
end

-- sender(host, settings) -> send, hold: host.cloudstack.send, in turns with the processes that share the store where
-- there is one.
function configuration.sender(host, settings)
  local site, path = settings.cloudstack, settings.store.path
  if path == "" then return host.cloudstack.send end
  local account = tenancy.account(host.bytes.sha256, site)
  local ok, why = host.throttle.open(("%s.throttle-%s"):format(path, account), {
    concurrent = site.throttle.concurrent, per_second = site.throttle.per_second, patience = site.request_timeout,
  })
  if not ok then
    host.log.warn("going on without cloudstack.throttle: %s", why)
    return host.cloudstack.send
  end
  return require("setup.throttle").new {
    send = host.cloudstack.send, throttle = host.throttle, patience = site.request_timeout, warn = host.log.warn,
  }
end

return configuration

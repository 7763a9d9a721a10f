-- What cpi-server registry serves: the settings of instances, rows of the store, by the REST API that agents and CPIs of
-- the registry's days know.
--
--   GET     /instances/ID/settings   200 {"status":"ok","settings":"TEXT"}; 404 {"status":"not_found"}
--   PUT     /instances/ID/settings   201 where there were none, else 200; the body is the settings, an object
--   DELETE  /instances/ID/settings   200, also where there are none
--
-- Everything needs basic authentication (lua/registry/access.lua has the rights of each user), which is looked at before any of the
-- body is read; what is refused is in the log, never what was sent. While another process has the store locked a request
-- waits aside, and the others go on.

local configuration = require "setup.configuration"
local denials = require "daemons.denials"
local errors = require "errors"
local registry_access = require "registry.access"

local LONGEST_ID = 255
local STORE_PATIENCE, STORE_PAUSE, RETRY_AFTER = 5, 0.05, 2 -- seconds
local SHORT_PASSWORD = 16 -- characters; a shorter one is worth a warning

local function answer(json, status, content, headers)
  headers = headers or {}
  headers["Cache-Control"] = "no-store"
  return { status = status, type = "application/json", body = json.encode(content), headers = headers }
end

-- "Basic ..." -> "user:password", or nil
local function credentials(bytes, header)
  local text = type(header) == "string" and header:match "^[Bb][Aa][Ss][Ii][Cc] +([%w+/=]+)$"
  return text and bytes.unbase64(text)
end

-- -> may read, may write. All passwords are compared whole, whichever fits.
local function rights(parts, request, id)
  local given = credentials(parts.bytes, request.headers.authorization)
  if not given then return false, false end
  local settings = parts.settings
  local is_master = parts.bytes.equal(given, settings.username .. ":" .. settings.password)
  local is_instance = false
  for _, derived in ipairs { registry_access.password_of, registry_access.former_password_of } do
    local fits = parts.bytes.equal(given, id .. ":" .. derived(parts.bytes, settings.password, id))
    is_instance = is_instance or fits
  end
  return is_master or is_instance, is_master
end

-- Each: (parts, id, request) -> reply | nil, why, whether the store is only locked
local methods = {}

function methods.GET(parts, id)
  local text, why, is_locked = parts.store.get("registry", id)
  if why then return nil, why, is_locked end
  if not text then return answer(parts.json, 404, { status = "not_found" }) end
  return answer(parts.json, 200, { status = "ok", settings = text })
end

function methods.PUT(parts, id, request)
  local settings = parts.json.decode(request.body)
  if type(settings) ~= "table" or settings == parts.json.null or parts.json.is_array(settings) then
    parts.log.warn("settings of '%s' are refused: they are not a JSON object", id)
    return answer(parts.json, 400, { status = "error" })
  end
  local before, why, is_locked = parts.store.get("registry", id)
  if why then return nil, why, is_locked end
  local ok
  ok, why, is_locked = parts.store.put("registry", id, request.body)
  if not ok then return nil, why, is_locked end
  parts.log.info("settings of '%s' written", id)
  return answer(parts.json, before and 200 or 201, { status = "ok" })
end

function methods.DELETE(parts, id)
  local ok, why, is_locked = parts.store.delete("registry", id)
  if not ok then return nil, why, is_locked end
  parts.log.info("settings of '%s' deleted", id)
  return answer(parts.json, 200, { status = "ok" })
end

local function denied(json)
  return answer(json, 401, { status = "access_denied" }, { ["WWW-Authenticate"] = 'Basic realm="Bosh Registry"' })
end

local function id_of(request)
  local id = request.path:match "^/instances/([%w._-]+)/settings$"
  return id and #id <= LONGEST_ID and id or nil
end

-- What a request is refused with, by its head alone; nil when it is let in.
local function admit(parts, head)
  local id = id_of(head)
  if not id then return answer(parts.json, 404, { status = "not_found" }) end
  if not methods[head.method] then return answer(parts.json, 405, { status = "error" }, { Allow = "GET, PUT, DELETE" }) end
  local may_read, may_write = rights(parts, head, id)
  if head.method == "GET" and may_read or may_write then return nil end
  parts.denials:add("%s of settings of '%s' denied to %s", head.method, id, head.client)
  return denied(parts.json)
end

-- A request that found the store locked: it waits aside for a moment, and is then asked to come again.
local function postpone(parts, id, request)
  if request.waited < STORE_PATIENCE then return { again = STORE_PAUSE } end
  parts.log.error("%s of settings of '%s': another process has kept the store locked for %d s", request.method, id, STORE_PATIENCE)
  return answer(parts.json, 503, { status = "error" }, { ["Retry-After"] = tostring(RETRY_AFTER) })
end

-- The answer to what was admitted.
local function respond(parts, request)
  local id = id_of(request)
  local reply, why, is_locked = methods[request.method](parts, id, request)
  if reply then return reply end
  if is_locked then return postpone(parts, id, request) end
  parts.log.error("%s of settings of '%s': %s", request.method, id, why)
  return answer(parts.json, 500, { status = "error" })
end

local registry = {}

-- new{ host } -> what src/server/service.c needs: admit(head), http(request), port, certificate and private_key (texts), and
-- the timer. Raises CpiError for a configuration it cannot run with.
function registry.new(options)
  local host = options.host
  host.log.context("-", "registry")
  local settings = configuration.load_daemon(host)
  local missing = {}
  for _, name in ipairs { "username", "password" } do
    if settings.registry[name] == "" then missing[#missing + 1] = "registry." .. name end
  end
  if settings.store.path == "" then missing[#missing + 1] = "store.path" end
  if #missing > 0 then error(errors.configuration("the registry needs %s", table.concat(missing, " and "))) end
  local ok, why = host.store.open(settings.store.path)
  if not ok then error(errors.configuration("%s", why)) end
  host.store.patience(0) -- a request waits aside, not in the way of the others

  local tls = settings.registry.tls
  if (tls.certificate == "") ~= (tls.private_key == "") then
    error(errors.configuration("registry.tls.certificate and registry.tls.private_key belong together"))
  end
  registry_access.prepare(host.bytes, settings.registry.password)
  if #settings.registry.password < SHORT_PASSWORD then
    host.log.warn("registry.password has less than %d characters: a VM can guess it from its own password", SHORT_PASSWORD)
  end
  local parts = { settings = settings.registry, store = host.store, json = host.json, bytes = host.bytes, log = host.log,
    denials = denials.new(host.log, host.clock) }
  return {
    admit = function(head) return admit(parts, head) end,
    http = function(request) return respond(parts, request) end,
    port = tostring(settings.registry.port),
    certificate = tls.certificate ~= "" and tls.certificate or nil,
    private_key = tls.private_key ~= "" and tls.private_key or nil,
    next_due = function() return parts.denials:next_due() end,
    tick = function() parts.denials:tick() end,
    events = function() end,
  }
end

return registry

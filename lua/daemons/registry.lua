-- What cpi-server registry answers: the settings of instances, rows of the store, by the REST API that agents and CPIs of
-- the registry's days know.
--
--   GET     /instances/ID/settings   200 {"status":"ok","settings":"TEXT"}; 404 {"status":"not_found"}
--   PUT     /instances/ID/settings   201 where there were none, else 200; the body is the settings, an object
--   DELETE  /instances/ID/settings   200, also where there are none
--
-- Everything needs basic authentication (lua/registry_access.lua says who may what); what is refused is told in the log,
-- never what was sent.

local configuration = require "configuration"
local errors = require "errors"
local registry_access = require "registry_access"

local LONGEST_ID = 255

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

-- -> may read, may write. Both passwords are compared whole, whichever fits.
local function rights(parts, request, id)
  local given = credentials(parts.bytes, request.headers.authorization)
  if not given then return false, false end
  local settings = parts.settings
  local is_master = parts.bytes.equal(given, settings.username .. ":" .. settings.password)
  local is_instance = parts.bytes.equal(given,
    id .. ":" .. registry_access.password_of(parts.bytes, settings.password, id))
  return is_master or is_instance, is_master
end

local methods = {}

function methods.GET(parts, id)
  local text, why = parts.store.get("registry", id)
  if why then return nil, why end
  if not text then return answer(parts.json, 404, { status = "not_found" }) end
  return answer(parts.json, 200, { status = "ok", settings = text })
end

function methods.PUT(parts, id, request)
  local settings = parts.json.decode(request.body)
  if type(settings) ~= "table" or settings == parts.json.null or parts.json.is_array(settings) then
    parts.log.warn("settings of '%s' are refused: they are no JSON object", id)
    return answer(parts.json, 400, { status = "error" })
  end
  local before, why = parts.store.get("registry", id)
  if why then return nil, why end
  local ok
  ok, why = parts.store.put("registry", id, request.body)
  if not ok then return nil, why end
  parts.log.info("settings of '%s' written", id)
  return answer(parts.json, before and 200 or 201, { status = "ok" })
end

function methods.DELETE(parts, id)
  local ok, why = parts.store.delete("registry", id)
  if not ok then return nil, why end
  parts.log.info("settings of '%s' deleted", id)
  return answer(parts.json, 200, { status = "ok" })
end

local function denied(json)
  return answer(json, 401, { status = "access_denied" }, { ["WWW-Authenticate"] = 'Basic realm="Bosh Registry"' })
end

local function respond(parts, request)
  local id = request.path:match "^/instances/([%w._-]+)/settings$"
  if not id or #id > LONGEST_ID then return answer(parts.json, 404, { status = "not_found" }) end
  local method = methods[request.method]
  if not method then return answer(parts.json, 405, { status = "error" }, { Allow = "GET, PUT, DELETE" }) end
  local may_read, may_write = rights(parts, request, id)
  if not (request.method == "GET" and may_read or may_write) then
    parts.log.warn("%s of settings of '%s' denied to %s", request.method, id, request.client)
    return denied(parts.json)
  end
  local reply, why = method(parts, id, request)
  if reply then return reply end
  parts.log.error("%s of settings of '%s': %s", request.method, id, why)
  return answer(parts.json, 500, { status = "error" })
end

local registry = {}

-- new{ host } -> what src/server/registry.c needs: http(request), port, certificate and private_key (texts), and the
-- timer that there is none of. Raises CpiError for a configuration it cannot run with.
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

  local tls = settings.registry.tls
  if (tls.certificate == "") ~= (tls.private_key == "") then
    error(errors.configuration("registry.tls.certificate and registry.tls.private_key belong together"))
  end
  local parts = { settings = settings.registry, store = host.store, json = host.json, bytes = host.bytes, log = host.log }
  return {
    http = function(request) return respond(parts, request) end,
    port = tostring(settings.registry.port),
    certificate = tls.certificate ~= "" and tls.certificate or nil,
    private_key = tls.private_key ~= "" and tls.private_key or nil,
    next_due = function() end, events = function() end,
  }
end

return registry

-- What cpi-server templates serves: files of templates.directory, whole or from an offset, to whoever knows their names.
-- create_stemcell puts them there and takes them away; what a killed one left goes after a day.

local configuration = require "setup.configuration"
local errors = require "errors"
local publication = require "stemcell.publication"

local LIFETIME, SWEEP = 86400, 600 -- seconds

local function refuse(status, headers)
  return { status = status, type = "text/plain", body = "", headers = headers }
end

-- First byte and length of what "bytes=N-" or "bytes=N-M" asks of so many bytes; all of it where it asks for something
-- else; nil where there is no such part.
local function part(range, size)
  local first, last = (range or ""):match "^bytes=(%d+)%-(%d*)$"
  if not first then return 0, size end
  first, last = math.tointeger(tonumber(first)), math.tointeger(tonumber(last) or size - 1)
  if not first or not last or first >= size or last < first then return nil end
  return first, math.min(last, size - 1) - first + 1
end

-- Path and stat of what is asked for; or what it is refused with, as a third value.
local function wanted(parts, request)
  local name = request.path:match "^/([^/]+)$"
  if request.method ~= "GET" then return nil, nil, refuse(405, { Allow = "GET, HEAD" }) end
  local path = name and publication.begun_at(name) and parts.directory .. "/" .. name
  local file = path and parts.images.stat(path)
  if not file then return nil, nil, refuse(404) end
  return path, file
end

local function respond(parts, request)
  local path, file, refusal = wanted(parts, request)
  if refusal then return refusal end
  local range = request.headers.range
  local offset, length = part(range, file.size)
  if not offset then return refuse(416, { ["Content-Range"] = ("bytes */%d"):format(file.size) }) end
  local headers = { ["Accept-Ranges"] = "bytes" }
  local is_part = length < file.size
  if is_part then headers["Content-Range"] = ("bytes %d-%d/%d"):format(offset, offset + length - 1, file.size) end
  parts.log.info("%s bytes from %d to %s", length, offset, request.client)
  return { status = is_part and 206 or 200, type = "application/octet-stream", file = path, offset = offset,
    length = length, headers = headers }
end

-- Removes what has been there for too long.
local function sweep(parts)
  for _, name in ipairs(parts.files.list(parts.directory) or {}) do
    local began = publication.begun_at(name)
    if began and parts.clock.utc() - began > LIFETIME then
      local ok, why = parts.files.remove(parts.directory .. "/" .. name)
      parts.log.warn(ok and "an image that nobody took away is removed" or "%s", why)
    end
  end
end

local templates = {}

-- new{ host } -> what src/server/service.c needs. What is not there is refused by the head of the request. Raises CpiError
-- for a configuration it cannot run with.
function templates.new(options)
  local host = options.host
  host.log.context("-", "templates")
  local settings = configuration.load_daemon(host)
  local directory = settings.templates.directory
  if directory == "" then error(errors.configuration "cpi-server templates needs templates.directory") end
  local listed, why = host.files.list(directory)
  if not listed then error(errors.configuration("templates.directory: %s", why)) end
  local parts = { directory = directory, images = host.images, files = host.files, clock = host.clock, log = host.log }
  local due = 0
  return {
    admit = function(head) return (select(3, wanted(parts, head))) end,
    http = function(request) return respond(parts, request) end,
    port = tostring(settings.templates.port),
    next_due = function() return math.max(due - host.clock.now(), 0) end,
    tick = function()
      sweep(parts)
      due = host.clock.now() + SWEEP
    end,
    events = function() end,
  }
end

return templates

-- One request: find the verb named by the method, hand it the cpi, return its result. BOSH sends an `info` before every
-- other request: what that does not need is loaded where it is needed.

local function verb_named(host, method)
  local name = "verbs." .. method
  if not method:find "^[%l_]+$" or not package.searchpath(name, package.path) then
    error(require("errors").not_implemented("Method is not known, got: '%s'", host.log.mask(method):sub(1, 80)))
  end
  return require(name)
end

-- What the verb gets: a table with the host's harmless fields, whose other parts are made when they are first asked for.
local function cpi_for(host, request)
  local cpi = {
    json = host.json, log = host.log, bytes = host.bytes, http = host.http, images = host.images,
    context = request.context, api_version = request.api_version or 1, version = host.version,
    takes_any_infrastructure = function()
      return require("setup.early_settings").takes_any_infrastructure(host, request.context)
    end,
  }
  return setmetatable(cpi, { __index = function(_, part) return require("setup.parts").give(cpi, host, request)[part] end })
end

-- The verb's result; its error is raised, and a bug has left its traceback.
local function perform(host, cpi, verb, arguments)
  for try = 1, 2 do
    local ok, result = host.attempt(verb, cpi, table.unpack(arguments, 1, arguments.n))
    if ok then return result end
    local errors = require "errors"
    if try == 2 or not errors.is(result) or not require("setup.parts").may_try_again(cpi) then
      local failure, interruption = errors.is(result) and result or errors.cpi("%s", tostring(result)), rawget(cpi, "interruption")
      error(interruption and interruption.explain(failure) or failure, 0)
    end
    host.log.debug("%s; once more, without the cache", errors.words(result))
  end
end

-- Writes what was decided, where a log of decisions is kept.
local function flush(cpi)
  local log = rawget(cpi, "decision_log")
  if log then log.flush() end
end

-- Writes the last line of the log and counts the request. Where that fails the verb's answer stands.
local function close(cpi, host, method, began, failure)
  if not rawget(cpi, "cloudstack") then return end
  local ok, why = pcall(function() (rawget(host, "closing") or require "setup.closing")(cpi, host, method, began, failure) end)
  if not ok then host.log.warn("the request was not counted: %s", require("errors").words(why)) end
end

-- What names the request and its director: texts, from here on. They are in the log, in tags and in the journal.
local function check_names(host, context)
  for _, name in ipairs { "request_id", "director_uuid" } do
    local value = context[name]
    if value == nil or value == host.json.null then
      context[name] = nil
    elseif type(value) == "string" or math.type(value) then
      context[name] = tostring(value)
    else
      error(require("errors").cpi("'context': %s must be a String, got: %s", name, type(value) == "boolean" and "Boolean"
        or host.json.is_array(value) and "Array" or "Object"))
    end
  end
end

-- host, request { method, arguments (with n), context, api_version } -> result, and where something was made a function to
-- call with what became of the answer: "taken", "lost" or "unknown", as lua/made/delivery.lua has them.
local function answer(_, host, request)
  check_names(host, request.context)
  host.log.context(request.context.request_id, request.method)
  local verb = verb_named(host, request.method)
  local cpi, began = cpi_for(host, request), host.clock.now()
  local ok, result = pcall(perform, host, cpi, verb, request.arguments)
  close(cpi, host, request.method, began, not ok and result or nil)
  flush(cpi)
  if not ok then error(result, 0) end
  local delivery = rawget(cpi, "delivery")
  if not delivery or not delivery.has_made() then return result end
  delivery.prepare()
  return result, function(fate)
    delivery.settle(fate)
    flush(cpi)
  end
end

-- Called, it performs a request. parts(host, request) -> what a verb would get: for an operator at a prompt.
return setmetatable({ parts = cpi_for }, { __call = answer })

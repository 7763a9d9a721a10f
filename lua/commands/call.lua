-- cpi call VERB ARGUMENT...: one verb, done as for the director, its answer for people. Exit 0: it went well; 1: it
-- failed.

local command = require "operator.command"
local errors = require "errors"
local new_paper = require "operator.paper"
local order = require "operator.order"

local WITHOUT_CONFIGURATION = { info = true, ping = true } -- a director asks them of whatever is configured

-- How a verb is called, from its first line: "attach_disk(vm_cid, disk_cid)".
local function signature_of(host, method)
  local text = host.files.read(("%s/verbs/%s.lua"):format(host.lua_dir, method)) or ""
  return text:match("^%-%- (" .. method .. "%b())") or method
end

-- The response as the director gets it.
local function response(host, ok, result)
  local null = host.json.null
  if ok then return { error = null, log = "", result = result == nil and null or result } end
  return { log = "", result = null,
    error = { type = result.type, message = host.log.mask(result.message), ok_to_retry = result.ok_to_retry } }
end

return command.new("call", function(host, words, options, refuse)
  if (#words > 0) == (options.request ~= nil) then refuse "a verb, or a request" end
  if options.request and options.director then refuse "a request has its own director" end
  local request = order.read(host, words, options)
  if host.config.is_named and not WITHOUT_CONFIGURATION[request.method] then command.settings(host, request.context) end
  host.catch_signals()
  local ok, result, settle = pcall(require "cpi", host, request)
  if not ok and (not errors.is(result) or result.exit_code) then error(result, 0) end
  local paper = new_paper(host)
  if options.output then
    paper:json(response(host, ok, result))
  elseif ok then
    paper:value(request.method, result == nil and "done" or result)
  else
    host.console.error(host.console.clean(host.log.mask(tostring(result))) .. "\n")
    if result.message:find "^argument " then
      host.console.error(("it is called as %s\n"):format(signature_of(host, request.method)))
    end
  end
  if ok and settle then settle "taken" end
  return ok and 0 or 1
end)

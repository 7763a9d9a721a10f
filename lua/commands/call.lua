-- cpi call VERB ARGUMENT...: one verb, done as for the director, its answer for people. Exit 0: it went well; 1: it
-- failed.

local command = require "operator.command"
local errors = require "errors"
local new_paper = require "operator.paper"
local permissions = require "operator.permissions"
local spelling = require "base.spelling"

-- JSON where it is JSON, else the text: a CID needs no quotes.
local function argument(host, word)
  local value = host.json.decode(word)
  if value == nil then return word end
  return value
end

local BY_HAND = "cpi-call" -- the director of what is made by hand: gc and list find it by that

local function request_of(host, words, director)
  local arguments = { n = #words - 1 }
  for i = 2, #words do
    local value = argument(host, words[i])
    if value ~= host.json.null then arguments[i - 1] = value end
  end
  return { method = words[1], arguments = arguments, context = { director_uuid = director or BY_HAND }, api_version = 2 }
end

local function check_verb(host, method)
  if method:find "^[%l_]+$" and package.searchpath("verbs." .. method, package.path) then return end
  error(command.refusal("no verb is called '%s'%s", host.log.mask(method):sub(1, 80), spelling.suggestion(method, permissions.verbs())))
end

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
  local request = options.request and command.request(host, options.request) or request_of(host, words, options.director)
  check_verb(host, request.method)
  if host.config.is_named then command.settings(host, request.context) end
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

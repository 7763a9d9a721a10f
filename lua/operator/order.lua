-- A verb and its arguments as words of a command line, made into a request as the director sends it.

local command = require "operator.command"
local permissions = require "operator.permissions"
local spelling = require "base.spelling"

local order = {}

-- The director of what is made by hand: gc and list find it by that.
local BY_HAND = "cpi-call"

-- JSON where it is JSON, else the text: a CID needs no quotes.
local function argument(host, word)
  local value = host.json.decode(word)
  if value == nil then return word end
  return value
end

local function check_verb(host, method)
  if method:find "^[%l_]+$" and package.searchpath("verbs." .. method, package.path) then return end
  error(command.refusal("no verb is called '%s'%s", host.log.mask(method):sub(1, 80), spelling.suggestion(method, permissions.verbs())))
end

-- read(host, words, options, refuse) -> the request: of the file that --request names, or of the words VERB ARGUMENT... A verb
-- that is not there, and a file that cannot be read, end the program with exit code 2.
function order.read(host, words, options)
  if options.request then
    local request = command.request(host, options.request)
    check_verb(host, request.method)
    return request
  end
  local arguments = { n = #words - 1 }
  for i = 2, #words do
    local value = argument(host, words[i])
    if value ~= host.json.null then arguments[i - 1] = value end
  end
  check_verb(host, words[1])
  return { method = words[1], arguments = arguments, context = { director_uuid = options.director or BY_HAND }, api_version = 2 }
end

return order

-- One request to /client/api from its names and values to the answer, in the order in which the real
-- server looks at things: command, key, role, limit, signature, parameters, ownership, the command itself.
local commands = require "sim.commands"
local envelope = require "sim.envelope"
local parameters = require "sim.parameters"
local accounts = require "sim.accounts"
local signature = require "sim.signature"
local throttle = require "sim.throttle"
local projects = require "sim.projects"
local refusal = require "sim.refusal"
local removed_objects = require "sim.removed_objects"
local shortcomings = require "sim.shortcomings"
local utf8_text = require "sim.utf8_text"
local xml = require "sim.xml"

local api = {}

local UNVERIFIED = refusal.new(401, nil, "unable to verify user credentials and/or request signature")

-- The newest version names the account, those before it the user.
local function refuse_command(m, entry, account)
  if m.version:at_least "4.23" then
    refusal.unsupported("The API [%s] does not exist or is not available for the account %s.", entry.name, account.name)
  end
  refusal.unsupported("The API [%s] does not exist or is not available for the account for user id [%s].", entry.name,
    account.user.id)
end

local function refuse_other_role(m, entry, account)
  if not commands.is_for(m, entry, account) then refuse_command(m, entry, account) end
end

local function carry_out(m, call, pairs_)
  throttle.check(m, call.account)
  parameters.refuse_control(pairs_)
  local folded = parameters.fold(pairs_)
  shortcomings.note(m, call, shortcomings.of_parameters(call.entry, folded))
  call.arguments = parameters.read(m, call.entry, folded, call.account)
  projects.refuse_outsider(call.entry, call.arguments, call.account)
  parameters.refuse_foreign(call.entry, call.arguments, call.account)
  removed_objects.refuse(m, call.entry, call.arguments)
  return call.entry.run(m, call)
end

-- As to an account whose role lacks the command.
local function refuse_unmodelled(m, call)
  shortcomings.note(m, call, shortcomings.of_command(call.entry.name))
  refuse_command(m, call.entry, call.account)
end

local function with_note(reply, call)
  if call.shortcoming then
    reply.shortcoming, reply.headers = call.shortcoming, reply.headers or {}
    reply.headers["X-Sim"] = call.shortcoming
  end
  return reply
end

local function is_utf8(pairs_)
  for _, pair in ipairs(pairs_) do
    if not utf8_text.is_good(pair[1]) or not utf8_text.is_good(pair[2]) then return false end
  end
  return true
end

-- handle(m, request, options) -> reply { status, body, type, job }
--   request   { pairs = { {name, value}, ... }, account = the one that sends it, and expires, where it is good only
--             until then; without an account the key and the signature among the pairs decide }
--   options   { visible_at = when a job that is started begins to be known }
local function handle(m, request, options)
  local name = request.command
  local entry = name and commands.find(m, name)
  if not entry then return envelope.refusal(m, name and "errorresponse" or "null", UNVERIFIED) end
  local account = request.account or accounts.by_key(m, signature.value_of(request.pairs, "apikey"))
  if not account or account.disabled then return envelope.refusal(m, entry.envelope, UNVERIFIED) end

  local call = { entry = entry, account = account, visible_at = options and options.visible_at, post = request.post }
  local _, why = envelope.guard(entry.unmodelled and refuse_unmodelled or refuse_other_role, m,
    entry.unmodelled and call or entry, account)
  if why then return with_note(envelope.refusal(m, "errorresponse", why, account), call) end
  -- Bytes that are not UTF-8 are others to the server than to him who signed them.
  local is_good = is_utf8(request.pairs) and (request.account and not (request.expires and request.expires <= m:callers_now())
    or not request.account and signature.verify(m, request.pairs, account))
  if not is_good then
    return envelope.refusal(m, entry.envelope, UNVERIFIED)
  end

  local payload
  payload, why = envelope.guard(carry_out, m, call, request.pairs)
  if why then return with_note(envelope.refusal(m, why.envelope or entry.envelope, why, account), call) end
  local reply = envelope.answer(m, entry.envelope, payload)
  reply.job, reply.delay = call.job, call.held
  return with_note(reply, call)
end

-- Signed requests are answered in XML unless they ask for JSON.
function api.handle(m, request, options)
  local reply = handle(m, request, options)
  local wanted = signature.value_of(request.pairs, "response")
  if not request.account and not (wanted and wanted:lower() == "json") then xml.translate(m, reply) end
  return reply
end

-- The account that a request is from, as far as it is known before anything is checked.
function api.sender(m, request)
  return request.account or accounts.by_key(m, signature.value_of(request.pairs, "apikey"))
end

return api

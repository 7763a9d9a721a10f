-- One reply: CloudStack's payload, or the kind of failure that it is. An answer counts only in the envelope of its own
-- command, and an error code is a failure whatever the HTTP status is: a gateway may have changed that.
--
--   replies.read(json, command, reply, endpoint, mask) -> payload, or nil and a failure
--   replies.read_all(json, requests, list, endpoint, mask) -> { { payload = } or { failure = }, ... } of one wave
--   replies.result_of(job)             -> what a job that went well ended with, or nil and the words of a failure
--   replies.first_words(body, mask)    what a body that is not an answer says to people
--   replies.envelope_of(command)       what CloudStack calls the one member of its answer
--
-- What a failure is, and its kinds: lua/cloudstack/failures.lua.

local failures = require "cloudstack.failures"
local refusals = require "cloudstack.refusals"

local replies = {}

local ENOUGH = 8192        -- bytes of a body for its first words; patterns over megabytes take minutes
local LONGEST_WORDS = 120
local LONGEST_TEXT = 65536 -- bytes of an error's text: more than a message may have, so that this cut is never seen

-- What a body says to people, where it is not what was to come: its first words, without a page's tags. A server's page may
-- echo the request: secrets are masked in it as it is, and in what the tags had kept apart, before anything is cut.
function replies.first_words(body, mask)
  local text = mask(body:sub(1, ENOUGH)):gsub("<[^>]*>", function(tag) return tag == "<redacted>" and tag or " " end)
  text = mask(text):gsub("%s+", " "):gsub("^ ", "")
  return text == "" and "an empty body" or text:sub(1, LONGEST_WORDS)
end

-- The parameters in which an id that never was means: there is no such thing. (In others, a zone's or a
-- project's, it means that the configuration is wrong.)
local asks_for = { id = true, virtualmachineid = true, templateid = true, networkid = true }

local function refusal(command, status, payload)
  local text = payload.errortext
  if type(text) ~= "string" or text == "" then text = "no reason given" end
  text = text:sub(1, LONGEST_TEXT)
  local code = math.tointeger(tonumber(payload.errorcode)) or status >= 400 and status or nil
  local kind = (code == refusals.TOO_MANY_REQUESTS or code == refusals.UNAVAILABLE) and "busy" or "refused"
  local after = code == refusals.TOO_MANY_REQUESTS and tonumber(text:match "%[(%d+)%] ms")
  return failures.new(command, {
    kind = kind, status = status, code = code, cserrorcode = payload.cserrorcode, text = text, sent = true,
    after = after and after / 1000,
    unknown_id = code == refusals.BAD_PARAMETER
      and (asks_for[text:match "Invalid parameter (%w+) value=.*entity does not exist"]
        or text:find("Unable to find UUID for id [", 1, true) ~= nil) or false, -- up to 4.22, of what was removed
  })
end

-- A command that has no object to show says whether it went well, up to 4.11 in a string.
local function says_no(payload)
  return payload.success == false or payload.success == "false"
end

-- Does it not pass by waiting? A server that leads elsewhere, does not know the path or shows a page says so on purpose.
-- What a gateway answers while the server behind it is away, or while it has too much to do, passes.
local passes = { [408] = true, [425] = true, [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }
local function is_elsewhere(reply)
  if reply.status >= 400 then return not passes[reply.status] end
  return reply.status >= 300 or reply.body:find "^%s*<" ~= nil
end

local function not_understood(command, reply, why, endpoint, mask)
  local text = ("HTTP %d with %s (%s)"):format(reply.status, replies.first_words(reply.body, mask), why)
  if not is_elsewhere(reply) then
    return failures.new(command, { kind = "garbled", status = reply.status, sent = true, text = text })
  end
  local advice = require("cloudstack.endpoint").advice(endpoint, reply, mask)
  return failures.new(command, { kind = "elsewhere", status = reply.status, sent = true, advice = advice,
    text = text .. "; " .. advice })
end

-- The envelope is the command in lower case and "response", but for the commands listed here; what is refused because nobody, or
-- not this account, may send the command, is called REFUSED. As a management server of version 4.23 answered; older ones have the
-- same names.
local REFUSED = "errorresponse"
local odd = {
  activateProject = "activaterojectresponse",
  addIpToNic = "addiptovmnicresponse",
  getUploadParamsForTemplate = "postuploadtemplateresponse",
  getUploadParamsForVolume = "postuploadvolumeresponse",
  resetSSHKeyForVirtualMachine = "resetSSHKeyforvirtualmachineresponse",
  restoreVirtualMachine = "restorevmresponse",
  updateVMAffinityGroup = "updatevirtualmachineresponse",
}

function replies.envelope_of(command)
  return odd[command] or command:lower() .. "response"
end

-- What the document holds under that name, when it is an object.
local function object_in(json, document, name)
  local value = document[name]
  return type(value) == "table" and not json.is_array(value) and value or nil
end

-- Why a document is not an answer to the command.
local function mismatch(json, document, command)
  local name, payload = next(document)
  if type(payload) == "table" and payload.errorcode ~= nil then
    return ("not a CloudStack answer to %s: %s says %s %s"):format(command, tostring(name):sub(1, 60), tostring(payload.errorcode),
      tostring(payload.errortext):sub(1, 120))
  elseif type(name) == "string" and name ~= replies.envelope_of(command) and not json.is_array(document) then
    return ("not a CloudStack answer to %s: the answer is called '%s'"):format(command, name:sub(1, 60))
  end
  return "not a CloudStack answer"
end

local function refused_in(json, document, command)
  for _, name in ipairs { REFUSED, replies.envelope_of(command) } do
    local payload = object_in(json, document, name)
    if payload and (payload.errorcode ~= nil or payload.errortext ~= nil) then return payload end
  end
end

-- reply as host.cloudstack.send gives it; endpoint: cloudstack.endpoint, where it is known; mask: the log's.
function replies.read(json, command, reply, endpoint, mask)
  if reply.fault then
    return nil, failures.new(command, { kind = "transport", text = reply.text, fault = reply.fault, sent = reply.sent })
  end
  local document, why = json.decode(reply.body)
  if type(document) ~= "table" then
    return nil, not_understood(command, reply, document == nil and why or "not a CloudStack answer", endpoint, mask)
  end
  local refused = refused_in(json, document, command)
  if refused then return nil, refusal(command, reply.status, refused) end
  local payload = object_in(json, document, replies.envelope_of(command))
  if not payload or reply.status < 200 or reply.status >= 300 then
    return nil, not_understood(command, reply, mismatch(json, document, command), endpoint, mask)
  elseif says_no(payload) then
    return nil, failures.new(command, { kind = "refused", status = reply.status, sent = true,
      text = type(payload.displaytext) == "string" and payload.displaytext or "CloudStack says that it did not succeed" })
  end
  return payload
end

-- requests: { command = } each; list: their replies, in the same order.
function replies.read_all(json, requests, list, endpoint, mask)
  local outcomes = {}
  for i, reply in ipairs(list) do
    local payload, failure = replies.read(json, requests[i].command, reply, endpoint, mask)
    outcomes[i] = { payload = payload, failure = failure }
  end
  return outcomes
end

-- What a job that went well ended with: its result, or nil and the words of a failure. An error in the result of a job
-- that succeeded is a contradiction, which says nothing.
function replies.result_of(job)
  local result = type(job.jobresult) == "table" and job.jobresult or {}
  if result.errorcode ~= nil or says_no(result) then
    return nil, type(result.errortext) == "string" and result.errortext or type(result.displaytext) == "string"
      and result.displaytext or "CloudStack reports that the job succeeded, and its result says that it failed"
  end
  return result
end

return replies

-- What went wrong with one CloudStack command, as one record. It is made here, complete, and never changed: a
-- caller that knows more makes another one of it.
--
--   failures.new(command, fields)    -> a failure
--   failures.with(failure, fields)   -> another failure: the same, and these fields
--   failures.say(failure)            -> its words, for people
--   failures.is_open(failure)        may the command have happened all the same?
--   failures.raise(failure [, what]) raises it as a CloudError
--
-- Its kinds
--   transport   no reply came                        garbled    the reply is not CloudStack's to that command
--   elsewhere   the same, and said on purpose: a redirect, a page, an unknown path
--   busy        429, or 503 before anything was done  refused   CloudStack's own error
--   job         the job failed                       killed     the job ended without saying how
--   vanished    CloudStack has forgotten the job     late       the deadline of the job passed
--   lost        nobody knows whether it happened
-- What the texts and codes of `refused` and `job` mean: lua/cloudstack/refusals.lua.

local errors = require "errors"

local failures = {}

-- All fields that a failure may have.
local FIELDS = {
  command = "the command",
  kind = "one of the kinds above",
  text = "what went wrong, in CloudStack's words where it has said so",
  sent = "true where CloudStack may have received the request",
  -- of a reply
  fault = "of a transport failure: the host's word for it",
  status = "the HTTP status",
  code = "CloudStack's errorcode, or the HTTP status of its error",
  cserrorcode = "CloudStack's finer error code",
  after = "seconds for which CloudStack asks to be left alone",
  unknown_id = "true where the id of what the command is about does not exist",
  advice = "of the kind elsewhere: what cloudstack.endpoint should be",
  -- of a job
  jobid = "the job's id",
  unanswered = "true where CloudStack refuses to say what became of the job: it may have done anything",
  -- of a deploy that failed, for the message
  explanation = "why CloudStack refused it, where it hides the reason and that was found out",
  unexplained = "why that could not be found out",
  clean_up = "why what the deploy left could not be removed",
}

local Failure = { __newindex = function(_, name) error(("a failure is not changed: '%s'"):format(tostring(name)), 2) end }

-- The failure of a command; fields as above, at least kind and text.
function failures.new(command, fields)
  local failure = { command = command }
  for name, value in pairs(fields) do
    if not FIELDS[name] then error(("a failure has no field '%s'"):format(tostring(name)), 2) end
    failure[name] = value
  end
  return setmetatable(failure, Failure)
end

function failures.with(failure, fields)
  local all = {}
  for name, value in pairs(failure) do all[name] = value end
  for name, value in pairs(fields) do all[name] = value end
  return failures.new(failure.command, all)
end

function failures.say(failure)
  local code = math.type(failure.code) and failure.code or failure.status
  return code and ("%s: %s (%s)"):format(failure.command, failure.text, code)
    or ("%s: %s"):format(failure.command, failure.text)
end

-- Only CloudStack's own word says that what it received has not happened.
local final = { refused = true, busy = true, job = true }
function failures.is_open(failure)
  return failure.sent and not final[failure.kind] or false
end

-- `what`, a noun phrase, comes first in the message.
function failures.raise(failure, what)
  error(errors.cloud("%s", (what and what .. ": " or "") .. failures.say(failure)):with { failure = failure })
end

return failures

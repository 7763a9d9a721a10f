-- Whether what failed is tried again, and when: where that can do nothing twice, the retry policy decides.
--
--   patience.of_request(client, request, failure, attempt, elapsed) -> seconds to wait before it is sent again, or nil
--   patience.of_job(client, request, failure, attempt, elapsed)     -> the same, of a job that was refused or has failed
--   patience.of_create(client, failure, attempt, elapsed, limit)    -> the same, of a create whose remains are removed
--   patience.is_reading(command)                                    does the command only read?
--   patience.which_read(requests)                                   the same of each request of a wave
--   patience.pause(client, failure, seconds, attempt, began)   waits that long, and says so
--   patience.note_unknown(client, failure)                          logs CloudStack's words that nobody here knows
--
-- attempt: 1 after the first try; elapsed: seconds since the first try began; limit: the seconds that all tries may take.

local errors = require "errors"
local refusals = require "cloudstack.refusals"

local patience = {}

local LONGEST_TRIES = 3600 -- seconds for which one request is tried, whatever the policy says

-- requests: { command, ... } each -> a list of booleans.
function patience.which_read(requests)
  local list = {}
  for i, request in ipairs(requests) do list[i] = patience.is_reading(request[1]) end
  return list
end

function patience.is_reading(command)
  return command:find "^list" ~= nil or command == "queryAsyncJobResult"
end

-- What CloudStack itself has said: of a request, or of a job.
local function is_own_word(failure)
  return failure.kind == "refused" or failure.kind == "job"
end

-- What is not understood is said, so that its meaning can be put into the table.
function patience.note_unknown(client, failure)
  if not is_own_word(failure) or refusals.class_of(failure) or refusals.is(failure, "reason_is_hidden") then return end
  client.parts.log.info("%s: the CPI does not know what this means: %s (%s)", failure.command, failure.text, tostring(failure.code))
end

-- The facts of a failure that is CloudStack's own word. What passes is "busy" to the policy, which is how it has always been
-- asked about servers with too much to do. A text that is not understood is the site's to know. Nothing else is asked about.
local function facts_of_word(failure)
  local class, meaning = refusals.class_of(failure)
  if class and class ~= "passing" then return nil end
  return { kind = class and "busy" or "failed", class = class or "unknown", meaning = meaning, job = failure.kind == "job" or nil }
end

local function facts_of(failure)
  if is_own_word(failure) then return facts_of_word(failure) end
  return { kind = failure.kind, class = failure.kind == "busy" and "passing" or nil }
end

-- The policy's answer. A policy that was written before it was asked about words that are not understood may break over them:
-- then they are final, as they were.
local function answer_of(client, facts)
  if facts.kind ~= "failed" then return client.parts.decide("retry", facts).after end
  local ok, answer = pcall(client.parts.decide, "retry", facts)
  if ok then return answer.after end
  client.parts.log.warn("%s; %s is not tried again", errors.words(answer), facts.command)
end

local function ask(client, command, failure, attempt, elapsed, limit)
  local facts = elapsed < math.min(limit or LONGEST_TRIES, LONGEST_TRIES) and facts_of(failure)
  if not facts then return nil end
  facts.command, facts.reading = command, patience.is_reading(command)
  facts.fault, facts.status, facts.code, facts.text = failure.fault, failure.status, failure.code, failure.text
  facts.wanted, facts.attempt, facts.elapsed, facts.limit = failure.after, attempt, elapsed, limit
  local after = answer_of(client, facts)
  return after and (not limit or elapsed + after < limit) and after or nil
end

-- May the request be sent again, as it is, without doing anything twice? A job whose reply was lost may
-- not, whatever it does: its id is taken. One that was refused is of_job's.
local function is_repeatable(request, failure)
  if failure.kind == "refused" then
    return not request.job and (request.idempotent or patience.is_reading(request[1])) or false
  end
  if failure.kind == "busy" or not failure.sent or patience.is_reading(request[1]) then return true end
  return request.idempotent and not request.job or false
end

-- Waits for the next try, and says so. began: when the first one began (clock.now).
function patience.pause(client, failure, seconds, attempt, began)
  local clock, elapsed = client.parts.clock, client.parts.clock.now() - began
  client.parts.log.warn("%s: %s; trying again in %.1f s (try %d, %.0f s so far)", failure.command, failure.text, seconds, attempt + 1,
    elapsed)
  clock.sleep(seconds)
end

function patience.of_request(client, request, failure, attempt, elapsed)
  if not is_repeatable(request, failure) then return nil end
  return ask(client, request[1], failure, attempt, elapsed)
end

function patience.of_job(client, request, failure, attempt, elapsed)
  if not (request.job and request.idempotent and is_own_word(failure)) then return nil end
  return ask(client, request[1], failure, attempt, elapsed, request.timeout)
end

function patience.of_create(client, failure, attempt, elapsed, limit)
  if not is_own_word(failure) then return nil end
  return ask(client, failure.command, failure, attempt, elapsed, limit)
end

return patience

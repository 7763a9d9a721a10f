-- CloudStack's asynchronous jobs: started under an id of ours, looked at until they are over, and found again after a lost
-- reply.
--
--   jobs.start(client, requests)    -> tasks, one for each request; a request may also be no job
--   jobs.wait(client, tasks)        -> the tasks, each of them over; what passes is tried again, as the retry policy says
--   jobs.made_by(client, command, jobid [, seconds, grace]) -> the id of what a job made, or nil; and its failure
--
-- Why a job id is never sent twice: CloudStack makes the object before it checks the id, so a second create with the same id
-- leaves a second object behind. After a lost reply CloudStack is asked; nothing is sent again.
--
-- A task is what became of one request:
--   over     nothing more will happen to it
--   result   the job's result, or a synchronous command's payload, when it went well
--   failure  when it did not
--   id       the object that a create command named; jobid; began, deadline; rows for a list; request, as it was sent

local errors = require "errors"
local failures = require "cloudstack.failures"
local lists = require "cloudstack.lists"
local looks = require "cloudstack.looks"
local patience = require "cloudstack.patience"
local refusals = require "cloudstack.refusals"
local replies = require "cloudstack.replies"
local waves = require "cloudstack.waves"

local jobs = {}

local UNKNOWN_JOB_GRACE = 2 -- seconds: a fresh job was seen to be unknown for the first 100 ms,
local CREATE_GRACE = 5      -- and a create makes its object before it makes its job
local JOB_TIMEOUT = 1800 -- seconds, where the request names none
local PENDING, SUCCEEDED = 0, 1
local STATES = { [0] = "pending", [1] = "succeeded", [2] = "failed", [3] = "cancelled" } -- of a job

local function prepared(client, request)
  if not request.job then return request end
  local params = {}
  for name, value in pairs(request[2] or {}) do params[name] = value end
  params.customjobid = request.jobid or client.parts.uuid()
  if request.entry then request.entry.note { job = params.customjobid, command = request[1] } end
  local twin = setmetatable({ request[1], params }, { __index = request })
  return twin
end

-- No usable reply came, but it may have happened: the task goes on as a job under the id that we chose.
local function is_lost(request, failure)
  return request.job and failures.is_open(failure)
end

-- A reply that names no job counts as lost: CloudStack is asked what came of the request.
local function check_job(request, outcome)
  local payload = outcome.payload
  if not payload or not request.job or type(payload.jobid) == "string" then return end
  outcome.payload, outcome.failure = nil, failures.new(request[1],
    { kind = "garbled", sent = true, text = "the answer names no job" })
end

-- task, which begins now.
local function timed(client, task)
  task.began = client.parts.clock.now()
  task.deadline = task.began + (task.request.timeout or JOB_TIMEOUT)
  return task
end

local function begin(client, request, outcome)
  check_job(request, outcome)
  local task = timed(client, { request = request, rows = outcome.rows })
  local payload, failure = outcome.payload, outcome.failure
  if payload and request.job then
    task.id, task.jobid, task.known = payload.id, payload.jobid, true
    if request.entry then request.entry.note { id = payload.id } end
  elseif payload then
    task.over, task.result, task.id = true, payload, payload.id
  elseif is_lost(request, failure) then
    client.parts.log.warn("%s: %s; asking for job %s", request[1], failure.text, request[2].customjobid)
    task.jobid, task.lost = request[2].customjobid, failure
  else
    task.over, task.failure = true, failure
  end
  if not task.over then client.under_way[task] = true end
  return task
end

-- Sends all requests at once and returns a task for each. Nothing is raised but an interruption, before anything is sent.
function jobs.start(client, requests)
  local list, tasks = {}, {}
  waves.heed(client, patience.which_read(requests)) -- before a journal entry says that a job was begun
  for i, request in ipairs(requests) do list[i] = prepared(client, request) end
  local outcomes = lists.wave(client, list)
  for i, outcome in ipairs(outcomes) do tasks[i] = begin(client, list[i], outcome) end
  return tasks
end

local function fail(task, kind, text, code, is_unanswered)
  task.over = true
  task.failure = failures.new(task.request[1], { kind = kind, text = text, code = code, sent = true, jobid = task.jobid,
    unanswered = is_unanswered })
end

-- The id of the one object in a job's result; not every job says what it was about (jobinstanceid).
local function id_in(result)
  local _, object = next(result)
  return type(object) == "table" and object.id or nil
end

-- What CloudStack says of a job that is over.
local function finish(task, job)
  task.id = task.id or job.jobinstanceid
  if job.jobstatus == SUCCEEDED then
    local made, why = replies.result_of(job)
    if not made then return fail(task, "lost", why) end
    task.over, task.result = true, made
    task.id = task.id or id_in(made)
    return
  end
  local result = type(job.jobresult) == "table" and job.jobresult or nil
  if result then
    fail(task, "job", result.errortext or "the job failed without a reason", result.errorcode or job.jobresultcode)
  elseif type(job.jobresult) == "string" then
    fail(task, "job", job.jobresult, job.jobresultcode)
  else
    fail(task, "killed", "the job ended without a result (management server restarted?)", job.jobresultcode)
  end
end

-- The same task with another job. `first` is when its first try began; the deadline is that of all its tries.
local function renew(client, task, again)
  local first, deadline, resent, attempt = task.first or task.began, task.deadline, task.resent, task.attempt
  for key in pairs(task) do task[key] = nil end
  for key, value in pairs(again) do task[key] = value end
  task.first, task.deadline, task.resent, task.attempt = first, deadline, resent, attempt
  client.under_way[again], client.under_way[task] = nil, not task.over or nil
end

-- The reply was lost and CloudStack does not know the job: the object may exist all the same; if not, an idempotent command is
-- sent once more, as a new job.
local function settle_lost(client, task)
  local request = task.request
  local looked, found = true, nil
  if request.find then looked, found = pcall(request.find) end
  if not looked then
    fail(task, "lost", ("%s; looking for what came of it: %s"):format(task.lost.text, errors.words(found)))
  elseif found then
    task.over, task.result, task.id = true, found, found.id
  elseif request.idempotent and not task.resent then
    task.resent = true
    renew(client, task, jobs.start(client, { getmetatable(request).__index })[1])
  else
    fail(task, "lost", ("%s; CloudStack knows nothing of its job %s"):format(task.lost.text, task.jobid))
  end
end

-- A job that CloudStack does not know: a young one may turn up yet.
local function unknown(client, task, failure)
  if task.known then
    return fail(task, "vanished", ("CloudStack no longer knows job %s (%s)"):format(task.jobid, failure.text),
      failure.code)
  end
  task.unknown_since = task.unknown_since or client.parts.clock.now()
  local grace = task.request.grace or task.request.find and CREATE_GRACE or UNKNOWN_JOB_GRACE
  if client.parts.clock.now() - task.unknown_since >= grace then settle_lost(client, task) end
end

-- The refusal of a poll says nothing of the job: a delete that goes on must not count as failed. An internal error, or a key
-- that is refused once, may not come again.
local POLL_TRIES = 4
local function may_pass(task, failure)
  task.refused_polls = (task.refused_polls or 0) + 1
  return refusals.is(failure, "says_nothing_of_job") and task.refused_polls < POLL_TRIES
end

local function absorb(client, task, outcome)
  local job, failure = outcome.payload, outcome.failure
  if job and not STATES[job.jobstatus] then
    job, failure = nil, failures.new("queryAsyncJobResult", { kind = "garbled", text = "the answer has no state of the job" })
  end
  if job then
    task.known = true
    if job.jobstatus ~= PENDING then
      finish(task, job)
      if task.failure then patience.note_unknown(client, task.failure) end
      return
    end
    task.id = task.id or job.jobinstanceid
  elseif refusals.is(failure, "unknown_job") then
    return unknown(client, task, failure)
  elseif failure.kind == "refused" and not may_pass(task, failure) then
    return fail(task, "lost", ("CloudStack does not say what became of job %s: %s (%s)"):format(task.jobid, failure.text,
      tostring(failure.code)), nil, true) -- the code is the question's, not the job's
  end
  if job then task.refused_polls = nil end
  task.last = job and "pending" or failure.text
end

local function check_deadline(client, task)
  local now = client.parts.clock.now()
  if task.over or now < task.deadline then return end
  fail(task, "late", ("job %s has not ended after %d s; the last look: %s"):format(task.jobid,
    math.floor(now - (task.first or task.began)), task.last or task.lost and task.lost.text or "pending"))
end

-- What a job that ended well shows of its kind.
local function learn(client, task, age)
  local durations = client.parts.durations
  if durations and task.over and not task.failure and not task.lost and not task.resent then
    durations:learn(task.request[1], task.seen_pending or 0, age)
  end
  if task.last == "pending" then task.seen_pending = age end
end

-- One look at all open jobs; returns the seconds for which CloudStack asks to be left alone.
local function poll(client, tasks)
  local requests, questions, throttled, now = {}, {}, 0, client.parts.clock.now()
  for i, task in ipairs(tasks) do requests[i], questions[i] = { "queryAsyncJobResult", { jobid = task.jobid } }, true end
  for i, outcome in ipairs(waves.exchange(client, requests, questions)) do
    absorb(client, tasks[i], outcome)
    learn(client, tasks[i], now - tasks[i].began)
    check_deadline(client, tasks[i])
    throttled = math.max(throttled, outcome.failure and outcome.failure.after or 0)
  end
  return throttled
end

-- What is waited for, in words: the last of the tasks that are still under way.
local function words_of(task)
  local lately = task.lately and (", lately %.1f to %.1f s"):format(task.lately.from, task.lately.to) or ""
  return ("%s (%s%s)"):format(task.request.what or "a job", task.request[1], lately)
end

-- Polls until each task is over. A poll that fails ends nothing: the job goes on, and so does the wait.
local function settle(client, tasks)
  local throttled, began, last = 0, client.parts.clock.now(), nil
  while true do
    local open = {}
    for _, task in ipairs(tasks) do
      if not task.over then open[#open + 1] = task end
    end
    if #open == 0 then break end
    last = open[#open]
    client.parts.wait(math.max(looks.pause(client, open), throttled), function() return words_of(last) end, began)
    throttled = poll(client, open)
  end
  if not last then return end
  local now = client.parts.clock.now()
  client.tally:waited_for(last.request[1], now - began, now - last.began, last.lately)
  client.parts.log.status()
end

-- The tasks that failed and are tried again, and the seconds to wait before that.
local function that_pass(client, tasks)
  local list, pause = {}, 0
  for _, task in ipairs(tasks) do
    local attempt, elapsed = task.attempt or 1, client.parts.clock.now() - (task.first or task.began)
    local after = task.failure and patience.of_job(client, task.request, task.failure, attempt, elapsed)
    if after then list[#list + 1], pause = task, math.max(pause, after) end
  end
  return list, pause
end

-- Where a failure passes, the command is sent again as a new job.
function jobs.wait(client, tasks)
  local open = tasks
  while true do
    settle(client, open)
    local again, pause = that_pass(client, open)
    if #again == 0 then return tasks end
    patience.pause(client, again[1].failure, pause, again[1].attempt or 1, again[1].first or again[1].began)
    local requests = {}
    for i, task in ipairs(again) do
      task.attempt, requests[i] = (task.attempt or 1) + 1, getmetatable(task.request).__index
    end
    for i, fresh in ipairs(jobs.start(client, requests)) do renew(client, again[i], fresh) end
    open = again
  end
end

-- The id of what a job created whose reply was lost, or whose process died, and its failure; no id where CloudStack does not
-- know the job. Waits for the job for `seconds` (JOB_TIMEOUT); raises where it is not over then. grace: the seconds for which one
-- that CloudStack does not know may still turn up; 0 for one that was begun long ago, about which one question is enough.
function jobs.made_by(client, command, jobid, seconds, grace)
  local task = timed(client, { request = { command, timeout = seconds, grace = grace }, jobid = jobid,
    lost = { text = "its reply was lost" } })
  jobs.wait(client, { task })
  if task.failure and task.failure.kind == "late" then failures.raise(task.failure) end
  return task.id, task.failure
end

return jobs

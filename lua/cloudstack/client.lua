-- CloudStack commands: waves of requests, lists to their last page, jobs to their end.
--
--   client.gather{ a = {command, params, rows=}, ... } -> { a = rows or payload }   raises
--   client.call(command, params)   -> payload | raises
--   client.try(command, params)    -> payload | nil, failure
--   client.rows(request)       -> rows | raises             one list
--   client.start{ request, ... }   -> { task, ... }           one wave, nothing raised
--   client.wait{ task, ... }       until each task is over
--   client.job(request)            -> result, task | raises   start and wait for one
--   client.made_by(command, jobid [, seconds]) -> id of what the job made of which nobody heard, or nil; its failure
--   client.raise(failure)          the CloudError that tells of it
--   client.is_open(failure)        may it have happened all the same?
--   client.says(failure, pattern)  does CloudStack itself say that?
--   client.first_words(body, mask) what a body that is no answer says to people; mask is the log's
--
-- A request is { command, params } and may carry: rows (the key of a list's array: all pages are
-- fetched), job = true (an asynchronous command: gets a job id of ours), timeout (seconds for the job),
-- what (a noun phrase for messages), idempotent (asking twice does what asking once does), find (a function
-- that looks the object up by its exact name after a lost reply), entry (a journal entry that is told the
-- job id before anything is sent), cached = true (an answer that another process had lately will do: gather only), expires
-- (seconds since 1970: CloudStack is to refuse it from then on; else ten minutes from now), jobid (of a job that is not
-- idempotent: its id, where it is to be known before; it must never have been used).
-- A failure is { command, kind, text, status, code, sent, after, unknown_id }; kinds: "transport" (no answer), "garbled"
-- (an answer that is not CloudStack's to that command), "elsewhere" (the same, and said on purpose: a redirect, a page, a path
-- that is not known; `advice` says what cloudstack.endpoint should be), "busy" (429, or 503 before anything was done), "refused"
-- (CloudStack's own error), "job" (the job failed), "killed" (it ended without saying how), "vanished"
-- (CloudStack has forgotten it), "late" (its deadline passed), "lost" (nobody knows whether it happened).
--
-- Why a job id is never sent twice: CloudStack makes the object before it checks the id, so a second
-- create with the same id leaves a second object behind. A lost reply is answered by asking.

local errors = require "errors"
local replies = require "cloudstack.replies"

local PAGE = 500         -- CloudStack's default.page.size; a smaller one is learnt from its refusal
local SHORTEST_POLL = 0.02
local LONGEST_POLL = 10
local UNKNOWN_JOB_GRACE = 2 -- seconds: a fresh job was seen to be unknown for the first 100 ms,
local CREATE_GRACE = 5      -- and a create makes its object before it makes its job
local LONGEST_TRIES = 3600 -- seconds for which one request is tried, whatever the retry policy says
local JOB_TIMEOUT = 1800 -- seconds, where the request names none
local PENDING, SUCCEEDED = 0, 1
local STATES = { [0] = "pending", [1] = "succeeded", [2] = "failed", [3] = "cancelled" } -- of a job

local client = {}
client.__index = client
client.first_words, client.says = replies.first_words, replies.says

-- new{ send, json, clock, uuid, log, decide }: send and clock as the host gives them, uuid() a fresh
-- lower-case one, decide as lua/policy.lua makes it (for the retry policy). Optional: cache as cloudstack/cache.lua
-- makes it; hold(seconds), which is told of every pause that CloudStack asks for; tenant as cloudstack/tenancy.lua
-- makes it; interruption as lua/base/interruption.lua makes it.
-- client.acted tells whether CloudStack may have changed anything for us.
local function new(parts)
  return setmetatable({ parts = parts, page = PAGE, round_trip = 0, waves = 0, acted = false,
    under_way = {} }, client)
end

local function is_reading(command)
  return command:find "^list" ~= nil or command == "queryAsyncJobResult"
end

-- ---------------------------------------------------------------------------------------------------------
-- one reply

-- reply as host.cloudstack.send gives it -> payload, or nil and a failure
function client:read(command, reply)
  local payload, failure = replies.read(self.parts.json, command, reply, self.parts.endpoint, self.parts.log.mask)
  if failure and failure.after and self.parts.hold then self.parts.hold(failure.after) end
  return payload, failure
end

-- ---------------------------------------------------------------------------------------------------------
-- a wave, with the retries that the policy grants

-- May the request be sent again, as it is, without doing anything twice? A job whose reply was lost may
-- not, whatever it does: its id is taken.
local function is_repeatable(request, failure)
  if failure.kind == "refused" then return false end
  if failure.kind == "busy" or not failure.sent or is_reading(request[1]) then return true end
  return request.idempotent and not request.job or false
end

-- Seconds to wait before the next try, or nil for no other try.
function client:patience(request, failure, attempt, elapsed)
  if not is_repeatable(request, failure) or elapsed >= LONGEST_TRIES then return nil end
  local answer = self.parts.decide("retry", {
    command = request[1], reading = is_reading(request[1]), kind = failure.kind, fault = failure.fault,
    status = failure.status, code = failure.code, text = failure.text, wanted = failure.after,
    attempt = attempt, elapsed = elapsed,
  })
  return answer.after
end

function client:transmit(requests)
  local wire, tenant = {}, self.parts.tenant
  for i, request in ipairs(requests) do
    local params = request[2] or {}
    wire[i] = { command = request[1], expires = request.expires,
      params = tenant and tenant:parameters(self, request[1], params) or params }
  end
  self.waves = self.waves + 1
  local answers = self.parts.send(wire)
  self.round_trip = 0
  for i, reply in ipairs(answers) do
    self.round_trip = math.max(self.round_trip, reply.seconds or 0)
    self.parts.log.debug("%s answered %s after %d ms", wire[i].command, reply.status or reply.fault,
      math.floor((reply.seconds or 0) * 1000))
  end
  return answers
end

-- May CloudStack have changed anything for that command? Not where it refused a parameter, and not where the request
-- never came to it.
local function may_have_acted(command, failure)
  if is_reading(command) then return false end
  return not failure or failure.sent and failure.code ~= 431 and failure.kind ~= "busy"
end

-- Is a job of ours under way? Then so is a step of the verb, which comes to its end.
local function is_under_way(self)
  for task in pairs(self.under_way) do
    if not task.over then return true end
    self.under_way[task] = nil
  end
  return false
end

-- No step begins, and nothing is tried again, where the verb is to end early.
local function heed_interruption(self, requests, attempt)
  local interruption = self.parts.interruption
  if not interruption then return end
  for _, request in ipairs(requests) do
    if attempt > 1 or not is_reading(request[1]) then
      return is_under_way(self) or interruption.check()
    end
  end
end

-- Sends all requests at once; those that failed and may be repeated go out again together. Answers a list
-- of { payload = } or { failure = }, in the order of the requests.
function client:wave(requests)
  local outcomes, open, began = {}, {}, self.parts.clock.now()
  for i in ipairs(requests) do open[i] = i end
  for attempt = 1, math.huge do
    local batch = {}
    for at, i in ipairs(open) do batch[at] = requests[i] end
    heed_interruption(self, batch, attempt)
    local answers, again, pause = self:transmit(batch), {}, 0
    for at, i in ipairs(open) do
      local payload, failure = self:read(requests[i][1], answers[at])
      self.acted = self.acted or may_have_acted(requests[i][1], failure)
      outcomes[i] = { payload = payload, failure = failure }
      local after = failure and self:patience(requests[i], failure, attempt, self.parts.clock.now() - began)
      if after then
        again[#again + 1], pause = i, math.max(pause, after)
      end
    end
    if #again == 0 then return outcomes end
    self.parts.log.warn("%s: %s; trying again in %.1f s", requests[again[1]][1],
      outcomes[again[1]].failure.text, pause)
    self.parts.clock.sleep(pause)
    open = again
  end
end

-- Forgets what was learnt of CloudStack's names, for another try without the cache.
function client:forget()
  if self.parts.tenant then self.parts.tenant:forget() end
end

-- ---------------------------------------------------------------------------------------------------------
-- failures as errors

local function say(failure)
  local code = math.type(failure.code) and failure.code or failure.status
  return code and ("%s: %s (%s)"):format(failure.command, failure.text, code)
    or ("%s: %s"):format(failure.command, failure.text)
end

-- Raises the failure as a CloudError in CloudStack's own words; `what`, when given, comes first.
function client.raise(failure, what)
  local raised = errors.cloud("%s", (what and what .. ": " or "") .. say(failure))
  raised.failure = failure
  error(raised)
end

client.say = say

-- May what failed that way have happened, or happen still? Only CloudStack's own word says that it has not.
local final = { refused = true, busy = true, job = true }
function client.is_open(failure)
  return failure.sent and not final[failure.kind] or false
end

-- ---------------------------------------------------------------------------------------------------------
-- lists

local function with_page(request, page, size)
  local params = { page = page, pagesize = size }
  for name, value in pairs(request[2] or {}) do params[name] = value end
  return { request[1], params, idempotent = request.idempotent }
end

-- A refusal that names a smaller largest page, as the number; else nil.
local function largest_page(failure)
  local size = failure and failure.kind == "refused" and failure.text:match "max allowed page size value: (%d+)"
  return size and math.tointeger(tonumber(size))
end

-- How many pages a list has, by its count; nil where that is no number of rows that a cloud could have.
local MOST_PAGES = 1000
local function pages_of(payload, size)
  local count = payload.count or 0
  local pages = math.type(count) == "integer" and count >= 0 and (count + size - 1) // size
  return pages and pages <= MOST_PAGES and pages or nil
end

-- A list that is none: what should be its rows or their count is something else.
local function no_list(request)
  return replies.failure(request[1], { kind = "garbled", sent = true, text = "the answer is no list of CloudStack's" })
end

local function is_text(value) return value == nil or type(value) == "string" end

-- Are these rows: a list of tables with ids and names that are texts?
local function are_rows(json, rows)
  if type(rows) ~= "table" or not json.is_array(rows) then return false end
  for _, row in ipairs(rows) do
    if type(row) ~= "table" or json.is_array(row) or not (is_text(row.id) and is_text(row.name)) then return false end
  end
  return true
end

-- Does a page without rows say that there are none? An empty list is an empty object; beyond its end a list has a count.
local function says_none(payload, page)
  return next(payload) == nil or payload.count == 0 or page > 1 and payload.count ~= nil
end

-- The rows of one page of a list; an id that CloudStack never had is refused there and an empty list here.
local function page_rows(json, request, outcome, page)
  if outcome.failure and outcome.failure.unknown_id then
    outcome.failure, outcome.payload = nil, {}
  end
  local payload = outcome.payload
  if not payload then return end
  local rows = payload[request.rows]
  if rows == nil and says_none(payload, page) then rows = json.array {} end
  if are_rows(json, rows) then
    outcome.rows = table.move(rows, 1, #rows, 1, {})
  else
    outcome.failure, outcome.payload = no_list(request), nil
  end
end

-- The pages after the first, all at once, for every list that has more.
function client:later_pages(requests, outcomes)
  local more, owner = {}, {}
  for i, request in ipairs(requests) do
    local payload = request.rows and outcomes[i].payload
    local pages = payload and pages_of(payload, self.page)
    if payload and not pages then outcomes[i] = { failure = no_list(request) } end
    for page = 2, pages or 1 do
      more[#more + 1], owner[#owner + 1] = with_page(request, page, self.page), i
    end
  end
  if #more == 0 then return end
  for at, outcome in ipairs(self:wave(more)) do
    local i = owner[at]
    page_rows(self.parts.json, requests[i], outcome, more[at][2].page)
    if outcome.failure then
      outcomes[i] = outcome
    elseif outcomes[i].rows then
      for _, row in ipairs(outcome.rows) do table.insert(outcomes[i].rows, row) end
    end
  end
end

-- Lists whose page was refused as too large, asked again with the size that the refusal names.
function client:smaller_pages(requests, outcomes)
  local refused, positions = {}, {}
  for i, request in ipairs(requests) do
    local limit = request.rows and largest_page(outcomes[i].failure)
    if limit and limit > 0 and limit < PAGE then
      self.page = math.min(self.page, limit)
      refused[#refused + 1], positions[#positions + 1] = request, i
    end
  end
  if #refused == 0 then return end
  for at, request in ipairs(refused) do refused[at] = with_page(request, 1, self.page) end
  for at, outcome in ipairs(self:wave(refused)) do outcomes[positions[at]] = outcome end
end

-- A wave in which requests with `rows` are lists: their outcome has `rows`, all pages of them.
function client:wave_of_lists(requests)
  local sent = {}
  for i, request in ipairs(requests) do
    sent[i] = request.rows and with_page(request, 1, self.page) or request
  end
  local outcomes = self:wave(sent)
  self:smaller_pages(requests, outcomes)
  for i, request in ipairs(requests) do
    if request.rows then page_rows(self.parts.json, request, outcomes[i], 1) end
  end
  self:later_pages(requests, outcomes)
  return outcomes
end

-- Everything that can be asked at once: { name = request } -> { name = rows or payload }. The first failure
-- (by name, so that the same trouble always gives the same message) is raised.
function client:gather(requests)
  local cache = self.parts.cache
  local names, list, answers = {}, {}, cache and cache:take(requests) or {}
  for name in pairs(requests) do
    if answers[name] == nil then names[#names + 1] = name end
  end
  if #names == 0 then return answers end
  table.sort(names)
  for i, name in ipairs(names) do list[i] = requests[name] end
  local outcomes, fresh = self:wave_of_lists(list), {}
  for i, name in ipairs(names) do
    if outcomes[i].failure then client.raise(outcomes[i].failure) end
    answers[name] = outcomes[i].rows or outcomes[i].payload
    fresh[name] = answers[name]
  end
  if cache then cache:put(requests, fresh) end
  return answers
end

-- All rows of one list request.
function client:rows(request)
  return self:gather({ rows = request }).rows
end

-- The payload, or nil and the failure.
function client:try(command, params, request)
  request = request or {}
  request[1], request[2] = command, params
  local outcome = self:wave({ request })[1]
  return outcome.payload, outcome.failure
end

-- The payload; a failure is raised.
function client:call(command, params, request)
  local payload, failure = self:try(command, params, request)
  if not payload then client.raise(failure) end
  return payload
end

-- ---------------------------------------------------------------------------------------------------------
-- jobs

-- A task: what became of one request of start().
--   over     nothing more will happen to it
--   result   the job's result, or a synchronous command's payload, when it went well
--   failure  when it did not
--   id       the object that a create command named; jobid; began; rows for a list

local function prepared(self, request)
  if not request.job then return request end
  local params = {}
  for name, value in pairs(request[2] or {}) do params[name] = value end
  params.customjobid = request.jobid or self.parts.uuid()
  if request.entry then request.entry.note { job = params.customjobid, command = request[1] } end
  local twin = setmetatable({ request[1], params }, { __index = request })
  return twin
end

-- Nobody answered, but it may have happened: the task goes on as a job under the id that we chose.
local function is_lost(request, failure)
  return request.job and client.is_open(failure)
end

-- An answer to a job that does not name one is no answer: what came of it is asked for as after a lost reply.
local function check_job(request, outcome)
  local payload = outcome.payload
  if not payload or not request.job or type(payload.jobid) == "string" then return end
  outcome.payload, outcome.failure = nil, replies.failure(request[1],
    { kind = "garbled", sent = true, text = "the answer names no job" })
end

local function begin(self, request, outcome)
  check_job(request, outcome)
  local task = { request = request, began = self.parts.clock.now(), rows = outcome.rows }
  local payload, failure = outcome.payload, outcome.failure
  if payload and request.job then
    task.id, task.jobid, task.known = payload.id, payload.jobid, true
    if request.entry then request.entry.note { id = payload.id } end
  elseif payload then
    task.over, task.result, task.id = true, payload, payload.id
  elseif is_lost(request, failure) then
    self.parts.log.warn("%s: %s; asking for job %s", request[1], failure.text, request[2].customjobid)
    task.jobid, task.lost = request[2].customjobid, failure
  else
    task.over, task.failure = true, failure
  end
  if not task.over then self.under_way[task] = true end
  return task
end

-- Sends all requests at once and returns a task for each. Nothing is raised but an interruption, before anything is sent.
function client:start(requests)
  local list, tasks = {}, {}
  heed_interruption(self, requests, 1) -- before a journal entry says that a job was begun
  for i, request in ipairs(requests) do list[i] = prepared(self, request) end
  local outcomes = self:wave_of_lists(list)
  for i, outcome in ipairs(outcomes) do tasks[i] = begin(self, list[i], outcome) end
  return tasks
end

local function fail(task, kind, text, code)
  task.over = true
  task.failure = replies.failure(task.request[1], { kind = kind, text = text, code = code, sent = true, jobid = task.jobid })
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

-- The reply was lost and the job never turned up: the object may be there all the same, else an idempotent
-- command is sent once more, as a new job.
local function settle_lost(self, task)
  local request = task.request
  local looked, found = true, nil
  if request.find then looked, found = pcall(request.find) end
  if not looked then
    fail(task, "lost", ("%s; looking for what came of it: %s"):format(task.lost.text, errors.words(found)))
  elseif found then
    task.over, task.result, task.id = true, found, found.id
  elseif request.idempotent and not task.resent then
    task.resent = true
    local again = self:start({ getmetatable(request).__index })[1]
    for key in pairs(task) do
      if key ~= "resent" and key ~= "began" then task[key] = nil end
    end
    for key, value in pairs(again) do
      if key ~= "began" then task[key] = value end
    end
  else
    fail(task, "lost", ("%s; CloudStack knows nothing of its job %s"):format(task.lost.text, task.jobid))
  end
end

-- A job that CloudStack does not know: a young one may turn up yet.
local function unknown(self, task, failure)
  if task.known then
    return fail(task, "vanished", ("CloudStack no longer knows job %s (%s)"):format(task.jobid, failure.text),
      failure.code)
  end
  task.unknown_since = task.unknown_since or self.parts.clock.now()
  local grace = task.request.find and CREATE_GRACE or UNKNOWN_JOB_GRACE
  if self.parts.clock.now() - task.unknown_since >= grace then settle_lost(self, task) end
end

-- A refusal of the question says nothing of the job: whoever took a delete for failed that goes on would be wrong. An internal
-- error, or a key that is refused for once, may not come again.
local SAY_NOTHING, POLL_TRIES = { [401] = true, [530] = true }, 4
local function may_pass(task, failure)
  task.refused_polls = (task.refused_polls or 0) + 1
  return SAY_NOTHING[failure.code] and task.refused_polls < POLL_TRIES
end

local function absorb(self, task, outcome)
  local job, failure = outcome.payload, outcome.failure
  if job and not STATES[job.jobstatus] then
    job, failure = nil, replies.failure("queryAsyncJobResult", { kind = "garbled", text = "the answer has no state of the job" })
  end
  if job then
    task.known = true
    if job.jobstatus ~= PENDING then return finish(task, job) end
    task.id = task.id or job.jobinstanceid
  elseif failure.kind == "refused" and failure.code == 431 then
    return unknown(self, task, failure)
  elseif failure.kind == "refused" and not may_pass(task, failure) then
    return fail(task, "lost", ("CloudStack does not say what became of job %s: %s (%s)"):format(task.jobid, failure.text,
      tostring(failure.code))) -- the code is the question's, not the job's
  end
  if job then task.refused_polls = nil end
  task.last = job and "pending" or failure.text
end

local function check_deadline(self, task)
  local age = self.parts.clock.now() - task.began
  if task.over or age < (task.request.timeout or JOB_TIMEOUT) then return end
  fail(task, "late", ("%s: job %s is still %s after %d s"):format(task.request.what or task.request[1], task.jobid,
    task.last or task.lost and task.lost.text or "pending", math.floor(age)))
end

-- Seconds until the next look at jobs of that age: a tenth of it, so that the end of any job is noticed
-- within a tenth of its duration, or one round trip where that is longer.
local function pause_at(self, age)
  return math.min(math.max(age * 0.1, self.round_trip, SHORTEST_POLL), LONGEST_POLL)
end

-- Polls until each task is over. A poll that fails is no end: the job goes on, and so does the waiting.
function client:wait(tasks)
  local throttled = 0
  while true do
    local open, youngest = {}, math.huge
    for _, task in ipairs(tasks) do
      if not task.over then
        open[#open + 1] = task
        youngest = math.min(youngest, self.parts.clock.now() - task.began)
      end
    end
    if #open == 0 then return tasks end
    self.parts.clock.sleep(math.max(pause_at(self, youngest), throttled))
    throttled = self:poll(open)
  end
end

-- One look at all open jobs; answers the seconds that CloudStack asked us to stay away.
function client:poll(tasks)
  local requests, throttled = {}, 0
  for i, task in ipairs(tasks) do requests[i] = { "queryAsyncJobResult", { jobid = task.jobid } } end
  for i, reply in ipairs(self:transmit(requests)) do
    local payload, failure = self:read("queryAsyncJobResult", reply)
    absorb(self, tasks[i], { payload = payload, failure = failure })
    check_deadline(self, tasks[i])
    throttled = math.max(throttled, failure and failure.after or 0)
  end
  return throttled
end

-- The id of what a job made, whose process died or was never answered, and how it failed; no id where CloudStack does not
-- know the job. It is waited for, for `seconds` (JOB_TIMEOUT); raises where it is still not over then.
function client:made_by(command, jobid, seconds)
  local task = { request = { command, timeout = seconds }, jobid = jobid, began = self.parts.clock.now(),
    lost = { text = "nobody heard of it" } }
  self:wait { task }
  if task.failure and task.failure.kind == "late" then client.raise(task.failure) end
  return task.id, task.failure
end

-- One request to its end, for who deals with its failure: the task.
function client:run(request)
  return self:wait(self:start { request })[1]
end

-- One asynchronous command (job = true is understood) to its end: the result and the task. A failure is raised
-- with the request's `what`.
function client:job(request)
  request.job = true
  local task = self:run(request)
  if task.failure then client.raise(task.failure, request.what) end
  return task.result or {}, task
end

return new

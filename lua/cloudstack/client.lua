-- The CloudStack client: lists and other questions that are asked at once, commands, and jobs to their end.
--
--   client:gather{ a = {command, params, rows=}, ... } -> { a = rows or payload }   raises
--   client:rows(request)             -> rows | raises             one list
--   client:call(command, params)     -> payload | raises
--   client:try(command, params)      -> payload | nil, failure
--   client:job(request)              -> result, task | raises     one job to its end
--   client:run(request)              -> task                      the same; the caller handles the failure
--   client:run_all{ request, ... }   -> { task, ... }             one wave to its end; an empty one sends nothing
--   client:start{ request, ... }     -> { task, ... }             one wave, nothing raised
--   client:wait{ task, ... }         until each task is over
--   client:made_by(command, jobid [, seconds, grace]) -> id of what a job created whose reply was lost, or nil; and its failure
--   client:wave{ request, ... }      -> { { payload =, rows = } or { failure = }, ... }     one wave, nothing raised, no job
--   client:owner()                   for whom it works, as parameters of a command
--   client.acted                     may CloudStack have changed anything for us?
--   client.raise, is_open, say       of a failure: lua/cloudstack/failures.lua, which also has its fields and kinds
--   client.first_words(body, mask)   what a body that is not an answer says to people; mask is the log's
--
-- A request is { command, params } and may carry
--   rows        the key of a list's array: all pages are fetched
--   job         true for an asynchronous command: it gets a job id of ours
--   jobid       that id, where it is to be known before; it must never have been used
--   timeout     seconds for the job
--   what        a noun phrase for messages
--   idempotent  asking twice does what asking once does
--   find        a function that looks the object up by its exact name after a lost reply
--   entry       a journal entry, which notes the job id before anything is sent
--   cached      true where an answer that another process had lately will do (gather only)
--   optional    true where no answer will do, should CloudStack refuse to give one (gather only)
--   expires     seconds since 1970 from which on CloudStack is to refuse it; else ten minutes from now
-- A task, which is what became of a request: lua/cloudstack/jobs.lua.

local failures = require "cloudstack.failures"
local jobs = require "cloudstack.jobs"
local lists = require "cloudstack.lists"
local replies = require "cloudstack.replies"
local tally = require "cloudstack.tally"
local waiting = require "base.waiting"

local client = {
  raise = failures.raise, is_open = failures.is_open, say = failures.say,
  first_words = replies.first_words,
  wave = lists.wave, start = jobs.start, wait = jobs.wait, made_by = jobs.made_by,
}
client.__index = client

-- new{ send, json, clock, uuid, log, decide }: send and clock as the host gives them, uuid() a fresh
-- lower-case one, decide as lua/policy.lua makes it (for the retry policy). Optional: cache as cloudstack/cache.lua
-- makes it; hold(seconds), which is called for every pause that CloudStack asks for; tenant as cloudstack/tenancy.lua
-- makes it; interruption as lua/base/interruption.lua makes it; endpoint, the configured one.
local function new(parts)
  parts.wait = parts.wait or waiting(parts)
  return setmetatable({ parts = parts, page = lists.PAGE, round_trip = 0, acted = false, under_way = {}, tally = tally() }, client)
end

-- Forgets what was learnt of CloudStack's names, for another try without the cache.
function client:forget()
  if self.parts.tenant then self.parts.tenant:forget() end
end

local function is_missed(request, failure)
  return not (request.optional and failure.kind == "refused")
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
  local outcomes, fresh = lists.wave(self, list), {}
  for i, name in ipairs(names) do
    local failure = outcomes[i].failure
    if failure and is_missed(list[i], failure) then failures.raise(failure) end
    answers[name] = outcomes[i].rows or outcomes[i].payload
    fresh[name] = answers[name]
  end
  if cache then cache:put(requests, fresh) end
  return answers
end

-- For whom it works: { projectid }, { account, domainid }, or {} for the account whose key it has. Names may be looked up for it.
function client:owner()
  return self.parts.tenant and self.parts.tenant:parameters(self, "listVirtualMachines", {}) or {}
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
  if not payload then failures.raise(failure) end
  return payload
end

-- Runs the requests of one wave to their end; the caller handles the failures.
function client:run_all(requests)
  return #requests > 0 and self:wait(self:start(requests)) or {}
end

-- Runs one request to its end and returns the task; the caller handles the failure.
function client:run(request)
  return self:run_all({ request })[1]
end

-- One asynchronous command (job = true is understood) to its end: the result and the task. A failure is raised
-- with the request's `what`.
function client:job(request)
  request.job = true
  local task = self:run(request)
  if task.failure then failures.raise(task.failure, request.what) end
  return task.result or {}, task
end

return new

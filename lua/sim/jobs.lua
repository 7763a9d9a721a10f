-- Asynchronous jobs: ids, life, queues and results.
--
-- jobs.start(m, call, plan) -> the job. A plan says, all of it optional:
--   instance, instance_type   what the job works on
--   queue                     the VM whose jobs run one after the other
--   check()                   looked at as soon as the job exists; may refuse
--   begin()                   when the queue is free; may refuse
--   middle()                  a little later, while it runs
--   finish() -> result        when its time is over; may refuse
--   cancel()                  undoes begin when the management server dies meanwhile
--   failed()                  what a failure that was asked for leaves, where that is not what cancel does
--   seconds                   how long it takes where the world says nothing of its command
--   latency                   what the world's latencies call it where it is another job than the command's usual one
--   half()                    what a failure half way leaves: a state that nobody ends
local refusal = require "sim.refusal"
local accounts = require "sim.accounts"
local dates = require "sim.dates"
local guest_answers = require "sim.guest_answers"
local lists = require "sim.lists"
local tables = require "base.tables"

local jobs = {}

local PENDING, SUCCEEDED, FAILED = 0, 1, 2
local DENIED = 531
local SETTLING = 0.2 -- seconds after which a VM that is being started is seen Starting

-- ---------------------------------------------------------------------------------------------------------
-- ids

-- A finished job is forgotten after a day.
function jobs.is_known(m, job)
  return not job.vanished_at or job.vanished_at > m:now()
end

local function known_by(m, id)
  local job = m:find("job", id)
  return job ~= nil and jobs.is_known(m, job) and job
end

-- The object of a create command exists by now: a refused id leaves it behind.
local function id_for(m, wanted)
  if not wanted then return m:fresh_id() end
  if not accounts.is_lowercase_uuid(wanted) then
    refusal.invalid("UUID: %s doesn't follow the UUID format", wanted)
  end
  local other = known_by(m, wanted)
  if other and other.status == PENDING then
    refusal.invalid("UUID: %s already exists so can't create/update with custom id", wanted)
  end
  if other then refusal.internal "Entity already exists " end
  return wanted
end

-- ---------------------------------------------------------------------------------------------------------
-- running

local advance_queue

-- The instance names the jobs that are under way on it, no others.
local function leave_instance(job)
  local list = job.instance and job.instance.jobs or {}
  local at = tables.place(list, job)
  if at then table.remove(list, at) end
end

local function close(m, job, status, code)
  job.status, job.code, job.completed, job.plan = status, code, m:now(), nil
  leave_instance(job)
  m:retire(job)
  if job.queue and job.queue.running == job then
    job.queue.running = nil
    advance_queue(m, job.queue)
  end
  job.vanished_at = job.vanishes and m:now() or m:now() + m:setting "job.expire.minutes" * 60
end

-- A bug of the model ends the job as well: nobody is to wait for it for ever.
local function fail(m, job, why)
  if not refusal.is(why) then
    job.result = { errorcode = 530, errortext = "simulator: " .. tostring(why) }
    close(m, job, FAILED, 530)
    error(why, 0)
  end
  local code = why.code == DENIED and 530 or why.code -- a job has no code of its own for permissions
  job.result = not why.bare and { errorcode = code, errortext = why.text } or nil
  close(m, job, FAILED, code)
end

-- Runs a step of the plan; a refusal fails the job and answers false.
local function step(m, job, name)
  local run = job.plan[name]
  if not run then return true end
  local fine, result = pcall(run, job)
  if not fine then
    fail(m, job, result)
    return false
  end
  return true, result
end

-- Ends a job that is under way, for a reason that lies outside it.
jobs.interrupt = fail

-- A failure that was asked for, as a refusal: with or without text, with or without a result.
local function posted_failure(fault)
  local why = refusal.new(fault.code or 530, 9999, fault.errortext)
  why.bare = fault.jobresult == false
  return why
end

-- It has done its work. That may be seen as a failure all the same.
local function succeed(m, job, result)
  if job.fault then return fail(m, job, posted_failure(job.fault)) end
  job.result = result or { success = true }
  close(m, job, SUCCEEDED, 0)
end

local function finish(m, job)
  if job.status ~= PENDING then return end
  local fault = job.fault
  if fault and fault.when ~= "after" then
    local undo = fault.when == "half" and job.plan.half or job.plan.failed or job.plan.cancel
    if undo then undo(job) end
    return fail(m, job, posted_failure(fault))
  end
  local announced = m.announced
  local fine, result = step(m, job, "finish")
  if not fine then return end
  job.worked = true -- what is left is to wait for the guest
  guest_answers.await(m, announced, function()
    if job.status == PENDING then succeed(m, job, result) end
  end)
end

local function duration(m, job)
  local latency = m.world.latency.jobs
  return job.plan.latency and latency[job.plan.latency] or latency[job.command] or job.plan.seconds or latency.default or 0
end

local function begin(m, job)
  job.begun = m:now()
  if not step(m, job, "begin") then return end
  local seconds = duration(m, job)
  if job.plan.middle then
    m.schedule:after(math.min(SETTLING, seconds), function()
      if job.status == PENDING and not job.worked then job.plan.middle(job) end
    end)
  end
  if seconds == 0 then return finish(m, job) end
  m.schedule:after(seconds, function() finish(m, job) end)
end

function advance_queue(m, queue)
  while not queue.running and #queue.waiting > 0 do
    local job = table.remove(queue.waiting, 1)
    if job.status == PENDING then
      queue.running = job
      begin(m, job)
    end
  end
end

local function submit(m, job)
  if job.status ~= PENDING then return end
  if not step(m, job, "check") then return end
  if not job.queue then return begin(m, job) end
  job.queue.waiting[#job.queue.waiting + 1] = job
  advance_queue(m, job.queue)
end

local function queue_of(vm)
  if not vm then return nil end
  vm.queue = vm.queue or { waiting = {} }
  return vm.queue
end

-- Something that is not a job of a caller's keeps the VM's jobs waiting, until the function that this returns is called.
function jobs.occupy(m, vm)
  local queue = queue_of(vm)
  if not queue or queue.running then return function() end end
  local holder = { plan = {} }
  queue.running = holder
  return function()
    if queue.running ~= holder then return end
    queue.running = nil
    advance_queue(m, queue)
  end
end

function jobs.start(m, call, plan)
  local job = m:add("job", {
    id = id_for(m, call.arguments.customjobid), command = call.entry.name, account = call.account, status = PENDING,
    code = 0, plan = plan, queue = queue_of(plan.queue), instance = plan.instance, instance_type = plan.instance_type,
    class = call.account.role == "admin" and call.entry.admin_class or call.entry.class, visible_at = call.visible_at,
  })
  call.job = job
  if plan.instance then
    plan.instance.jobs = plan.instance.jobs or {}
    table.insert(plan.instance.jobs, job)
  end
  m.schedule:at(m:now(), function() submit(m, job) end)
  return job
end

-- Answers of asynchronous commands: { jobid } or, of those that create, { id, jobid }.
function jobs.answer(job) return { jobid = job.id } end
function jobs.created(job, object) return { id = object.id, jobid = job.id } end

-- The job that is under way on an object, which its row shows.
function jobs.pending_on(object)
  for _, job in ipairs(object.jobs or {}) do
    if job.status == PENDING then return job end
  end
end

function jobs.show_pending(row, object)
  local job = jobs.pending_on(object)
  if job then row.jobid, row.jobstatus = job.id, PENDING end
end

-- Carries out what is left of a job, whatever comes of it.
local function carry_out(job)
  if job.worked then return end
  for _, name in ipairs { "check", "begin", "finish" } do
    local run = job.plan[name]
    if run and not (job.begun and name ~= "finish") and not pcall(run, job) then return end
  end
end

-- The management server is killed: what is under way ends without a result, done or not.
function jobs.kill_all(m, done)
  for _, job in ipairs(m:rows_by("job", "pending", true)) do
    if done then carry_out(job) elseif job.begun and not job.worked and job.plan.cancel then job.plan.cancel(job) end
    if job.plan.queue then job.plan.queue.queue = nil end
    job.status, job.code, job.completed = FAILED, 530, m:now()
    leave_instance(job)
    m:retire(job)
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- commands

local function row(m, job)
  local owner = job.account
  local out = {
    accountid = owner.id, account = owner.name, domainid = owner.domain.id, domainpath = owner.domain.path,
    userid = owner.user.id, cmd = job.class, jobprocstatus = 0, jobresultcode = job.code,
    jobinstancetype = job.instance_type, jobinstanceid = job.instance and job.instance.id,
    created = m:date(job.created), jobid = job.id, jobstatus = job.status,
  }
  if job.status == PENDING then
    out.managementserverid, out.managementservername = m:id_of "management server", "localhost"
  else
    out.completed = m:date(job.completed)
  end
  if job.result then out.jobresulttype, out.jobresult = "object", job.result end
  return out
end

local function by_resource(m, arguments)
  local found = m:rows("job", function(job)
    return jobs.is_known(m, job) and job.instance and job.instance.id == arguments.resourceid
      and job.instance_type == arguments.resourcetype
  end)
  for _, job in ipairs(found) do
    if job.status == PENDING then return job end
  end
  return found[1]
end

local function query(m, call)
  local arguments = call.arguments
  local job = arguments.jobid
  if not job and not m.version:at_least "4.22.1" then
    refusal.parameter "Unable to execute API command queryasyncjobresult due to missing parameter jobid"
  end
  if not job and not (arguments.resourceid and arguments.resourcetype) then
    refusal.invalid "Expected parameter job id or parameters resource type and resource id"
  end
  job = job or by_resource(m, arguments)
  if not job or job.ghost then
    refusal.invalid("Unable to find a job by id %s resource type %s resource id %s", job and job.id or "null",
      arguments.resourcetype or "null", arguments.resourceid or "null")
  end
  if job.account ~= call.account and not accounts.is_over(call.account, job.account) then
    refusal.denied("Account %s is not authorized to see job id=%d", accounts.described(call.account), job.number)
  end
  return row(m, job)
end

local function list(m, call)
  local mine, since = lists.scope(m, call), call.arguments.startdate
  local from = since and (dates.parse(since, true) or dates.parse(since .. "T00:00:00Z", true) or math.huge) or 0
  local found = m:rows_by("job", "pending", true, function(job) return job.created >= from and mine(job) end)
  return lists.answer(m, call, "asyncjobs", found, function(job) return row(m, job) end)
end

jobs.commands = {
  { name = "queryAsyncJobResult", run = query, parameters = {
    { "jobid", "uuid", of = "job" }, { "resourceid", "string", since = "4.22.1" },
    { "resourcetype", "string", since = "4.22.1" },
  } },
  { name = "listAsyncJobs", run = list, parameters = lists.owned_parameters { { "startdate", "string" } } },
}

return jobs

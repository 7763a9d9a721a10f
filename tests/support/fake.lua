-- A cpi whose CloudStack is a script. Each entry is the command expected next, the parameters that must be
-- in it, and what comes back:
--   { "listVolumes",    { id = "v" }, { volume = {} } }      answered at once
--   { "destroyVolume",  { id = "v" }, job = {} }             answered by a job that ends at the next poll
--   { "attachVolume",   {}, job_fails = "no room", code = 530 }
--   { "deployVirtualMachine", {}, refuse = "no", code = 431 }
--   { "listZones",      {}, fault = "closed", sent = true }  no answer
--   { "createVolume",   {}, fault = "closed", sent = true, job = {} }       done, and the reply is lost
--   { "createVolume",   {}, fault = "closed", sent = true, unknown = true } not done, and the reply is lost
--   { "listZones",      {}, raw = "<html>", status = 503 }   something that is no JSON
-- A job's entry may also say: id (of its object, in the first answer), instance (the same, in the polls),
-- lasts (seconds), known_after (seconds), poll_faults (a list of entries that the first polls are answered
-- with), dies = true (it ends without a result), vanishes = true (CloudStack forgets it).
-- Nothing else may be sent, and all of it must be:  local cpi <close> = fake.cpi { ... }
-- cpi.waves lists what was sent together, without the polls: { "listVirtualMachines listVolumes", "attachVolume" };
-- cpi.polls lists the times of the polls.
-- Options beside the entries: settings (merged into a valid configuration), policies = { NAME = function },
-- store = true, interrupted = function() -> why or nil, cache (as cloudstack/cache.lua makes it), context, capture (a table
-- that gets the log lines), round_trip (seconds).

local assert = require "luassert"
local native = require "host_native"
local client = require "cloudstack.client"
local delivery = require "made.delivery"
local errors = require "errors"
local facts = require "decision.facts"
local interruption = require "base.interruption"
local journal = require "made.journal"
local memory_store = require "base.memory_store"
local policy = require "policy"
local reading = require "cloudstack.replies"
local settings = require "setup.settings"
local waiting = require "base.waiting"
local tables = require "base.tables"

local json = native.json
local fake = { json = json }
local is_open = false

-- ---------------------------------------------------------------------------------------------------------
-- CloudStack

-- A list without rows is an array all the same.
local function text_of(command, payload)
  local marked = {}
  for key, value in pairs(payload) do
    marked[key] = type(value) == "table" and next(value) == nil and json.array {} or value
  end
  return json.encode { [reading.envelope_of(command)] = marked }
end

local function refusal(command, step)
  local code = step.code or 431
  return { status = code, type = "application/json", seconds = 0,
    body = text_of(command, { errorcode = code, cserrorcode = 9999, errortext = step.refuse }) }
end

local function good(command, payload)
  return { status = 200, type = "application/json", seconds = 0, body = text_of(command, payload) }
end

-- One job's answer, from the step that started it.
local function job_answer(step)
  local answer = { jobstatus = 2, jobresultcode = step.code or 530, jobinstanceid = step.instance }
  if step.job_fails then
    answer.jobresult = { errorcode = step.code or 530, errortext = step.job_fails }
  elseif step.job then
    answer.jobstatus, answer.jobresultcode, answer.jobresult = 1, 0, step.job
  end
  return answer
end

local function is_job(step)
  return step.job or step.job_fails or step.dies or step.vanishes or step.unknown
end

local unknown_job = { refuse = "Invalid parameter jobid value=x due to incorrect long value format, or entity does not exist" }

-- What the step says instead of a payload, or nil.
local function trouble(command, step)
  if step.fault then
    return { fault = step.fault, text = step.text or "the line is dead", sent = step.sent or false, seconds = 0 }
  end
  if step.refuse then return refusal(command, step) end
  if step.raw then return { status = step.status or 200, type = "text/html", body = step.raw, seconds = 0 } end
end

local function poll_answer(job, now)
  local step, age = job.step, now - job.began
  local fault = table.remove(job.faults, 1)
  if fault then return trouble("queryAsyncJobResult", fault) end
  if step.unknown or age < (step.known_after or 0) then return refusal("queryAsyncJobResult", unknown_job) end
  if age < (step.lasts or 0) then
    return good("queryAsyncJobResult", { jobstatus = 0, jobresultcode = 0, jobinstanceid = step.instance })
  end
  if step.vanishes then return refusal("queryAsyncJobResult", unknown_job) end
  return good("queryAsyncJobResult", job_answer(step))
end

local function check_parameters(step, request)
  assert.equal(step[1], request.command)
  for key, value in pairs(step[2] or {}) do
    assert.same(value, request.params[key], ("%s.%s"):format(request.command, key))
  end
  for _, key in ipairs(step.without or {}) do
    assert.is_nil(request.params[key], ("%s.%s"):format(request.command, key))
  end
end

local function player(script, clock)
  local at, jobs, sent, waves, polls = 0, {}, {}, {}, {}
  local wrong -- the first thing that was not in the script; a verb may have caught its error

  local function next_step(request)
    at = at + 1
    local step = script[at]
    local ok, why = pcall(check_parameters, step or { "nothing more" }, request)
    if ok then return step end
    wrong = wrong or why
    error(why, 0)
  end

  local function answer(request)
    local step = next_step(request)
    if is_job(step) then
      assert.truthy(request.params.customjobid, request.command .. " is a job and has no customjobid")
      jobs[request.params.customjobid] = {
        step = step, began = clock.now(), faults = table.move(step.poll_faults or {}, 1, #(step.poll_faults or {}), 1, {}),
      }
    end
    local bad = trouble(request.command, step)
    if bad then return bad end
    if is_job(step) then return good(request.command, { jobid = request.params.customjobid, id = step.id }) end
    return good(request.command, step[3] or {})
  end

  local function send(requests)
    local replies, names = {}, {}
    for i, request in ipairs(requests) do
      local job = request.command == "queryAsyncJobResult" and jobs[request.params.jobid]
      if job then
        replies[i] = poll_answer(job, clock.now())
        polls[#polls + 1] = clock.now()
      else
        sent[#sent + 1], names[#names + 1] = { request.command, request.params }, request.command
        replies[i] = answer(request)
      end
      replies[i].seconds = script.round_trip or 0
    end
    if #names > 0 then waves[#waves + 1] = table.concat(names, " ") end
    if script.round_trip then clock.advance(script.round_trip) end
    return replies
  end

  local function finish(_, failed)
    is_open = false
    if wrong and not failed then error(wrong, 0) end
    local left = script[at + 1]
    -- busted hides from a closing variable that the spec failed, so this may be said in place of a failure.
    if left and not failed then error(left[1] .. " was expected and never sent, or the spec raised before it was", 0) end
  end
  return send, finish, { sent = sent, waves = waves, polls = polls }
end

-- ---------------------------------------------------------------------------------------------------------
-- the other parts

local function make_clock()
  local now, fake_clock = 1000.0, { slept = {} }
  function fake_clock.advance(seconds) now = now + seconds end
  function fake_clock.now() return now end
  function fake_clock.utc() return 1767225600 + math.floor(now) end
  function fake_clock.iso() return "2026-01-01T00:00:00Z" end
  function fake_clock.sleep(seconds)
    now = now + seconds
    table.insert(fake_clock.slept, seconds)
  end
  return fake_clock
end

local function log(lines)
  local fake_log = { lines = lines or {}, secrets = {} }
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    fake_log[level] = function(format, ...) table.insert(fake_log.lines, level .. " " .. format:format(...)) end
  end
  function fake_log.secret(value) table.insert(fake_log.secrets, value) end
  function fake_log.level() end
  function fake_log.status() return false end
  function fake_log.mask(text) return text end
  return fake_log
end

-- cpi.store.tables: what is in it, by the names of tables and keys.
local function store()
  local contents = {}
  local fake_store = memory_store(contents)
  fake_store.tables = contents
  return fake_store
end

-- The site's policies given as functions, the others ours; both are called as the host calls them.
local function sandbox(policies)
  return {
    load = function(directory, name)
      if directory ~= "site" then return native.policy.load(directory, name) end
      if policies[name] then return "site/" .. name .. ".lua", { api = 1, decide = policies[name] } end
    end,
    call = function(f, ...) return f(...) end,
  }
end

-- decide, which first holds the facts against what lua/decisions says of them.
local function watched(decide)
  return setmetatable({}, { __index = decide, __call = function(_, name, given, instance)
    assert.same({}, facts.problems(require("decisions." .. name), tables.with(given, instance)), name)
    return decide(name, given, instance)
  end })
end

local function merged(base, more)
  for key, value in pairs(more or {}) do
    base[key] = type(value) == "table" and type(base[key]) == "table" and merged(base[key], value) or value
  end
  return base
end

function fake.settings(more)
  return settings.load {
    file = merged({
      cloudstack = { endpoint = "http://cloud.test/client/api", api_key = "KEY", default_zone = "zone1" },
      agent = { mbus = "https://mbus:mbus-password@0.0.0.0:6868" }, ntp = { "0.pool.ntp.org" },
    }, more), context = {}, has_secret = true, null = json.null, warn = function() end,
  }
end

function fake.cpi(script)
  if is_open then error("the fake before this one was not closed: local cpi <close> = fake.cpi {...}", 2) end
  is_open = true
  local clock = make_clock()
  local ending = interruption { reason = script.interrupted or function() end, clock = clock }
  local send, finish, seen = player(script, clock)
  local cpi = {
    json = json, interruption = ending, clock = setmetatable({ sleep = ending.sleep }, { __index = clock }),
    log = log(script.capture), bytes = native.bytes,
    settings = fake.settings(script.settings),
    context = merged({ director_uuid = "director-1", request_id = "cpi-123456" }, script.context), api_version = 2,
    store = script.store and store() or false, store_trouble = false, lacking = {}, http = script.http,
    images = script.images,
    sent = seen.sent, waves = seen.waves, polls = seen.polls,
  }
  cpi.decide = watched(policy.new {
    sandbox = sandbox(script.policies or {}), ours = "lua/policies", now = clock.utc, directory = function() return "site" end,
  })
  cpi.cloudstack = client {
    send = send, json = json, clock = clock, uuid = native.bytes.uuid, log = cpi.log, decide = cpi.decide, interruption = ending,
    cache = script.cache, tenant = require("cloudstack.tenancy").new(cpi.settings.cloudstack),
  }
  cpi.liveness = { owner = function() return "1.1" end, alive = function(owner) return owner == "1.1" end }
  cpi.journal = journal {
    store = cpi.store or nil, json = json, log = cpi.log, uuid = native.bytes.uuid, clock = clock,
    liveness = cpi.liveness, context = cpi.context, verb = "spec",
  }
  cpi.delivery = delivery(cpi)
  cpi.wait = waiting { clock = cpi.clock, log = cpi.log }
  return setmetatable(cpi, { __close = finish })
end

-- The error value that f(...) raises; fails when it raises none, or a bug's string.
function fake.failure(f, ...)
  local ok, failure = pcall(f, ...)
  assert.is_false(ok, "nothing was raised")
  assert.is_true(errors.is(failure), tostring(failure))
  return failure
end

return fake

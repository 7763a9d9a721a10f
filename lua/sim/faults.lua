-- Things that go wrong on request: which request they wait for, and what they do to it.
local commands = require "sim.commands"
local envelope = require "sim.envelope"
local refusal = require "sim.refusal"
local throttle = require "sim.throttle"
local jobs = require "sim.jobs"

local faults = {}

-- The options of each fault, beside command, account, nth and times.
local OPTIONS = {
  drop = "", lose = "", hang = "before", delay = "seconds", status = "status body after", html = "status after",
  truncate = "bytes", garbage = "body", fail_job = "errortext code jobresult when", restart = "done seconds",
  throttle = "milliseconds", capacity = "code", vanish_job = "", refuse = "errortext code",
}
local NEEDED = { delay = "seconds", status = "status", truncate = "bytes", throttle = "milliseconds",
  refuse = "errortext" }

local function complain(format, ...)
  error("fault: " .. format:format(...), 0)
end

-- What a value may be, where only some are good.
local CHOICES = { when = { before = true, half = true, after = true } }
local NUMBERS = { nth = true, times = true, seconds = true, status = true, bytes = true, code = true, milliseconds = true }

local function check_value(fault, name, value)
  if NUMBERS[name] and type(value) ~= "number" then complain("%s: %s is a number, not '%s'", fault.fault, name, tostring(value)) end
  if CHOICES[name] and not CHOICES[name][value] then complain("%s: %s is never '%s'", fault.fault, name, tostring(value)) end
end

local function check(fault)
  local allowed = OPTIONS[fault.fault]
  if not allowed then complain("unknown fault '%s'", tostring(fault.fault)) end
  for name, value in pairs(fault) do
    local common = name == "command" or name == "account" or name == "nth" or name == "times" or name == "fault"
    if not common and not (" " .. allowed .. " "):find(" " .. name .. " ", 1, true) then
      complain("%s has no option '%s'", fault.fault, tostring(name))
    end
    check_value(fault, name, value)
  end
  local needed = NEEDED[fault.fault]
  if needed and fault[needed] == nil then complain("%s needs %s", fault.fault, needed) end
end

-- One that waits for what never comes is a mistake.
local function check_target(m, fault)
  local command = fault.command
  if command and command ~= "upload" and not commands.is_known(command) then
    complain("there is no command '%s'", tostring(command))
  end
  if fault.account and not m:named("account", fault.account) then complain("there is no account '%s'", tostring(fault.account)) end
end

-- post(m, fault) -> its id. It strikes at the nth request that it fits, counted from now on, and at the ones after that up
-- to `times`.
function faults.post(m, fault)
  check(fault)
  check_target(m, fault)
  m.faults, m.all_faults = m.faults or {}, m.all_faults or {}
  local kept = { seen = 0, struck = 0, posted = fault, id = #m.all_faults + 1 }
  for name, value in pairs(fault) do kept[name] = value end
  kept.nth, kept.times = kept.nth or 1, kept.times or 1
  m.faults[#m.faults + 1], m.all_faults[kept.id] = kept, kept
  return kept.id
end

-- Every fault so far, as it was posted, with its id, how many requests it has seen, how often it struck and whether it waits.
function faults.list(m)
  local waits, out = {}, m:array()
  for _, fault in ipairs(m.faults or {}) do waits[fault] = true end
  for i, fault in ipairs(m.all_faults or {}) do
    local row = { id = fault.id, seen = fault.seen, struck = fault.struck, waits = waits[fault] or false }
    for name, value in pairs(fault.posted) do row[name] = value end
    out[i] = row
  end
  return out
end

-- take_back(m, id) -> how many waited: the one of that id, or all.
function faults.take_back(m, id)
  local kept, count = {}, 0
  for _, fault in ipairs(m.faults or {}) do
    if id and fault.id ~= id then kept[#kept + 1] = fault else count = count + 1 end
  end
  m.faults = kept
  return count
end

local function fits(fault, command, account)
  return (not fault.command or fault.command == command)
    and (not fault.account or (account and fault.account == account.name))
end

-- The fault that strikes at this request, or nil. Every waiting fault that the request fits counts it.
function faults.strike(m, command, account)
  local struck
  for at = #(m.faults or {}), 1, -1 do
    local fault = m.faults[at]
    if fits(fault, command, account) then
      fault.seen = fault.seen + 1
      if fault.seen >= fault.nth then struck = fault end
      if fault.seen >= fault.nth + fault.times - 1 then table.remove(m.faults, at) end
    end
  end
  if struck then struck.struck = struck.struck + 1 end
  return struck
end

-- ---------------------------------------------------------------------------------------------------------
-- effects: each answers the reply that takes the place of the real one; handle() makes the real one happen

local effects = {}

function effects.drop() return { drop = true } end

function effects.lose(_, _, handle)
  local reply = handle()
  return { drop = true, job = reply.job, happened = reply.status }
end

function effects.hang(_, fault, handle)
  local reply = not fault.before and handle() or {}
  return { hang = true, job = reply.job, happened = reply.status }
end

function effects.delay(_, fault, handle)
  local reply = handle()
  reply.delay = fault.seconds
  return reply
end

local function instead(make)
  return function(m, fault, handle, request)
    local happened = fault.after and handle() or {}
    local reply = make(m, fault, request)
    reply.job, reply.happened = happened.job, happened.status
    return reply
  end
end

effects.status = instead(function(m, fault, request)
  if fault.body then return { status = fault.status, type = "text/plain", body = fault.body } end
  local text = fault.status == 503
    and "Maintenance or Shutdown has been initiated on this management server. Can not accept new jobs"
      or refusal.MASKED
  local entry = request.command and commands.find(m, request.command)
  return envelope.refusal(m, entry and entry.envelope or (request.command or "null"):lower() .. "response",
    refusal.new(fault.status, 9999, text), { role = "admin" })
end)

-- In these very words, whoever asks: what CloudStack hides from users is to be given as it shows it.
effects.refuse = instead(function(m, fault, request)
  local entry = request.command and commands.find(m, request.command)
  return envelope.refusal(m, entry and entry.envelope or (request.command or "null"):lower() .. "response",
    refusal.new(fault.code or 530, 9999, fault.errortext), { role = "admin" })
end)

effects.html = instead(function(_, fault) return envelope.html(fault.status or 503) end)

function effects.truncate(_, fault, handle)
  local reply = handle()
  reply.truncate = fault.bytes
  return reply
end

function effects.garbage(_, fault, handle)
  local reply = handle()
  reply.body = fault.body or "[]"
  return reply
end

-- A failure that is wanted of a job that this request starts.
local function of_job(change)
  return function(_, fault, handle)
    local reply = handle()
    if reply.job then change(reply.job, fault) end
    return reply
  end
end

effects.fail_job = of_job(function(job, fault) job.fault = fault end)
effects.capacity = of_job(function(job, fault) job.no_capacity = fault.code or 533 end)
effects.vanish_job = of_job(function(job) job.vanishes = true end)

-- The request is answered; then the management server is killed, with the job it has just begun.
function effects.restart(m, fault, handle)
  local reply = handle()
  jobs.kill_all(m, fault.done)
  if fault.seconds then m.down_until = m:now() + fault.seconds end
  return reply
end

function effects.throttle(m, fault, handle, request)
  if request.sender then throttle.post(m, request.sender, fault.milliseconds) end
  return handle()
end

-- apply(m, fault, handle, request) -> reply
function faults.apply(m, fault, handle, request)
  local reply = effects[fault.fault](m, fault, handle, request)
  reply.fault = fault.fault
  return reply
end

-- Is the management server not there?
function faults.is_down(m)
  return m.down_until ~= nil and m:now() < m.down_until
end

return faults

-- A CloudStack that lives in Lua tables: the same model for specs, which call it as a function, and for everything
-- else, which calls it over HTTP.
--
--   local sim = require("sim").new{ host = {json=, bytes=, clock=?, log=?}, world = table?, base_url = text?, clock = table?,
--     strict = boolean?, images = directory of uploaded images?, has_guests = boolean? }
--   sim.send(requests, account?) -> replies      as host.cloudstack.send; the world's default account if none is named
--   sim.upload(url, file, headers, form) -> reply   as host.http.upload; file is a path, or { size, sha256 }
--   sim.clock                      now, utc, iso, sleep: the simulated time; sleeping is advancing
--   sim.advance(seconds)           time passes, and what falls due meanwhile happens
--   sim.state() -> table           everything there is
--   sim.requests                   the requests so far, oldest first; of very many the last ones (world: keep)
--   sim.fault{ command=, nth=, fault=, ... }   what is to go wrong -> its id
--   sim.faults() -> list           the faults so far, with how often each struck
--   sim.take_back(id?) -> number   faults that are not to strike any more: one, or all
--   sim.put_state{ kind=, id= or name=, state=, ... }   what befalls an object without a command
--   sim.reset()                    the world as it was in the beginning; the accounts keep their keys
--   sim.http(request) -> reply     one HTTP request; sim.next_due(), sim.tick(), sim.events() for the daemon
--   sim.guest_did(number)          the guest has done what the event of that number asked for (with has_guests jobs wait for it)
local api = require "sim.api"
local accounts = require "sim.accounts"
local commands = require "sim.commands"
local moment = require "base.moment"
local faults = require "sim.faults"
local guest_answers = require "sim.guest_answers"
local http = require "sim.http"
local model = require "sim.model"
local request_log = require "sim.request_log"
local schedule = require "sim.schedule"
local shortcomings = require "sim.shortcomings"
local state = require "sim.state"
local states = require "sim.states"
local uploads = require "sim.uploads"
local version = require "sim.version"
local world = require "sim.world"

local TIMEOUT = 300      -- seconds that a request waits for its answer where the caller names none
local UNKNOWN = 0.1      -- seconds for which a job is not known yet when its answer was lost and time passes

local sim = {}
sim.__index = sim

-- ---------------------------------------------------------------------------------------------------------
-- time

-- A clock that stands still until somebody sleeps.
local function virtual_clock(start)
  local time = start
  return { read = function() return time end, set = function(value) time = value end }
end

-- The host's clock and what was added to it. A caller's own clock (callers) knows nothing of that.
local function real_clock(host)
  local offset, began, mono = 0, host.utc(), host.now and host.now()
  local function elapsed() return mono and host.now() - mono or host.utc() - began end
  return {
    read = function() return began + elapsed() + offset end,
    add = function(seconds) offset = offset + seconds end,
    callers = function() return began + elapsed() end,
  }
end

local function advance(self, seconds)
  if self.source.set then
    local target = self.source.read() + seconds
    -- The clock follows the actions, so that each sees the time at which it fell due.
    self.schedule:run_until(target)
    self.source.set(target)
  else
    self.source.add(seconds)
    self.schedule:run_until(self.source.read())
  end
end

local function make_clock(self)
  local function utc() return self.source.read() end
  return {
    now = utc,
    utc = function() return math.floor(utc()) end,
    iso = function(time) return moment.text(time or utc()) end,
    sleep = function(seconds) advance(self, seconds) end,
  }
end

-- ---------------------------------------------------------------------------------------------------------
-- one request

local function text_of(value)
  if type(value) == "number" then
    return math.tointeger(value) and ("%d"):format(math.tointeger(value)) or ("%.14g"):format(value)
  end
  return tostring(value)
end

local function command_of(pairs_)
  for _, pair in ipairs(pairs_) do
    if pair[1] == "command" then return pair[2] end
  end
end

-- Seconds from a request to its answer.
local function latency_of(self, request)
  local latency = self.world.latency.request
  if type(latency) == "number" then return latency end
  local role = request.sender and request.sender.role == "admin" and "admin" or "user"
  return latency[request.command] or latency[role] or 0
end

-- A job is known from the moment its answer is there; when the answer is lost, somewhat later than sent.
local function known_from(self, seconds, fault)
  local takes_time = seconds > 0 or next(self.world.latency.jobs) ~= nil
  if fault and (fault.fault == "lose" or fault.fault == "hang") then
    return self.model:now() + (takes_time and UNKNOWN or 0)
  end
  return self.model:now() + math.min(seconds, UNKNOWN)
end

local function answer(self, request)
  request.sender = api.sender(self.model, request)
  if faults.is_down(self.model) then return { drop = true, refused = true, fault = "restart" } end
  local seconds = latency_of(self, request)
  local fault = faults.strike(self.model, request.command, request.sender)
  local function handle()
    return api.handle(self.model, request, { visible_at = known_from(self, seconds, fault) })
  end
  local reply = fault and faults.apply(self.model, fault, handle, request) or handle()
  reply.delay = (reply.delay or 0) + seconds
  if reply.shortcoming then shortcomings.say(self.said, self.warn, reply.shortcoming) end
  return reply
end

-- transact(pairs, account, expires) -> reply; without an account the request has to be signed, with one it may say until
-- when it is good, in seconds since 1970
function sim:transact(pairs_, account, expires)
  local request = { pairs = pairs_, command = command_of(pairs_), account = account, expires = expires }
  local reply = answer(self, request)
  request_log.note(self, request, reply)
  return reply
end

-- An upload counts as a request too: faults can be posted for the command "upload". The storage takes it, which is
-- another machine than the management server and there while that is not.
function sim:upload_transact(id, receive)
  local request = { pairs = { { "id", id } }, command = "upload" }
  local fault = faults.strike(self.model, "upload")
  local reply = fault and faults.apply(self.model, fault, receive, request) or receive()
  request_log.note(self, request, reply)
  return reply
end

-- ---------------------------------------------------------------------------------------------------------
-- in-process

-- What the host's send would have made of a reply.
local function as_reply(reply, timeout)
  if reply.refused then return { fault = "connect", text = "connection refused", sent = false, seconds = 0 } end
  if reply.drop then
    return { fault = "closed", text = "the server closed the connection", sent = true, seconds = 0 }
  end
  if reply.hang or reply.delay > timeout then
    return { fault = "timeout", text = ("no answer after %g seconds"):format(timeout), sent = true, seconds = timeout }
  end
  if reply.truncate and reply.truncate < #reply.body then
    return { fault = "closed", text = "the answer ended early", sent = true, seconds = reply.delay }
  end
  return { status = reply.status, body = reply.body, type = reply.type, seconds = reply.delay }
end

local function pairs_of(request)
  local out = { { "command", request.command } }
  for name, value in pairs(request.params or {}) do out[#out + 1] = { name, text_of(value) } end
  table.sort(out, function(a, b) return a[1] < b[1] end)
  return out
end

-- All requests of a wave arrive at once; their answers are there when the slowest is.
local function send(self, requests, name)
  local account = self.model:named("account", name or self.world.default_account)
  if not account then error(("sim: unknown account '%s'"):format(tostring(name)), 0) end
  self.tick()
  local replies, longest = {}, 0
  for i, request in ipairs(requests) do
    local reply = self:transact(pairs_of(request), account, request.expires)
    replies[i] = as_reply(reply, request.timeout or TIMEOUT)
    longest = math.max(longest, replies[i].seconds)
  end
  if longest > 0 then advance(self, longest) end
  return replies
end

local function lowered(headers)
  local out = {}
  for name, value in pairs(headers or {}) do out[name:lower()] = value end
  return out
end

local function upload(self, url, file, headers, form)
  self.tick()
  local id = url:match "/upload/([^/]+)$"
  if not id then return { status = 404, body = "", seconds = 0 } end
  local given = type(file) == "table" and file or {}
  local reply = self:upload_transact(id, function()
    return uploads.receive(self.model, id, {
      headers = lowered(headers), size = given.size or #tostring(file), sha256 = given.sha256,
      filename = form and form.filename or given.filename,
    })
  end)
  reply.delay = reply.delay or 0
  return as_reply(reply, TIMEOUT)
end

-- ---------------------------------------------------------------------------------------------------------
-- making one

-- The guests of VMs that vanish with the old model have to end as well.
local function last_events(old)
  local out, number = {}, old and old.announced or 0
  for _, event in ipairs(old and old.events or {}) do out[#out + 1] = event end
  for _, vm in ipairs(old and old:rows("vm", function(vm) return vm.host ~= nil end) or {}) do
    number = number + 1
    local environment = { VM_ID = vm.id, VM_NAME = vm.name }
    out[#out + 1] = { event = "stop", number = number, vm_id = vm.id, vm_name = vm.name, environment = environment }
  end
  return out, number
end

-- Puts a fresh model in the place of the old one; only what depends on the accounts' keys stays.
local function fill(self)
  local events, announced = last_events(self.model)
  self.generation = self.generation + 1
  self.schedule = schedule.new(self.source)
  self.model = model.new {
    json = self.json, bytes = self.bytes, world = self.world, version = version.new(self.world.version),
    schedule = self.schedule, base_url = self.base_url, generation = self.generation, strict = self.strict,
    images = self.images, has_guests = self.has_guests, announced = announced,
  }
  self.model.events = events
  accounts.seed(self.model)
  commands.seed(self.model)
  request_log.clear(self)
end

local function bind(self)
  self.send = function(requests, account) return send(self, requests, account) end
  self.upload = function(...) return upload(self, ...) end
  self.http = function(request) return http.serve(self, request) end
  self.advance = function(seconds) advance(self, seconds) end
  self.tick = function() self.schedule:run_until(self.source.read()) end
  self.next_due = function() return self.schedule:next_due() end
  self.state = function() return state.of(self.model) end
  self.fault = function(fault) return faults.post(self.model, fault) end
  self.faults = function() return faults.list(self.model) end
  self.take_back = function(id) return faults.take_back(self.model, id) end
  self.put_state = function(entry) states.post(self.model, entry) end
  self.reset = function() fill(self) end
  self.guest_did = function(number) guest_answers.take(self.model, number) end
  self.events = function()
    local out = self.model.events
    self.model.events = {}
    return out
  end
end

-- The accounts with their keys, in the order of the world.
local function keys_of(w, json)
  local out = json.array {}
  for i, account in ipairs(w.accounts) do
    out[i] = { account = account.name, role = account.role, apikey = account.apikey, secretkey = account.secretkey }
  end
  return out
end

-- What new takes; anything else is a slip of the pen.
local OPTIONS = {
  host = true, world = true, base_url = true, clock = true, strict = true, images = true, has_guests = true,
}

local function refuse_unknown(options)
  for name in pairs(options) do
    if not OPTIONS[name] then error(("sim.new has no option '%s'"):format(tostring(name)), 0) end
  end
end

local function new(options)
  refuse_unknown(options)
  local host = options.host
  local w = world.build(options.world, host.bytes)
  local clock = options.clock or (options.base_url and host.clock)
  local self = setmetatable({
    json = host.json, bytes = host.bytes, world = w, base_url = options.base_url or "http://127.0.0.1:8080",
    source = clock and real_clock(clock) or virtual_clock(w.start), requests = host.json.array {}, generation = 0,
    strict = options.strict or false, images = options.images, has_guests = options.has_guests or false,
    said = {}, warn = host.log and host.log.warn or function() end,
  }, sim)
  bind(self)
  fill(self)
  self.clock = make_clock(self)
  self.accounts = keys_of(w, host.json)
  return self
end

return { new = new }

-- A director's machine without processes or wire: the whole CPI (lua/cpi.lua with its parts) on the simulated
-- CloudStack, in one Lua state and in simulated time. Each request runs in a coroutine, so that it can be left where it
-- is: that is a kill -9, for nothing closes or undoes what an abandoned coroutine has open.
--
--   local m = machine.new { world =, store = true, settings =, seed = }
--   m:call("create_disk", { 1024, {} }) -> answer      { result } or { error = { type, message, ok_to_retry }, bug }
--   m:begin(method, arguments [, more]) -> process     { coroutine, answer, is_answered, log = { lines }, identity }
--   m:resume(process) -> what its hook yielded, or nil when it is over
--   m:kill(process)
-- Hooks see every instant, inside the process; they may yield, post faults, or kill by yielding and never coming back:
--   m.before_send(process, requests)   m.after_send(process, requests, replies)
--   m.before_store(process, operation, table, key)    m.after_store(...)
--   m.store_fails(process)             why the store takes no writes just now, or nil
--   m.before_sleep(process, seconds)   true: time does not pass, somebody else sees to it
-- m.skew: seconds by which the machine's wall clock is wrong.

local memory_store = require "base.memory_store"
local permissions = require "operator.permissions"
local native = require "host_native"
local new_sim = require("sim").new
local throttle = require "setup.throttle"

local machine = {}
machine.__index = machine

local json = native.json
machine.json = json
machine.DIRECTOR = "5b1c7a52-90d3-4c1e-6f0a-3d2b7e41c908"
machine.SECRETS = {
  ["the mbus password"] = "mbus-password-xyzzy", ["the blobstore's password"] = "blobstore-password-xyzzy",
  ["a secret of env"] = "env-password-xyzzy", ["user data"] = "eyJhZ2VudF9pZCI",
}

-- ---------------------------------------------------------------------------------------------------------
-- parts of the host

-- A stream of numbers from a seed (xorshift): the same on every machine.
local function random_of(seed)
  local state = (seed * 2654435761 + 88172645463325252) | 1
  return function(n)
    state = state ~ (state << 13)
    state = state ~ (state >> 7)
    state = state ~ (state << 17)
    return (state >> 1) % n + 1
  end
end
machine.random_of = random_of

local function uuids(random)
  return function()
    return (("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"):gsub("x", function() return ("%x"):format(random(16) - 1) end))
  end
end

-- The store as one process has it: writes are instants, and may fail.
local function store_of(self, process)
  local own = setmetatable({}, { __index = self.store })
  for _, operation in ipairs { "put", "replace", "delete" } do
    own[operation] = function(name, key, ...)
      if self.before_store then self.before_store(process, operation, name, key) end
      local trouble = self.store_fails and self.store_fails(process)
      if trouble then return nil, trouble end
      local ok, why = self.store[operation](name, key, ...)
      if self.after_store then self.after_store(process, operation, name, key) end
      return ok, why
    end
  end
  return own
end

local function log_of(process)
  local secrets, log = {}, {}
  local function masked(text)
    for _, secret in ipairs(secrets) do
      local at, last = text:find(secret, 1, true)
      while at do
        text = text:sub(1, at - 1) .. "<redacted>" .. text:sub(last + 1)
        at, last = text:find(secret, at, true)
      end
    end
    return text
  end
  process.masked, log.mask = masked, masked
  function log.status() return false end
  function log.format() end
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    log[level] = function(format, ...)
      table.insert(process.log, level .. " " .. masked(select("#", ...) > 0 and format:format(...) or format))
    end
  end
  function log.secret(value)
    if type(value) == "string" and #value >= 4 then secrets[#secrets + 1] = value end
  end
  function log.context() end
  function log.level() end
  return log
end

local function clock_of(self, process)
  local clock = setmetatable({}, { __index = self.sim.clock })
  function clock.sleep(seconds)
    if self.before_sleep and self.before_sleep(process, seconds) then return end
    self.sim.clock.sleep(seconds)
  end
  function clock.utc() return self.sim.clock.utc() + (self.skew or 0) end
  function clock.iso(time) return self.sim.clock.iso(time or clock.utc()) end
  return clock
end

-- A role made by `cpi permissions role VERB` must do for the verb.
local permitted = {}
local function check_permission(process, requests)
  local method = process.method
  if not method then return end -- an operator's command
  permitted[method] = permitted[method] or permissions.of(method)
  for _, request in ipairs(requests) do
    if not permitted[method][request.command] then
      error(("%s sends %s, of which lua/operator/permissions.lua says nothing"):format(method, request.command), 0)
    end
  end
end

local function sender_of(self, process)
  return function(requests)
    check_permission(process, requests)
    if self.before_send then self.before_send(process, requests) end
    process.is_sending = true
    for _, request in ipairs(requests) do request.timeout = process.request_timeout end
    local replies = self.sim.send(requests)
    if self.after_send then self.after_send(process, requests, replies) end
    return replies
  end
end

local IMAGE = { size = 1003, head = "BZh9" }

local function http_of(self, process)
  return {
    upload = function(url, _, headers, form)
      local request = { { command = "upload", params = { url = url } } }
      if self.before_send then self.before_send(process, request) end
      local reply = self.sim.upload(url, { size = IMAGE.size, sha256 = "00" }, headers, form)
      if self.after_send then self.after_send(process, request, { reply }) end
      return reply
    end,
  }
end

local function images_of(self)
  return {
    stat = function(path) return path == "/image" and IMAGE or nil, "there is no such file" end,
    checksum = function() return "c0ffee" end,
    publish = function(_, place) self.published[place] = true return true end,
    withdraw = function(place) self.published[place] = nil return true end,
  }
end

local function merged(base, more)
  for key, value in pairs(more or {}) do
    base[key] = type(value) == "table" and type(base[key]) == "table" and #value == 0 and merged(base[key], value) or value
  end
  return base
end

local function config_of(self)
  return merged({
    cloudstack = { endpoint = "http://cloud.test/client/api", api_key = "KEY-xyzzy", default_zone = "zone1", cache_age = 0 },
    agent = { mbus = "https://mbus:" .. machine.SECRETS["the mbus password"] .. "@0.0.0.0:6868",
      blobstore = { provider = "dav", options = { user = "agent", password = machine.SECRETS["the blobstore's password"] } } },
    store = { path = self.store and "/store" or "" }, ntp = { "0.pool.ntp.org" },
  }, self.settings)
end

-- The host table of one process. A method that it lacks is a bug of the machine's and says so.
local function host_of(self, process)
  local function read(path) return self.files[path], "there is no such file" end
  local host = {
    json = json, version = "1.0", lua_dir = "lua", policy = native.policy, log = log_of(process),
    bytes = setmetatable({ uuid = self.uuid }, { __index = native.bytes }),
    clock = clock_of(self, process), http = http_of(self, process), images = images_of(self),
    store = self.store and store_of(self, process),
    interruption = function() return process.interrupted and process.interrupted() end,
    process = { use = function() end, identity = function() return process.identity end,
      alive = function(identity) return self.living[identity] == true end },
    config = { read = function() return config_of(self) end, has_secret = function() return true end, is_named = true,
      context = function() return {} end, path = "cpi.json" },
    cloudstack = { open = function(options) process.request_timeout = options.request_timeout end, send = sender_of(self, process) },
    throttle = throttle.none,
    environment = function() end, files = { read = read, read_argument = read, list = native.files.list },
    console = { clean = native.console.clean, write = function() end, error = function() end },
  }
  function host.attempt(run, ...)
    local results = table.pack(pcall(run, ...))
    if not results[1] and type(results[2]) == "string" then process.bug = results[2] end
    return table.unpack(results, 1, results.n)
  end
  return setmetatable(host, { __index = function(_, name) error("the machine has no host." .. tostring(name), 2) end })
end

-- ---------------------------------------------------------------------------------------------------------
-- processes

function machine.new(options)
  local random = random_of(options.seed or 1)
  local self = setmetatable({
    random = random, uuid = uuids(random), files = {}, published = {}, living = {}, started = 0, settings = options.settings,
    store = options.store and memory_store {} or nil,
  }, machine)
  local bytes = setmetatable({ uuid = self.uuid }, { __index = native.bytes })
  self.sim = new_sim { host = { json = json, bytes = bytes }, world = options.world }
  return self
end

local function new_process(self)
  self.started = self.started + 1
  local process = { log = {}, identity = ("%d.%d"):format(100 + self.started % 30, self.started) }
  self.living[process.identity] = true
  return process
end

-- What a caller of the CPI reads of an error.
local function answer_of(process, ok, value)
  if ok then return { result = value } end
  local failure = type(value) == "table" and value or { type = "bug", message = tostring(value) }
  if failure.type == "bug" then process.bug = failure.message end
  return { error = { type = failure.type, message = process.masked(failure.message),
    ok_to_retry = failure.ok_to_retry or false } }
end

local function copied(value)
  return json.decode(json.encode(value))
end

-- begin(method, arguments, { context =, api_version = }): the process exists and has done nothing yet.
function machine:begin(method, arguments, more)
  local process, dispatch = new_process(self), require "cpi"
  local host = host_of(self, process)
  local list = copied(json.array(arguments))
  list.n = #arguments
  process.method = method
  local request = {
    method = method, arguments = list, api_version = more and more.api_version or 2,
    context = merged({ director_uuid = machine.DIRECTOR, request_id = "cpi-" .. process.identity }, more and more.context),
  }
  process.coroutine = coroutine.create(function()
    local ok, result, settle = pcall(dispatch, host, request)
    process.answer = answer_of(process, ok, result)
    if self.before_answer then self.before_answer(process) end
    process.is_answered = true
    if ok and settle then settle(process.fate or "taken") end
  end)
  return process
end

-- A command of the operator's: cpi NAME ARGUMENT... -> process; process.answer is { exit =, text = } at the end.
function machine:begin_command(name, arguments)
  local process = new_process(self)
  local host, text = host_of(self, process), {}
  host.console = { clean = native.console.clean, write = function(line) text[#text + 1] = line return true end,
    error = function(line) text[#text + 1] = line end }
  process.coroutine = coroutine.create(function()
    local ok, code = pcall(require("commands." .. name), host, arguments)
    if not ok then
      text[#text + 1] = type(code) == "table" and code.message or tostring(code)
      code = type(code) == "table" and code.exit_code or 1
    end
    process.answer = { exit = code, text = table.concat(text) }
    process.is_answered = true
  end)
  return process
end

function machine:kill(process)
  process.is_dead = true
  self.living[process.identity] = nil
end

-- Runs on to the next yield -> what was yielded; nil when the process is over.
function machine:resume(process)
  local ok, yielded = coroutine.resume(process.coroutine)
  if not ok then error(debug.traceback(process.coroutine, tostring(yielded)), 0) end
  if coroutine.status(process.coroutine) == "dead" then
    self:kill(process)
    return nil
  end
  return yielded
end

-- Runs to its end, or to its death where a hook yields "kill".
function machine:run(process)
  while true do
    local yielded = self:resume(process)
    if not yielded then return process end
    if yielded == "kill" then
      self:kill(process)
      return process
    end
  end
end

function machine:call(method, arguments, more)
  local process = self:run(self:begin(method, arguments, more))
  return process.answer, process
end

-- The same, where it has to go well: its result.
function machine:good(method, arguments, more)
  local answer = self:call(method, arguments, more)
  if not answer or answer.error then
    error(("%s was to go well: %s"):format(method, answer and answer.error.message or "killed"), 2)
  end
  return answer.result
end

function machine:command(name, ...)
  return self:run(self:begin_command(name, { ... })).answer
end

return machine

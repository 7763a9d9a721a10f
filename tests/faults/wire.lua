-- The stage of the scenarios with real processes and a real wire: build/cpi for each request, cpi-server sim behind HTTP.
-- It has what tests/faults/stage.lua has, as far as that can be had from outside.

local create_env = require "create_env"
local machine = require "machine"
local native = require "host_native"
local rig = require "rig"
local stage = require "tests.faults.stage"

local wire = setmetatable({}, { __index = stage })
wire.__index = wire

local json = machine.json

-- Patience is not what is tested here: a few tries, at once. Nor can this machine's clock be set: a copy that a killed process
-- was about to make is waited for as long as a copy may take.
local COPY_TIME = 10 -- seconds
local RETRY = "return { api = 1, decide = function(f) return f.attempt < 4 and { after = 0.02 } or nil end }"

local function config_of(scenario)
  local config = {
    cloudstack = { request_timeout = 1, cache_age = 0, timeout = { poll_template = COPY_TIME } },
    policies = { directory = rig.policies { retry = RETRY } },
    agent = { mbus = "https://mbus:" .. machine.SECRETS["the mbus password"] .. "@0.0.0.0:6868",
      blobstore = { provider = "dav", options = { user = "agent", password = machine.SECRETS["the blobstore's password"] } } },
  }
  for section, values in pairs(scenario.settings or {}) do
    config[section] = config[section] or {}
    for name, value in pairs(values) do config[section][name] = value end
  end
  return config
end

-- The calls of a run, of what the simulator was asked: { { command, nth of that command, parameters }, ... }; a row of polls
-- counts once.
function wire.calls(requests)
  local list, counted = {}, {}
  for i, request in ipairs(requests) do
    local command = request.command
    counted[command] = (counted[command] or 0) + 1
    local is_row = command == "queryAsyncJobResult" and requests[i - 1] and requests[i - 1].command == command
    if not is_row then
      list[#list + 1] = { command = command, nth = counted[command], parameters = request.parameters }
    end
  end
  return list
end

-- Can the scenario be played from outside? Not where the site has policies of its own.
function wire.can(scenario) return not (scenario.settings or {}).policies and not scenario.inside end

-- new(scenario) -> a stage; its `under` are shell words that processes are started by; reset() brings back the world's
-- beginning, close() ends it
function wire.new(scenario)
  local cloud = rig.start { world = scenario.world, store = true, config = config_of(scenario),
    role = scenario.world and scenario.world.default_account or "bosh" }
  local self = setmetatable({ cloud = cloud, published = {}, uuid = native.bytes.uuid, started = 0 }, wire)
  self.image = create_env.image(cloud.directory, 999)
  self.sim = { state = function() return cloud:state() end, advance = function(seconds) cloud:clock(seconds) end }
  self.store = { rows = function(name)
    local file = io.open(cloud.store, "rb")
    if not file then return {} end
    file:close()
    assert(native.store.open(cloud.store))
    return assert(native.store.rows(name))
  end }
  return self
end

function wire:reset()
  self.cloud:reset()
  for _, name in ipairs { "", "-wal", "-shm" } do os.remove(self.cloud.store .. name) end
end

function wire:close() self.cloud:stop() end

local function lines_of(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

-- What a director writes to the CPI.
function wire:request(method, arguments, more)
  self.started = self.started + 1
  local context = { director_uuid = machine.DIRECTOR, request_id = "cpi-" .. self.started }
  for name, value in pairs(more and more.context or {}) do context[name] = value end
  local list = json.array {}
  for i = 1, #arguments do list[i] = arguments[i] == "/image" and self.image or arguments[i] end -- it is a file here
  return { method = method, arguments = list, context = context, api_version = more and more.api_version or 2 }
end

-- One process -> its answer and { log, bug, exit, lines }, as machine:call has them.
function wire:call(method, arguments, more)
  local run = self.cloud:cpi(self:request(method, arguments, more), { under = self.under })
  local response, process = run.response or {}, { log = lines_of(run.stderr), exit = run.exit, lines = run.line_count }
  if run.stderr:find("stack traceback", 1, true) then process.bug = run.stderr end
  local failure = response.error ~= json.null and response.error or nil
  local result = response.result
  if result == json.null then result = nil end
  return { result = result, error = failure }, process
end

return wire

-- The CPI on a simulated CloudStack, in one process and without a network: for tests of verbs and of policies.
--
--   local trial = require("operator.trial").new{ host =, world =, policies = directory, settings =, store = true }
--   trial.call("has_vm", "cpivm-1")       the verb's result; raises its error
--   trial.request("has_vm", "cpivm-1")    the same as a request; trial.host is the host that serves it
--   trial.failure("has_vm", 5)            the error value that it raises
--   trial.cid{ ... }                      the CID of a VM that create_vm makes with defaults that fit the world
--   trial.vm(cid), trial.disk(cid)         the object as CloudStack shows it, or nil
--   trial.left()                          { kind = count } of what a CPI makes and is there; {} when nothing is
--   trial.requests()                      what was sent since the last time, without the polls: { command, parameters }
--   trial.sim                             the simulator (lua/sim.lua): fault, advance, state, clock
--   trial.log                             what was logged, a line each
--   trial.store                           the store's tables, where one was wanted
-- host has json, bytes, policy and lua_dir at least: the host's own table, or the specs' host_native.

local errors = require "errors"
local memory_store = require "base.memory_store"
local throttle = require "setup.throttle"

local function overlay(onto, changes)
  for key, value in pairs(changes or {}) do
    local is_object = type(value) == "table" and type(onto[key]) == "table" and #value == 0
    onto[key] = is_object and overlay(onto[key], value) or value
  end
  return onto
end

local function logger(lines)
  local log = { secrets = {} }
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    log[level] = function(format, ...) lines[#lines + 1] = level .. " " .. (select("#", ...) > 0 and format:format(...) or format) end
  end
  function log.context() end
  function log.level() end
  function log.format() end
  function log.status() return false end
  function log.secret(value) log.secrets[#log.secrets + 1] = value end
  function log.mask(text) return text end
  return log
end

local function configuration(options)
  return overlay({
    cloudstack = { endpoint = "http://cloud.test/client/api", api_key = "key", default_zone = "zone1" },
    agent = { mbus = "https://mbus:mbus-password@0.0.0.0:6868" },
    policies = { directory = options.policies or "" }, store = { path = options.store and "memory" or "" },
  }, options.settings)
end

-- A trial looks at images, and publishes none.
local function only_reads(images)
  return images and { stat = images.stat, checksum = images.checksum, inside = images.inside }
end

local trial = {}

-- What new takes; anything else is a slip of the pen.
local OPTIONS = { host = true, world = true, policies = true, settings = true, store = true, account = true, context = true }

local function refuse_unknown(options)
  for name in pairs(options) do
    if not OPTIONS[name] then error(("trial.new has no option '%s'"):format(tostring(name)), 0) end
  end
end

function trial.new(options)
  refuse_unknown(options)
  local given, self = options.host, { log = {}, store = {} }
  local sim = require("sim").new { host = { json = given.json, bytes = given.bytes }, world = options.world }
  self.sim = sim
  local host = setmetatable({
    cloudstack = { open = function() end, send = function(requests) return sim.send(requests, options.account) end },
    http = { upload = sim.upload }, images = only_reads(given.images), clock = sim.clock, log = logger(self.log),
    config = { read = function() return configuration(options) end, has_secret = function() return true end,
      context = function() return {} end },
    attempt = pcall, throttle = throttle.none, interruption = function() end,
    store = memory_store(self.store),
    process = { use = function() end, identity = function() return "1.1" end, alive = function() return false end },
    lua_dir = given.lua_dir or "lua", environment = function() end, version = given.version or "0.0.0",
  }, { __index = given })

  self.host = host

  function self.request(method, ...)
    return { method = method, arguments = table.pack(...), api_version = 2,
      context = overlay({ director_uuid = "director-1", request_id = "cpi-1" }, options.context) }
  end

  function self.call(...)
    local result, settle = require "cpi"(host, self.request(...))
    if settle then settle "taken" end
    return result
  end

  function self.failure(...)
    local ok, failure = pcall(self.call, ...)
    if ok then error("nothing was raised", 2) end
    if not errors.is(failure) then error(failure, 0) end
    return failure
  end

  -- cid{ cloud_properties =, networks =, disks =, env =, stemcell =, agent_id = }: what is not given fits the default world.
  function self.cid(parts)
    parts = parts or {}
    local template = sim.state().templates[1]
    return self.call("create_vm", parts.agent_id or "agent-1", parts.stemcell or template.name,
      parts.cloud_properties or { compute_offering = "shared.small" },
      parts.networks or { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } },
      parts.disks or {}, parts.env or {})[1]
  end

  local looks = {} -- the numbers of requests that the test made itself
  local function row_of(command, kind, name)
    local reply = sim.send({ { command = command, params = { name = name } } }, options.account)[1]
    looks[sim.requests[#sim.requests].n] = true
    return (select(2, next(given.json.decode(reply.body)))[kind] or {})[1]
  end

  function self.vm(cid) return row_of("listVirtualMachines", "virtualmachine", cid) end
  function self.disk(cid) return row_of("listVolumes", "volume", cid) end

  function self.left()
    local left = {}
    for kind, count in pairs(sim.state().left) do
      if count > 0 then left[kind] = count end
    end
    return left
  end

  local seen = 0
  function self.requests()
    local list = {}
    for _, request in ipairs(sim.requests) do
      if request.n > seen and request.command ~= "queryAsyncJobResult" and not looks[request.n] then
        list[#list + 1] = { command = request.command, parameters = request.parameters }
      end
    end
    local last = sim.requests[#sim.requests]
    seen = last and last.n or 0
    return list
  end

  return self
end

return trial

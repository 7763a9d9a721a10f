-- The cloud of a policy's tests: what of a trial (lua/operator/trial.lua) they may use, and nothing that leads further. Data goes in
-- and data comes out, each a copy; functions are those below, and the host stays out of reach.
--
--   cloud(host, directories, world) -> { call, failure, cid, vm, disk, left, requests, log, sim = { fault, advance, state,
--                                        clock = { now, utc, iso, sleep } } }

local plain_data = require "operator.plain_data"
local trial = require "operator.trial"

local given, taken = plain_data.given, plain_data.taken

-- Of the host the CPI in a test has what decides and what counts. An image on this machine's disk is none of its business.
local function host_of(host)
  local function no_file() return nil, "a policy's test has no files" end
  return {
    json = host.json, bytes = host.bytes, policy = { load = host.policy.load, call = host.policy.call },
    files = { read = host.files.read, list = host.files.list }, images = { stat = no_file, checksum = no_file, inside = no_file },
    lua_dir = host.lua_dir, version = host.version,
  }
end

-- f with its arguments and results as data.
local function bare(f)
  return function(...)
    local arguments = table.pack(...)
    for i = 1, arguments.n do arguments[i] = given(arguments[i]) end
    local results = table.pack(f(table.unpack(arguments, 1, arguments.n)))
    for i = 1, results.n do results[i] = taken(results[i]) end
    return table.unpack(results, 1, results.n)
  end
end

local function picked(from, names)
  local some = {}
  for _, name in ipairs(names) do some[name] = bare(from[name]) end
  return some
end

return function(host, directories, world)
  local whole = trial.new { host = host_of(host), world = given(world), policies = directories }
  local sim = picked(whole.sim, { "fault", "advance", "state" })
  sim.clock = picked(whole.sim.clock, { "now", "utc", "iso", "sleep" })
  local cloud = picked(whole, { "call", "failure", "cid", "vm", "disk", "left", "requests" })
  cloud.sim = sim
  return setmetatable(cloud, { __index = function(_, name)
    if name == "log" then return taken(whole.log) end
  end })
end

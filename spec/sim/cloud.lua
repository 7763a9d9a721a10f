-- A simulated cloud for specs: its ids by name, and short ways to call, to wait for a job and to be refused.
local host = require "host_native"
local new_sim = require("sim").new

local cloud = {}
cloud.__index = cloud

local MASKED = "Internal error executing command, please contact your system administrator"
cloud.MASKED = MASKED
cloud.NOTHING = {} -- as a parameter: leave it out

local function overlaid(params, more)
  for key, value in pairs(more or {}) do
    params[key] = value
    if value == cloud.NOTHING then params[key] = nil end
  end
  return params
end

local function index(rows)
  local out = {}
  for _, row in ipairs(rows) do out[row.name] = row.id end
  return out
end

-- new(world) -> cloud with sim, zone, template and, by name, network, offering, disk
function cloud.new(world)
  local self = setmetatable({ sim = new_sim { host = { json = host.json, bytes = host.bytes }, world = world } }, cloud)
  local state = self.sim.state()
  self.zone, self.template = state.zones[1].id, state.templates[1].id
  self.network, self.offering = index(state.networks), index(state.serviceofferings)
  self.disk, self.pool, self.host = index(state.diskofferings), index(state.pools), index(state.hosts)
  self.domain = state.accounts[3].domainid
  return self
end

-- reply(command, params, who) -> the only member of the envelope, its name, the whole reply
function cloud:reply(command, params, who)
  local reply = self.sim.send({ { command = command, params = params } }, who)[1]
  if not reply.body then return nil, nil, reply end
  local key, payload = next(host.json.decode(reply.body))
  return payload, key, reply
end

function cloud:call(command, params, who)
  local payload, _, reply = self:reply(command, params, who)
  assert(payload and reply.status == 200, command .. ": " .. tostring(reply.body or reply.fault))
  return payload
end

-- refused(...) -> "431 text", with who sees it
function cloud:refused(command, params, who)
  local payload, _, reply = self:reply(command, params, who)
  assert(payload and reply.status ~= 200, command .. " was not refused")
  assert(payload.errorcode == reply.status, "status and errorcode differ")
  return ("%d %s"):format(payload.errorcode, payload.errortext), payload
end

function cloud:query(id, who)
  return self:call("queryAsyncJobResult", { jobid = id }, who)
end

-- run(...) -> the job when it is over, and the answer that named it
function cloud:run(command, params, who)
  local started = self:call(command, params, who)
  local job = self:query(started.jobid, who)
  while job.jobstatus == 0 do
    self.sim.advance(0.1)
    job = self:query(started.jobid, who)
  end
  return job, started
end

function cloud:job(command, params, who)
  local job, started = self:run(command, params, who)
  assert(job.jobstatus == 1, command .. ": " .. host.json.encode(job.jobresult or {}))
  return job.jobresult, started
end

-- failed(...) -> "530 text" of a job
function cloud:failed(command, params, who)
  local job = self:run(command, params, who)
  assert(job.jobstatus == 2, command .. " did not fail")
  return ("%d %s"):format(job.jobresult.errorcode, job.jobresult.errortext)
end

function cloud:rows(command, key, params, who)
  return self:call(command, params, who)[key] or {}
end

function cloud:deployment(name, more)
  local params = {
    name = name, zoneid = self.zone, templateid = self.template, serviceofferingid = self.offering["shared.small"],
    networkids = self.network["bosh-net"],
  }
  return overlaid(params, more)
end

function cloud:vm(name, more, who)
  return self:job("deployVirtualMachine", self:deployment(name, more), who).virtualmachine
end

function cloud:volume(name, more, who)
  local params = { name = name, zoneid = self.zone, diskofferingid = self.disk["shared.custom"], size = 1 }
  return self:job("createVolume", overlaid(params, more), who).volume
end

function cloud:attach(volume, vm, more, who)
  local params = { id = volume.id, virtualmachineid = vm.id }
  for key, value in pairs(more or {}) do params[key] = value end
  return self:job("attachVolume", params, who).volume
end

-- One VM or volume as a caller sees it, or nil.
function cloud:seen_vm(id, who)
  return self:rows("listVirtualMachines", "virtualmachine", { id = id }, who)[1]
end

function cloud:seen_volume(id, who)
  return self:rows("listVolumes", "volume", { id = id }, who)[1]
end

function cloud:tag(id, kind, tags)
  local params, i = { resourceids = id, resourcetype = kind }, 0
  for key, value in pairs(tags) do
    params[("tags[%d].key"):format(i)], params[("tags[%d].value"):format(i)] = key, value
    i = i + 1
  end
  return params
end

-- What is left of what a CPI makes: the kinds with more than none.
function cloud:left()
  local out = {}
  for kind, count in pairs(self.sim.state().left) do
    if count > 0 then out[kind] = count end
  end
  return out
end

function cloud.encode(value) return host.json.encode(value) end
cloud.json, cloud.bytes = host.json, host.bytes

return cloud

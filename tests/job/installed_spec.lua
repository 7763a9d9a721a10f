-- All stages of create-env, as the bosh CLI asks for them, through the installed job: bin/cpi rendered by Ruby's ERB,
-- the package where BOSH puts it, and in each VM a guest that reads its settings as an agent does and finds its disks
-- by the hints that it is given.
--
-- Which package that is: job.packages.

local agent = require "agent"
local create_env = require "create_env"
local job = require "job"
local rig = require "rig"

local quote, json = rig.quote, rig.json

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

local write = require("tests.support.text_file").write

local GUEST = [[#!/bin/sh
cd %s || exit 1
GUESTS=%s lua5.4 tests/job/guest.lua "$1" || exit 1
[ "$1" != start ] || exec sleep 1000000
]]

-- ---------------------------------------------------------------------------------------------------------
-- an installation: the simulator with guests, the job, and what is known of the environment

local installation = {}
installation.__index = installation

local function install(properties)
  local place = job.run("mktemp -d"):match "%S+"
  local self = setmetatable({ place = place, guests = place .. "/guests", seconds = {}, calls = {} }, installation)
  local guest = write(place .. "/guest", GUEST:format(quote(job.run("pwd"):match "[^\n]+"), quote(self.guests)))
  job.run("chmod +x " .. guest)
  self.cloud = rig.start { role = "bosh", guest = guest }
  local given = {
    cloudstack = { endpoint = self.cloud.endpoint, api_key = self.cloud.api_key, default_zone = "zone1",
      secret_access_key = self.cloud.secret_access_key },
    agent = { mbus = "https://mbus:mbus-secret@0.0.0.0:6868", blobstore = { provider = "local", options = {
      blobstore_path = "/var/vcap/micro_bosh/data/cache" } } },
    ntp = { "0.pool.ntp.org", "1.pool.ntp.org" },
  }
  for name, value in pairs(properties or {}) do job.put(given, name, value) end
  self.job = job.install(place, given)
  self.packages, self.how = job.packages(place)
  self.known = { image = write(place .. "/image", "BZh9" .. ("x"):rep(300000)) }
  return self
end

installation.__close = function(self)
  self.cloud:stop()
  os.execute("rm -rf " .. quote(self.place))
end

-- One request, with the environment that a director gives -> its result. Anything but a good answer fails the test.
function installation:ask(method, text)
  local base, before = self.place .. "/call", rig.now()
  write(base .. ".in", text)
  local _, _, code = os.execute(("env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=%s TMPDIR=%s BOSH_JOBS_DIR=%s BOSH_PACKAGES_DIR=%s "
    .. "%s/bin/cpi <%s.in >%s.out 2>%s.err"):format(self.place, self.place, quote(self.place .. "/jobs"), quote(self.packages),
    quote(self.job), base, base, base))
  self.last_seconds = rig.now() - before
  local answer = json.decode(read(base .. ".out"))
  assert.equal(0, code, method .. ": " .. read(base .. ".err"))
  assert.equal(json.null, answer.error, ("%s: %s"):format(method, read(base .. ".out")))
  return answer.result
end

function installation:home() return ("%s/%s"):format(self.guests, self.known.vm) end

-- The guest has read its settings, and an agent could live by them.
function installation:check_guest(vm_cid, agent_id)
  local home = ("%s/%s"):format(self.guests, vm_cid)
  local text = rig.wait(function() return read(home .. "/settings") end, 10)
  assert.equal("", read(home .. "/problems"))
  local settings = json.decode(text)
  assert.same({ agent_id, vm_cid }, { settings.agent_id, settings.vm.name })
end

-- Where the guest has the disk of that hint: the first of the agent's paths that is there, or nil.
function installation:device(hint)
  for _, path in ipairs(agent.paths(hint)) do
    if os.execute(("test -e %s"):format(quote(self:home() .. path))) then return self:home() .. path end
  end
end

-- What the CLI and the agent do with an answer. `hints` has the hint of each disk that is attached.
function installation:take(method, result, step, hints)
  local known = self.known
  if method == "create_vm" then
    self:check_guest(result[1], known.agent)
  elseif method == "attach_disk" then
    local disk = known[step[2] or "disk"]
    hints[disk] = result
    local device = rig.wait(function() return self:device(result) end, 10)
    local old = known.new_disk and disk == known.new_disk and self:device(hints[known.disk])
    if old then
      job.run(("cp -R %s/. %s/"):format(quote(old), quote(device))) -- the agent migrates
    elseif not self.has_data then
      self.has_data = write(device .. "/data", "what the job wrote")
    end
    assert.equal("what the job wrote", read(device .. "/data"))
  elseif method == "detach_disk" then
    rig.wait(function() return not self:device(hints[known.disk]) end, 10)
  end
end

function installation:play(only)
  local hints = {}
  create_env.play(self.known, function(stage, method, text, step)
    local result = self:ask(method, text)
    self.seconds[stage] = (self.seconds[stage] or 0) + self.last_seconds
    self.calls[stage] = (self.calls[stage] or 0) + 1
    if step and step.keep then self.known[step.keep] = type(result) == "table" and result[1] or result end
    self:take(method, result, step, hints)
    return result
  end, only)
end

-- ---------------------------------------------------------------------------------------------------------

describe("the installed job", function()
  it("carries an environment through all its stages, keeps its data, and leaves nothing", function()
    local site <close> = install()
    site:play()
    print("  create-env through the installed job, its package " .. site.how)
    for _, stage in ipairs(create_env.stages) do
      print(("  %-8s %2d calls, %.2f s"):format(stage.name, site.calls[stage.name],
        site.seconds[stage.name]))
    end
    site.cloud:clock(86400)
    for kind, count in pairs(site.cloud:state().left) do assert.equal(0, count, kind) end
  end)

  it("lets the manifest's policies decide", function()
    local site <close> = install { ["cloudstack.policies"] = { names = [[
      return { api = 1, decide = function(facts, default)
        local answer = default(facts)
        answer.tags.cost_centre = "42"
        return answer
      end }]] } }
    site:play { create = true }
    assert.equal("42", site.cloud:state().vms[1].tags.cost_centre)
  end)

  it("answers info before anything is configured", function()
    local site <close> = install { ["cloudstack.endpoint"] = "http://127.0.0.1:1/client/api" }
    local info = site:ask("info", create_env.calls.info(site.known))
    assert.equal(3, info.api_version)
  end)

  it("has nothing secret in a place where others may read it", function()
    local site <close> = install()
    for path in job.run(("grep -rl %s %s"):format(site.cloud.secret_access_key, quote(site.job))):gmatch "[^\n]+" do
      assert.equal(site.job .. "/config/cpi.json", path)
    end
  end)
end)

-- Failures that pass, through whole verbs on a simulated CloudStack: what public reports have of them (cloudstack PR 1762,
-- issues 9128, 9860, 12753), at the request and at the end of the job.

local native = require "host_native"
local site_policies = require "tests.support.site_policies"
local trial = require "operator.trial"

local PASSING = {
  "Deadlock found when trying to get lock; try restarting transaction",
  "Lock wait timeout exceeded; try restarting transaction",
  "Unable to acquire lock on VM",
  "Unable to start the VM due to concurrent operation",
}

-- retry: the site's policy of that name.
local function new(retry)
  local t = trial.new { host = native, policies = retry and "site" or nil,
    world = { settings = { ["expunge.delay"] = 86400, ["expunge.interval"] = 86400 } } }
  if retry then site_policies(t, { retry = retry }) end
  return t
end

local function count(t, command)
  local n = 0
  for _, request in ipairs(t.requests()) do n = n + (request.command == command and 1 or 0) end
  return n
end

describe("a create_vm whose job fails for a reason that passes", function()
  for _, text in ipairs(PASSING) do
    it("is tried again with a new VM: " .. text, function()
      local t = new()
      t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = text, code = 530 }
      local cid = t.cid()
      assert.equal("Running", t.vm(cid).state)
      t.sim.advance(2 * 86400)
      assert.equal(1, t.sim.state().left.vms)
    end)
  end

  it("is refused at once, and made a moment later", function()
    local t = new()
    t.sim.fault { command = "deployVirtualMachine", fault = "refuse", times = 2,
      errortext = "Template 204 has not been completely downloaded to zone 1" }
    assert.equal("Running", t.vm(t.cid()).state)
  end)

  it("gives up in the end, so that the director may try", function()
    local t = new()
    t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = PASSING[1], code = 530, times = 1000 }
    local failure = t.failure("create_vm", "a", t.sim.state().templates[1].name, { compute_offering = "shared.small" },
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, {}, {})
    assert.same({ "Bosh::Clouds::VMCreationFailed", true }, { failure.type, failure.ok_to_retry })
    assert.truthy(failure.message:find("Deadlock found", 1, true), failure.message)
    t.sim.advance(2 * 86400)
    assert.same({}, t.left())
  end)

  it("is not tried again where a site's policy says so", function()
    local asked = {}
    local t = new(function(facts)
      asked[#asked + 1] = facts
      return nil
    end)
    t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = PASSING[1], code = 530 }
    assert.is_false(pcall(t.cid))
    local facts = asked[1]
    assert.same({ "deployVirtualMachine", "busy", "passing", "database_is_busy", true, 530, PASSING[1], 1 },
      { facts.command, facts.kind, facts.class, facts.meaning, facts.job, facts.code, facts.text, facts.attempt })
    assert.truthy(facts.limit > 0 and facts.elapsed >= 0)
  end)
end)

describe("a failure in words that nobody knows", function()
  local function fail(t)
    t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = "The plug-in has the hiccups", code = 530 }
  end

  it("is final, said and logged", function()
    local t = new()
    fail(t)
    local ok, failure = pcall(t.cid)
    assert.is_false(ok)
    assert.is_false(failure.ok_to_retry)
    assert.truthy(failure.message:find("The plug-in has the hiccups", 1, true))
    assert.truthy(table.concat(t.log, "\n"):find("info deployVirtualMachine: the CPI does not know what this means: The plug-in has "
      .. "the hiccups (530)", 1, true), table.concat(t.log, "\n"))
  end)

  it("is tried again where the site knows them", function()
    local t = new(function(facts, default)
      if facts.kind == "failed" and facts.text:find("hiccups", 1, true) and facts.attempt < 3 then return 1 end
      return default(facts)
    end)
    fail(t)
    assert.equal("Running", t.vm(t.cid()).state)
  end)

  it("does not break over a policy that was written before it was asked about them", function()
    local PATIENCE = { busy = 300, garbled = 60, transport = 60 }
    local t = new(function(facts) return facts.elapsed < PATIENCE[facts.kind] and 1 or nil end)
    fail(t)
    local ok, failure = pcall(t.cid)
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.truthy(table.concat(t.log, "\n"):find("deployVirtualMachine is not tried again", 1, true))
  end)

  it("is not taken for a network without a free address", function()
    local t = new()
    t.sim.fault { command = "deployVirtualMachine", fault = "refuse", errortext = "The plug-in has the hiccups" }
    local ok, failure = pcall(t.cid)
    assert.is_false(ok)
    assert.is_nil(failure.message:find("free address", 1, true), failure.message)
  end)
end)

describe("a job on something that is there", function()
  it("is tried again, each time as a job of its own", function()
    local t = new()
    local vm, disk = t.cid(), t.call("create_disk", 1024, {})
    t.requests()
    t.sim.fault { command = "attachVolume", fault = "fail_job", errortext = PASSING[1], code = 530, times = 2 }
    t.call("attach_disk", vm, disk)
    assert.equal(3, count(t, "attachVolume"))
    t.sim.fault { command = "detachVolume", fault = "fail_job", errortext = PASSING[2], code = 530 }
    t.call("detach_disk", vm, disk)
    t.sim.fault { command = "deleteVolume", fault = "refuse", errortext = PASSING[3], code = 530 }
    t.call("delete_disk", disk)
    t.call("delete_vm", vm)
  end)

  it("that is refused is tried again too", function()
    local t = new()
    local vm, disk = t.cid(), t.call("create_disk", 1024, {})
    t.sim.fault { command = "attachVolume", fault = "refuse", errortext = "please try again later", code = 431 }
    t.call("attach_disk", vm, disk)
  end)
end)

describe("a disk and a snapshot whose job fails for a reason that passes", function()
  it("is made under another name, and nothing is left of the first", function()
    local t = new()
    t.sim.fault { command = "createVolume", fault = "fail_job", errortext = PASSING[1], code = 530 }
    local disk = t.call("create_disk", 1024, {})
    assert.truthy(t.disk(disk))
    assert.equal(1, t.left().volumes)
  end)

  it("waits for another snapshot, for as long as the verb may take", function()
    local t = new()
    local vm, disk = t.cid(), t.call("create_disk", 1024, {})
    t.call("attach_disk", vm, disk)
    t.sim.fault { command = "createSnapshot", fault = "fail_job", code = 530, times = 60,
      errortext = "There is other active snapshot tasks on the instance to which the volume is attached, please try again later" }
    local began = t.sim.clock.now()
    t.call("snapshot_disk", disk, {})
    assert.truthy(t.sim.clock.now() - began > 400)
    assert.equal(1, t.left().snapshots)
  end)

  it("does not wait longer", function()
    local t = trial.new { host = native, settings = { cloudstack = { timeout = { snapshot_volume = 100 } } } }
    local vm, disk = t.cid(), t.call("create_disk", 1024, {})
    t.call("attach_disk", vm, disk)
    t.sim.fault { command = "createSnapshot", fault = "fail_job", code = 530, times = 1000, errortext = "please try again later" }
    local began = t.sim.clock.now()
    assert.truthy(t.failure("snapshot_disk", disk, {}).message:find("try again later", 1, true))
    assert.truthy(t.sim.clock.now() - began <= 100)
    assert.is_nil(t.left().snapshots)
  end)
end)

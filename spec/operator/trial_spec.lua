local native = require "host_native"
local new_trial = require("operator.trial").new

describe("a trial", function()
  it("answers verbs, and tells what they sent and nothing else", function()
    local trial = new_trial { host = native }
    local vm = trial.cid()
    assert.equal("deployVirtualMachine", trial.requests()[6].command)
    assert.equal("Running", trial.vm(vm).state)
    assert.is_nil(trial.vm "cpivm-none")
    assert.same({}, trial.requests())
    assert.is_true(trial.call("has_vm", vm))
    assert.same({ "listVirtualMachines" }, { trial.requests()[1].command })
  end)

  it("counts what a CPI made and is there", function()
    local trial = new_trial { host = native }
    assert.same({}, trial.left())
    local vm = trial.cid()
    local disk = trial.call("create_disk", 1024, {}, vm)
    assert.equal(1, trial.left().vms)
    local with_disk = trial.left().volumes
    trial.call("delete_disk", disk)
    assert.equal(1, with_disk - (trial.left().volumes or 0))
    assert.is_nil(trial.left().networks)
  end)

  it("raises what a verb raises, as it is", function()
    local trial = new_trial { host = native }
    assert.equal("Bosh::Clouds::CpiError", trial.failure("has_vm", 5).type)
    assert.has_error(function() trial.failure("has_vm", "cpivm-1") end, "nothing was raised")
    assert.equal("Bosh::Clouds::NotImplemented", trial.failure("fly").type)
  end)

  it("lets no time pass but what is slept", function()
    local trial = new_trial { host = native, world = { latency = { jobs = { deployVirtualMachine = 30 } } } }
    local before = trial.sim.clock.now()
    trial.cid()
    local took = trial.sim.clock.now() - before
    assert.is_true(took >= 30 and took < 40, took .. " s")
  end)

  it("takes settings, a context, and an account of the world", function()
    local trial = new_trial { host = native, settings = { director = { name = "mine" } }, context = { director_uuid = "d-9" },
      account = "bosh" }
    local tags = {}
    for _, tag in ipairs(trial.vm(trial.cid()).tags) do tags[tag.key] = tag.value end
    assert.equal("mine", tags.director_name)
    assert.equal("d-9", tags.director_uuid)
  end)

  it("keeps a store where one is wanted", function()
    local trial = new_trial { host = native, store = true }
    trial.cid()
    assert.same({}, trial.store.journal)
    assert.is_nil(new_trial({ host = native }).store.journal)
  end)
end)

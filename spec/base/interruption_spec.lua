local errors = require "errors"
local fake = require "tests.support.fake"
local new_interruption = require "base.interruption"

-- An interruption that comes when told to: set.why.
local function interruption()
  local set, slept = {}, {}
  return new_interruption { reason = function() return set.why end,
    clock = { sleep = function(seconds) slept[#slept + 1] = seconds end } }, set, slept
end

describe("an interruption", function()
  it("ends what looks for it, with its reason", function()
    local ending, set = interruption()
    ending.check()
    set.why = "SIGTERM arrived"
    local failure = fake.failure(ending.check)
    assert.same({ "Bosh::Clouds::CloudError", "interrupted: SIGTERM arrived", false },
      { failure.type, failure.message, failure.ok_to_retry })
  end)

  it("ends a wait, after it", function()
    local ending, set, slept = interruption()
    set.why = "SIGTERM arrived"
    fake.failure(ending.sleep, 3)
    assert.same({ 3 }, slept)
  end)

  it("does not end what is being undone, but what comes afterwards", function()
    local ending, set = interruption()
    set.why = "SIGTERM arrived"
    assert.equal("gone", ending.undoing(function() ending.check() return "gone" end))
    pcall(ending.undoing, error, "no")
    fake.failure(ending.check)
  end)

  it("is what a verb's failure was about, where it was swallowed on the way", function()
    local ending, set = interruption()
    local failure = errors.vm_creation_failed("creating VM: no")
    assert.equal(failure, ending.explain(failure))
    set.why = "SIGTERM arrived"
    assert.equal(failure, ending.explain(failure))
    local raised = fake.failure(ending.check)
    assert.equal(raised, ending.explain(raised))
    local explained = ending.explain(failure)
    assert.same({ "Bosh::Clouds::CloudError", "interrupted: SIGTERM arrived; creating VM: no" }, { explained.type, explained.message })
  end)
end)

describe("CloudStack's client, interrupted", function()
  local why
  local function interrupted() return why end
  before_each(function() why = nil end)

  it("begins nothing that acts, and still asks", function()
    local cpi <close> = fake.cpi { interrupted = interrupted, { "listZones", {}, { zone = {} } } }
    why = "SIGTERM arrived"
    assert.same({}, cpi.cloudstack:rows { "listZones", {}, rows = "zone" })
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, { "createVolume", {} })
    assert.equal("interrupted: SIGTERM arrived", failure.message)
  end)

  it("lets a job that is under way come to its end, with what belongs to it", function()
    local cpi <close> = fake.cpi { interrupted = interrupted,
      { "createVolume", {}, job = { volume = { id = "v" } }, lasts = 5, id = "v" },
      { "createTags", {}, job = {}, lasts = 1 },
    }
    local task = cpi.cloudstack:start({ { "createVolume", {}, job = true } })[1]
    why = "SIGTERM arrived"
    local tagging = cpi.cloudstack:start({ { "createTags", {}, job = true } })[1]
    cpi.cloudstack:wait { task, tagging }
    assert.same({ true, true }, { task.result ~= nil, tagging.result ~= nil })
    fake.failure(cpi.cloudstack.job, cpi.cloudstack, { "deleteVolume", {} })
  end)

  it("tries nothing again", function()
    local cpi <close> = fake.cpi { interrupted = interrupted, { "listZones", {}, fault = "connect" } }
    local wave = cpi.log.warn
    function cpi.log.warn(...)
      wave(...)
      why = "SIGTERM arrived"
    end
    local failure = fake.failure(cpi.cloudstack.rows, cpi.cloudstack, { "listZones", {}, rows = "zone" })
    assert.equal("interrupted: SIGTERM arrived", failure.message)
  end)

  it("removes what was made", function()
    local cpi <close> = fake.cpi { interrupted = interrupted,
      { "createVolume", {}, job = { volume = { id = "v" } } }, { "deleteVolume", {}, {} },
    }
    local failure = fake.failure(function()
      local undo <close> = require "base.rollback"(cpi)
      undo.add("disk d", function() cpi.cloudstack:call("deleteVolume", { id = "v" }) end)
      cpi.cloudstack:job { "createVolume", {} }
      why = "SIGTERM arrived"
      cpi.cloudstack:job { "attachVolume", {} }
    end)
    assert.equal("interrupted: SIGTERM arrived", failure.message)
  end)
end)

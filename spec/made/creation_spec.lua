local creation = require "made.creation"
local errors = require "errors"
local failures = require "cloudstack.failures"
local fake = require "tests.support.fake"

local function passing(text)
  failures.raise(failures.new("createVolume", { kind = "job", text = text or "Unable to acquire lock on x", code = 530, sent = true }))
end

local function fails() passing() end

-- Creates with `outcomes`, one function for each try -> ok, result, what was undone, the cpi
local function create(outcomes, limit)
  local cpi <close> = fake.cpi {}
  local tries, undone = 0, {}
  local ok, result = pcall(creation, cpi, limit or 600, function(undo)
    tries = tries + 1
    local number = tries
    undo.add("try " .. number, function() undone[#undone + 1] = number end)
    return outcomes[number](undo)
  end)
  return ok, result, undone, cpi, tries
end

describe("creating", function()
  it("returns what was made, which is kept until BOSH has it", function()
    local ok, result, undone, cpi = create { function() return "cpi-disk-1" end }
    assert.same({ true, "cpi-disk-1", 0 }, { ok, result, #undone })
    assert.is_true(cpi.delivery.has_made())
  end)

  it("is tried again after what passes, once the failed one is undone", function()
    local ok, result, undone, cpi = create { fails, fails, function() return "cpi-disk-3" end }
    assert.same({ true, "cpi-disk-3" }, { ok, result })
    assert.same({ 1, 2 }, undone)
    assert.same({ 0.25, 0.5 }, cpi.clock.slept)
    assert.truthy(cpi.log.lines[1]:find("warn createVolume: Unable to acquire lock on x (530); trying again in 0.", 1, true))
  end)

  it("is not where another try does not help", function()
    local ok, result, undone, _, tries = create { function() passing "The disk offering must be customizable" end }
    assert.same({ false, 1, 1 }, { ok, #undone, tries })
    assert.truthy(result.message:find("must be customizable", 1, true))
    ok, result = create { function() error(errors.no_disk_space "full") end }
    assert.same({ false, "full" }, { ok, result.message })
  end)

  it("is not where something of the failed one was left behind", function()
    local ok, result, _, _, tries = create { function(undo)
      undo.add("a stubborn disk", function() error(errors.cloud "it stays") end)
      passing()
    end }
    assert.same({ false, 1 }, { ok, tries })
    assert.truthy(result.message:find("left behind: a stubborn disk (it stays)", 1, true), result.message)
  end)

  it("ends with its time", function()
    local outcomes = {}
    for i = 1, 50 do outcomes[i] = fails end
    local ok, _, _, cpi = create(outcomes, 10)
    assert.is_false(ok)
    assert.truthy(cpi.clock.now() <= 1010)
  end)

  it("does not hide a mistake of ours", function()
    local ok, result = create { function() error "a bug" end }
    assert.is_false(ok)
    assert.matches("a bug", result)
  end)
end)

-- When jobs are looked at: the rule of a tenth, and what knowing their length saves.

local durations = require "cloudstack.durations"
local fake = require "fake"
local memory_store = require "base.memory_store"

local ROUND_TRIP = 0.05

-- A job of that command and length -> how late its end was noticed, and the number of looks.
local function job(store, seconds, how)
  local now = { utc = 1000000 }
  local cpi <close> = fake.cpi {
    { "deployVirtualMachine", {}, job = not (how and how.fails) and {} or nil, job_fails = how and how.fails, lasts = seconds },
    round_trip = ROUND_TRIP,
  }
  cpi.cloudstack.parts.durations = store and durations { store = function() return store end, json = fake.json,
    now = function() return now.utc end, account = "a" } or nil
  local began = cpi.clock.now() + ROUND_TRIP
  local task = cpi.cloudstack:run { "deployVirtualMachine", {}, job = true, timeout = how and how.timeout }
  return cpi.clock.now() - ROUND_TRIP - began - seconds, #cpi.polls, task
end

local function allowed(seconds) return math.max(seconds * 0.1, ROUND_TRIP) + ROUND_TRIP end

describe("a job of known length", function()
  for _, seconds in ipairs { 0.35, 1.75, 8, 60, 600 } do
    it(("of %g s is looked at at most 8 times, and its end noticed as early as that of an unknown one"):format(seconds), function()
      local store = memory_store {}
      local _, first = job(store, seconds)
      for _ = 1, 3 do job(store, seconds) end
      for at = 1, 20 do
        local late, count = job(store, seconds * (0.95 + 0.005 * at)) -- none is quite like the one before
        assert.is_true(late <= allowed(seconds), ("%.2f s late"):format(late))
        assert.is_true(count <= 8, count .. " looks")
        if seconds >= 8 then assert.is_true(count * 3 <= first, ("%d looks, at first %d"):format(count, first)) end
      end
    end)
  end

  it("that becomes shorter is followed within few jobs", function()
    local store = memory_store {}
    for _ = 1, 8 do job(store, 8) end
    local late
    for _ = 1, 4 do late = job(store, 4) end
    assert.is_true(late <= allowed(4), ("%.2f s late"):format(late))
  end)

  it("and becomes longer is noticed by the rule of a tenth", function()
    local store = memory_store {}
    for _ = 1, 8 do job(store, 8) end
    local late = job(store, 30)
    assert.is_true(late <= allowed(30), ("%.2f s late"):format(late))
  end)

  it("that fails early is not waited for to its usual end", function()
    local store = memory_store {}
    for _ = 1, 8 do job(store, 60) end
    local late = job(store, 1, { fails = "no room" })
    assert.is_true(late < 4, ("%.2f s late"):format(late))
    late = job(store, 10, { fails = "no room" })
    assert.is_true(late < 8, ("%.2f s late"):format(late))
  end)

  it("is given up at its deadline, however long it usually takes", function()
    local store = memory_store {}
    for _ = 1, 8 do job(store, 600) end
    local late, _, task = job(store, 600, { timeout = 200 })
    assert.equal("late", task.failure.kind)
    assert.is_true(late <= -399, ("%.2f s"):format(late))
  end)
end)

describe("jobs of one wave", function()
  it("are looked at when the longest may be over", function()
    local store = memory_store {}
    store.put("durations", "a startVirtualMachine", '[{"at":999999,"from":7.9,"to":8.2}]')
    store.put("durations", "a createTags", '[{"at":999999,"from":0.1,"to":0.2}]')
    local cpi <close> = fake.cpi {
      { "startVirtualMachine", {}, job = {}, lasts = 8 }, { "createTags", {}, job = {}, lasts = 0.15 }, round_trip = ROUND_TRIP,
    }
    cpi.cloudstack.parts.durations = durations { store = function() return store end, json = fake.json,
      now = function() return 1000000 end, account = "a" }
    local tasks = cpi.cloudstack:run_all { { "startVirtualMachine", {}, job = true }, { "createTags", {}, job = true } }
    assert.is_true(tasks[1].over and tasks[2].over)
    assert.is_true(#cpi.polls <= 4, #cpi.polls .. " looks") -- both early, the start twice
  end)
end)

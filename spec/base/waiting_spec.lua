-- Waiting that a person can follow: what is said of it, on a terminal and elsewhere.

local waiting = require "base.waiting"

-- A clock that is turned by sleeping, and a log; is_terminal: does it have a status line?
local function stand(is_terminal)
  local seen = { at = 1000, slept = {}, lines = {}, statuses = {} }
  local clock = { now = function() return seen.at end }
  seen.clock = clock
  function clock.sleep(seconds)
    seen.slept[#seen.slept + 1], seen.at = seconds, seen.at + seconds
  end
  local log = { info = function(format, ...) seen.lines[#seen.lines + 1] = format:format(...) end }
  function log.status(text)
    if is_terminal and text then seen.statuses[#seen.statuses + 1] = text end
    return is_terminal
  end
  return waiting { clock = clock, log = log }, seen
end

local function words() return "creating VM cpivm-1" end

describe("waiting", function()
  it("takes as long as it is to take", function()
    for _, is_terminal in ipairs { true, false } do
      local wait, seen = stand(is_terminal)
      wait(100.5, words, 1000)
      assert.is_true(math.abs(seen.at - 1100.5) < 0.01)
    end
    local wait, seen = stand(false)
    wait(0, words, 1000)
    assert.same({}, seen.slept)
  end)

  it("writes a line every half a minute where there is no terminal", function()
    local wait, seen = stand(false)
    wait(95, words, 1000)
    assert.same({ "creating VM cpivm-1: 30 s", "creating VM cpivm-1: 60 s", "creating VM cpivm-1: 90 s" }, seen.lines)
    assert.is_true(#seen.slept <= 6)
  end)

  it("counts from the beginning of the whole wait", function()
    local wait, seen = stand(false)
    for _ = 1, 40 do wait(1, words, 1000) end
    assert.same({ "creating VM cpivm-1: 30 s" }, seen.lines)
  end)

  it("shows a status line on a terminal, from the first second on", function()
    local wait, seen = stand(true)
    wait(0.9, words, 1000)
    assert.same({}, seen.statuses)
    wait(3, words, 1000)
    assert.same({ "creating VM cpivm-1: 1 s", "creating VM cpivm-1: 2 s", "creating VM cpivm-1: 3 s" }, seen.statuses)
    wait(60, words, 1000)
    assert.same({}, seen.lines)
  end)

  it("is ended by the clock's error", function()
    local wait, seen = stand(false)
    seen.clock.sleep = function() error("interrupted", 0) end
    local ok, why = pcall(wait, 10, words, 1000)
    assert.same({ false, "interrupted", 1000 }, { ok, why, seen.at })
  end)
end)

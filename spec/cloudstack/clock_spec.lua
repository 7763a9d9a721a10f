-- Is this machine's clock ahead of CloudStack's? Told by what CloudStack takes for expired.

local clock = require "cloudstack.clock"
local fake = require "tests.support.fake"
local native = require "host_native"
local new_sim = require("sim").new

local capability = { capability = { cloudstackversion = "4.23" } }

local function with_answers(...)
  local script = {}
  for i, answer in ipairs { ... } do
    script[i] = answer == "come" and { "listCapabilities", {}, refuse = "unable to verify user credentials", code = 401 }
      or answer == "to come" and { "listCapabilities", {}, capability } or answer
  end
  return fake.cpi(script)
end

describe("CloudStack's clock", function()
  it("is this machine's where that is not ahead: one request that CloudStack refuses", function()
    local cpi <close> = with_answers "come"
    assert.equal(cpi.clock.utc(), clock.now(cpi))
    assert.equal(1, #cpi.sent)
  end)

  it("is taken for as early as it may be, where this machine's is ahead", function()
    local answers = { "to come", "to come", "to come" } -- a second, then 2 and 4
    for i = 4, 31 do answers[i] = "come" end
    local cpi <close> = with_answers(table.unpack(answers))
    assert.equal(cpi.clock.utc() - 8, clock.now(cpi))
    assert.truthy(cpi.log.lines[#cpi.log.lines]:find("ahead of CloudStack's, by up to 8 s", 1, true))
  end)

  it("is not guessed from a failure that says nothing of time", function()
    local cpi <close> = with_answers { "listCapabilities", {}, refuse = "no", code = 530 }
    assert.truthy(fake.failure(clock.now, cpi).message:find("listCapabilities: no (530)", 1, true))
  end)

  it("is not guessed from a server that looks at no date", function()
    local answers = {}
    for i = 1, 31 do answers[i] = "to come" end
    local cpi <close> = with_answers(table.unpack(answers))
    assert.truthy(fake.failure(clock.now, cpi).message:find("accepts expired requests", 1, true))
  end)

  it("is what the simulator has, however much this machine's is ahead", function()
    local sim = new_sim { host = native }
    for _, ahead in ipairs { -700, -1, 0, 1, 2, 3, 100, 7200, 40000000 } do
      local cpi <close> = fake.cpi {}
      cpi.cloudstack.parts.send = function(requests) return sim.send(requests) end
      cpi.clock.utc = function() return sim.clock.utc() + ahead end
      local now = clock.now(cpi)
      assert.is_true(now <= sim.clock.utc() + 1, "not later")
      assert.is_true(now >= sim.clock.utc() + math.min(ahead, 0) - math.max(ahead, 0) - 1, "no earlier than need be")
    end
  end)
end)

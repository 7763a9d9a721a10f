local fake = require "tests.support.fake"

local LOST = { fault = "closed", sent = true }

-- A step of the script: the command, its parameters, and how it is answered.
local function step(command, params, how)
  local one = { command, params }
  for key, value in pairs(how) do one[key] = value end
  return one
end

describe("a wave", function()
  it("sends only what failed once more", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", {}, fault = "closed", sent = true }, { "listZones", {}, { zone = {} } }, { "listVolumes", {}, {} },
    }
    cpi.cloudstack:gather { a = { "listVolumes", {}, rows = "volume" }, b = { "listZones", {}, rows = "zone" } }
    assert.same({ "listVolumes listZones", "listVolumes" }, cpi.waves)
  end)
end)

describe("an interruption", function()
  local function interrupted() return "it is over" end

  it("ends a verb before its next step, and lets a look go on", function()
    local cpi <close> = fake.cpi { { "listZones", {}, {} }, interrupted = interrupted }
    cpi.cloudstack:call("listZones", {})
    assert.truthy(fake.failure(cpi.cloudstack.call, cpi.cloudstack, "deleteVolume", { id = "v" }).message:find("it is over", 1, true))
  end)

  it("lets the step that is under way come to its end", function()
    local over = false
    local cpi <close> = fake.cpi { { "createVolume", {}, job = {} }, { "createTags", {}, job = {} },
      interrupted = function() return over and "it is over" or nil end }
    local tasks = cpi.cloudstack:start { { "createVolume", {}, job = true } }
    over = true
    cpi.cloudstack:run { "createTags", {}, job = true }
    assert.is_nil(cpi.cloudstack:wait(tasks)[1].failure)
  end)
end)

describe("the round trip of a client", function()
  it("is that of questions: a command that acts takes longer, and no look waits for that", function()
    local cpi <close> = fake.cpi {
      { "listZones", {}, {} }, { "deployVirtualMachine", {}, {} }, { "listZones", {}, {} }, { "deleteVolume", {}, {} }, round_trip = 0.2,
    }
    local client, seen = cpi.cloudstack, {}
    assert.equal(0, client.round_trip)
    client:call("listZones", {})
    seen[1] = client.round_trip
    client.round_trip = 0.05
    client:call("deployVirtualMachine", {})
    seen[2] = client.round_trip
    client:wave { { "listZones", {} }, { "deleteVolume", {} } }
    seen[3] = client.round_trip
    assert.same({ 0.2, 0.05, 0.2 }, seen)
  end)
end)

describe("the retry policy", function()
  -- What it is told, in order, while `script` is played.
  local function told(script, ask)
    local facts = {}
    script.policies = { retry = function(one)
      facts[#facts + 1] = one
      return #facts < 3 and { after = 2 } or nil
    end }
    local cpi <close> = fake.cpi(script)
    pcall(ask, cpi.cloudstack)
    return facts, cpi
  end

  it("is told command, kind, attempt and elapsed time", function()
    local facts, cpi = told({
      { "listZones", {}, raw = "<html>", status = 503 }, { "listZones", {}, fault = "timeout", sent = true },
      { "listZones", {}, {} },
    }, function(client) client:rows { "listZones", {}, rows = "zone" } end)
    assert.equal(2, #facts)
    local first, second = table.unpack(facts)
    assert.same({ "listZones", true, "garbled", 503, 1, 0.0 },
      { first.command, first.reading, first.kind, first.status, first.attempt, first.elapsed })
    assert.same({ "transport", "timeout", 2, 2.0 }, { second.kind, second.fault, second.attempt, second.elapsed })
    assert.same({ 2, 2 }, cpi.clock.slept)
  end)

  it("is told what CloudStack asked for", function()
    local facts = told({ { "createNetwork", {}, refuse = "please retry after [1500] ms", code = 429 }, { "createNetwork", {} } },
      function(client) client:call("createNetwork", {}) end)
    assert.same({ 1.5, 429, "busy", false }, { facts[1].wanted, facts[1].code, facts[1].kind, facts[1].reading })
  end)

  it("ends the tries when it answers nil", function()
    local facts = told({
      { "listZones", {}, fault = "closed" }, { "listZones", {}, fault = "closed" }, { "listZones", {}, fault = "closed" },
    }, function(client) client:rows { "listZones", {}, rows = "zone" } end)
    assert.equal(3, #facts)
  end)

  it("is not asked for what CloudStack refused", function()
    assert.same({}, (told({ { "listZones", {}, refuse = "no", code = 530 } }, function(client) client:call("listZones", {}) end)))
  end)

  it("is not asked for a mutating command that may have arrived", function()
    assert.same({}, (told({ step("createNetwork", {}, LOST) }, function(client) client:call("createNetwork", {}) end)))
    assert.same({}, (told({ { "createNetwork", {}, raw = "<html>", status = 502 } },
      function(client) client:call("createNetwork", {}) end)))
  end)

  it("has no say any more after an hour", function()
    local script = { policies = { retry = function() return 1e9 end } }
    for i = 1, 7 do script[i] = { "listZones", {}, fault = "closed", sent = true } end
    local cpi <close> = fake.cpi(script)
    local payload, failure = cpi.cloudstack:try("listZones", {})
    assert.is_nil(payload)
    assert.equal("transport", failure.kind)
  end)

  it("of ours does not wait for what was said on purpose, and a site's may", function()
    do
      local cpi <close> = fake.cpi { { "listZones", {}, raw = "<html>moved</html>", status = 302 } }
      local _, failure = cpi.cloudstack:try("listZones", {})
      assert.equal("elsewhere", failure.kind)
    end
    local patient <close> = fake.cpi {
      { "listZones", {}, raw = "<html>away for a minute</html>" }, { "listZones", {}, { count = 0 } },
      policies = { retry = function(facts) return facts.kind == "elsewhere" and 60 or nil end },
    }
    assert.truthy(patient.cloudstack:try("listZones", {}))
  end)

  it("is asked for a mutating command that never left", function()
    local facts = told({ { "createNetwork", {}, fault = "connect" }, { "createNetwork", {} } },
      function(client) client:call("createNetwork", {}) end)
    assert.equal(1, #facts)
  end)

  it("is asked for a lost command that does no harm twice", function()
    local facts = told({ step("deleteVolume", {}, LOST), { "deleteVolume", {} } },
      function(client) client:call("deleteVolume", { id = "v" }, { idempotent = true }) end)
    assert.equal(1, #facts)
  end)
end)

describe("an answer of 429", function()
  it("makes every process wait, and nothing else does", function()
    local cpi <close> = fake.cpi {
      { "listZones", {}, refuse = "please retry after [340] ms.", code = 429 }, { "listZones", {}, refuse = "no", code = 431 },
    }
    local held = {}
    cpi.cloudstack.parts.hold = function(seconds) held[#held + 1] = seconds end
    cpi.cloudstack:try "listZones"
    assert.same({ 0.34 }, held)
  end)
end)

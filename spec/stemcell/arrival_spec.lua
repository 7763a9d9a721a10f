local arrival = require "stemcell.arrival"
local fake = require "tests.support.fake"

local z1, z2 = { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" }

local function look(...) return { "listTemplates", { id = "t", templatefilter = "self" }, { template = { ... } } } end
local function row(zone, is_ready, status) return { id = "t", zoneid = zone.id, isready = is_ready, status = status } end

-- -> ok, the result or failure, cpi
local function wait(script, zones, is_abandoned)
  script.settings = { cloudstack = { timeout = { poll_template = 10 } } }
  local cpi <close> = fake.cpi(script)
  local ok, result = pcall(arrival.wait, cpi, "cpitemplate-1", "t", zones, is_abandoned)
  return ok, result, cpi
end

describe("a template's state", function()
  for _, status in ipairs { "Download Error", "ABANDONED", "Failed to upload", "not a valid QCOW2" } do
    it("is the end where it is: " .. status, function() assert.truthy(arrival.has_failed(status)) end)
  end

  it("is not the end otherwise", function()
    assert.is_falsy(arrival.has_failed "10% Downloaded")
    assert.is_falsy(arrival.has_failed(nil))
  end)
end)

describe("the pause until the next look", function()
  it("is a tenth of the age, from 0.1 to 15 seconds", function()
    assert.same({ 0.1, 0.1, 2, 15, 15 }, { arrival.pause(0), arrival.pause(1), arrival.pause(20), arrival.pause(150), arrival.pause(9000) })
  end)

  it("is not less than what is asked for", function()
    assert.equal(5, arrival.pause(1, 5))
    assert.equal(6, arrival.pause(60, 5))
  end)
end)

describe("waiting for a template", function()
  it("ends when it is ready in all zones", function()
    local ok, result, cpi = wait({ look(row(z1, true), row(z2, false, "50% Downloaded")), look(row(z1, true), row(z2, true)) }, { z1, z2 })
    assert.same({ true, true }, { ok, result })
    assert.is_nil(cpi.sent[1][2].zoneid)
  end)

  it("looks at the zone alone where there is one", function()
    local ok, _, cpi = wait({ look(row(z1, true)) }, { z1 })
    assert.is_true(ok)
    assert.equal("z1", cpi.sent[1][2].zoneid)
  end)

  it("fails at once, with the zone and CloudStack's words, when it failed in one", function()
    local ok, failure = wait({ look(row(z1, true), row(z2, false, "Download Error: 404")) }, { z1, z2 })
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("the template of stemcell cpitemplate-1 failed in zone 'zone2': Download Error: 404", failure.message)
  end)

  it("fails when the time is over, with the last state", function()
    local script = {}
    local age, looks = 0, 1
    repeat
      age, looks = age + arrival.pause(age), looks + 1
    until age >= 10
    for i = 1, looks do script[i] = look(row(z1, false, "7% Downloaded")) end
    local ok, failure = wait(script, { z1 })
    assert.is_false(ok)
    assert.equal("the template of stemcell cpitemplate-1 is not ready in zone 'zone1' after 10 s; its last state: 7% Downloaded",
      failure.message)
  end)

  it("says that CloudStack does not know it", function()
    local cpi <close> = fake.cpi { look(), look(), settings = { cloudstack = { timeout = { poll_template = 1 } } } }
    cpi.clock.sleep = function() cpi.clock.advance(2) end
    local failure = fake.failure(arrival.wait, cpi, "c", "t", { z1 })
    local words = "not ready in zone 'zone1' after 1 s; its last state: unknown to CloudStack"
    assert.truthy(failure.message:find(words, 1, true), failure.message)
  end)

  it("for others ends when it is gone, or nothing will come of it", function()
    local ok, result = wait({ look() }, { z1 }, function() return false end)
    assert.same({ true, false }, { ok, result })
    local seen
    ok, result = wait({ look(row(z1, false, "Download Error")) }, { z1 }, function(one)
      seen = one.status
      return true
    end)
    assert.same({ true, false, "Download Error" }, { ok, result, seen })
  end)
end)

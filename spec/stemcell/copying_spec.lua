local copying = require "stemcell.copying"
local fake = require "tests.support.fake"
local rollback = require "base.rollback"

local z1, z2, z3 = { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" }, { id = "z3", name = "zone3" }
local function row(zone, is_ready)
  return { id = "t", name = "cpitemplate-1", zoneid = zone.id, zonename = zone.name, isready = is_ready }
end
local function copy(zone, more)
  local step = { "copyTemplate", { id = "t", sourcezoneid = "z1", destzoneid = zone.id } }
  for key, value in pairs(more or { job = {} }) do step[key] = value end
  return step
end

-- copying.begin in a verb's shape; undone where it fails. -> ok, source or failure, the zones, cpi
local function begin(script, zones, rows, from, name)
  local cpi <close> = fake.cpi(script)
  local ok, source, missing = pcall(function()
    local undo <close> = rollback(cpi)
    return copying[name or "begin"](cpi, { cid = "cpitemplate-1", zones = zones, from = from }, rows, undo)
  end)
  return ok, source, missing, cpi
end

describe("copying a template", function()
  it("sends one copy for each zone that lacks it, together", function()
    local ok, source, missing, cpi = begin({ copy(z2), copy(z3) }, { z1, z2, z3 }, { row(z1, true) })
    assert.is_true(ok, tostring(source))
    assert.equal("z1", source.zoneid)
    assert.same({ z2, z3 }, missing)
    assert.same({ "copyTemplate copyTemplate" }, cpi.waves)
  end)

  it("sends nothing where no zone lacks it", function()
    local ok, source, missing = begin({}, { z1 }, { row(z1, false) })
    assert.same({ true, false, {} }, { ok, source, missing })
  end)

  it("copies from the zone that is asked for, by name or id, and from a ready one else", function()
    local rows = { row(z3, false), row(z2, true), row(z1, true) }
    local zone9 = { id = "z9", name = "zone9" }
    assert.equal("z2", select(2, begin({ { "copyTemplate", { sourcezoneid = "z2" }, job = {} } }, { zone9 }, rows)).zoneid)
    for _, from in ipairs { "z1", "zone1" } do
      assert.equal("z1", select(2, begin({ copy(zone9) }, { zone9 }, rows, from)).zoneid)
    end
  end)

  it("fails where it is ready in none, or not in the one that is asked for", function()
    local ok, failure = begin({}, { z2 }, { row(z1, false) })
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("the template of stemcell cpitemplate-1 is not ready in any zone: nothing can be copied", failure.message)
    ok, failure = begin({}, { z2 }, { row(z1, true), row(z3, false) }, "zone3")
    assert.is_false(ok)
    assert.equal("the template of stemcell cpitemplate-1 is not ready in zone 'zone3': nothing can be copied", failure.message)
  end)

  it("takes back all copies where one fails", function()
    local function back(zone, more)
      local step = { "deleteTemplate", { id = "t", zoneid = zone.id } }
      for key, value in pairs(more or { job = {} }) do step[key] = value end
      return step
    end
    local ok, failure = begin({ copy(z2), copy(z3, { job_fails = "no room there" }),
      back(z3, { job_fails = "Unable to find template" }), back(z2) }, { z2, z3 }, { row(z1, true) })
    assert.is_false(ok)
    assert.truthy(failure.message:find("copying template cpitemplate-1 to zone 'zone3'", 1, true), failure.message)
    assert.truthy(failure.message:find("no room there", 1, true), failure.message)
    assert.is_nil(failure.message:find("left behind", 1, true), failure.message)
    ok, failure = begin({ copy(z2, { job_fails = "no room there" }), back(z2, { job_fails = "it is locked" }) }, { z2 }, { row(z1, true) })
    assert.is_false(ok)
    assert.truthy(failure.message:find("copy of cpitemplate-1 in zone 'zone2'", 1, true), failure.message)
    assert.truthy(failure.message:find("it is locked", 1, true), failure.message)
  end)

  it("to the end waits until it is ready there", function()
    local look = { "listTemplates", { id = "t", zoneid = "z2" }, { template = { row(z2, true) } } }
    assert.is_true((begin({ copy(z2), look }, { z1, z2 }, { row(z1, true) }, nil, "spread")))
    assert.is_true((begin({}, { z1 }, { row(z1, true) }, nil, "spread")))
  end)

  local SHORT = { cloudstack = { timeout = { poll_template = 30, global = 30 } } }

  it("that is under way when the time is over is a warning", function()
    local ok, _, _, cpi = begin({ copy(z2, { job = {}, lasts = 100 }), settings = SHORT }, { z2 }, { row(z1, true) }, nil, "spread")
    assert.is_true(ok)
    assert.truthy(table.concat(cpi.log.lines, "\n"):find(
      "is not ready in zone 'zone2' after 30 s; its last state: being copied; going on", 1, true))
  end)

  -- It may never have begun: nothing is there that a VM could wait for.
  it("of which CloudStack does not say that it is under way has failed when the time is over", function()
    local silent = {}
    for i = 1, 100 do silent[i] = { fault = "closed", sent = true } end
    local ok, failure = begin({ copy(z2, { fault = "closed", sent = true, unknown = true, poll_faults = silent }),
      { "deleteTemplate", { id = "t", zoneid = "z2" }, job = {} }, settings = SHORT }, { z2 }, { row(z1, true) }, nil, "spread")
    assert.is_false(ok)
    assert.matches("^copying template cpitemplate%-1 to zone 'zone2': copyTemplate: job %x[%x-]+ has not ended after 3%d s; "
      .. "the last look: the line is dead$", failure.message)
  end)
end)

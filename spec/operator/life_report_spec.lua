local native = require "host_native"
local life_report = require "operator.life_report"
local new_paper = require "operator.paper"
local operator = require "tests.support.operator"

local function step(more)
  local one = { name = "disk", verb = "create_disk", outcome = "done", seconds = 1.25, job_seconds = 1, requests = 3, result = "cid" }
  for name, value in pairs(more or {}) do one[name] = value end
  return one
end

local function steps()
  return { step(), step { outcome = "failed", failure = { type = "T", message = "no" }, result = nil },
    step { outcome = "skipped", seconds = 0, job_seconds = 0, requests = 0, result = "there is no vm" } }
end

describe("the report of a life", function()
  it("has a line for each step", function()
    local host = operator.host()
    for _, one in ipairs(steps()) do life_report.line(new_paper(host), one) end
    life_report.line(new_paper(host), step { outcome = "not_supported", failure = { message = "never" } })
    local out = table.concat(host.out)
    assert.truthy(out:find("ok       disk                    create_disk            1.2 s     1.0 s  cid\n", 1, true), out)
    assert.truthy(out:find("FAILED   disk ", 1, true), out)
    assert.truthy(out:find("skipped  disk                    there is no vm\n", 1, true), out)
    assert.truthy(out:find("never\n         BOSH goes another way", 1, true), out)
  end)

  it("sums up", function()
    assert.same({ done = 1, failed = 1, not_supported = 0, skipped = 1, seconds = 2.5, job_seconds = 2, requests = 6 },
      life_report.sum(steps()))
  end)

  it("is an object for programs", function()
    local object = native.json.decode(native.json.encode(life_report.object(native.json,
      { director = "d", steps = steps(), preflight = {}, left = {}, left_unknown = "why" })))
    assert.same({ step = "disk", verb = "create_disk", outcome = "failed", seconds = 1.25, job_seconds = 1, requests = 3, result = "cid",
      error = { type = "T", message = "no" } }, object.steps[2])
    assert.same({ "d", "why", 1, 1, 2.5, 2, 6 }, { object.director, object.left_unknown, object.failed, object.skipped, object.seconds,
      object.job_seconds, object.requests })
    assert.same({ {}, {} }, { object.left, object.preflight })
  end)

  it("is JUnit's XML, with problems and what is left as failures", function()
    local text = life_report.junit { steps = steps(), left = { { kind = "vm", cid = "c<1>", why = "it\1stays" } }, left_unknown = "x",
      preflight = { { level = "good", subject = "a", text = "b" }, { level = "problem", subject = "s", text = "t", remedy = "r" } } }
    assert.truthy(text:find('tests="6" failures="4" errors="0" skipped="1" time="2.500">', 1, true), text)
    assert.truthy(text:find('name="preflight: s" time="0.000"><failure type="problem" message="t; r"/></testcase>', 1, true), text)
    assert.truthy(text:find('name="left behind: vm c&lt;1&gt;" time="0.000"><failure type="left" message="it?stays"/>', 1, true), text)
    assert.truthy(text:find('<skipped message="there is no vm"/>', 1, true), text)
  end)
end)

-- cpi metrics: what it prints, and what it writes.

local metrics = require "setup.metrics"
local native = require "host_native"
local operator = require "tests.support.operator"
local tally = require "cloudstack.tally"
local trial = require "operator.trial"

-- A trial whose store has counted a request.
local function counted()
  local t = trial.new { host = native, store = true }
  local one = tally()
  one:sent({ { command = "startVirtualMachine" } }, { { seconds = 0.1 } })
  one:sent({ { command = "listZones" } }, { { seconds = 0.05 } })
  one:waited_for("startVirtualMachine", 1.7, 1.7)
  assert(metrics.record(t.host.store, native.json, 1000000, "create_vm", 2.5, nil, one))
  return t
end

describe("cpi metrics", function()
  it("prints verbs and commands", function()
    local code, out = operator.on(counted(), "metrics", {})
    assert.equal(0, code)
    assert.matches("create_vm +1 +2%.5 s +<= 3 s +<= 3 s +%-\n", out)
    assert.matches("startVirtualMachine +1 +100 ms +1%.7 s\n", out)
    assert.matches("listZones +1 +50 ms +%-\n", out) -- no job
  end)

  it("prints them for programs, in both forms", function()
    local t = counted()
    local code, out = operator.on(t, "metrics", { "--output", "json" })
    assert.equal(0, code)
    assert.equal(1, native.json.decode(out).verbs.create_vm.count)
    code, out = operator.on(t, "metrics", { "--prometheus" })
    assert.equal(0, code)
    assert.truthy(out:find('cloudstack_cpi_requests_total{verb="create_vm",outcome="ok"} 1\n', 1, true))
  end)

  it("writes the text file", function()
    local path = operator.directory() .. "/cpi.prom"
    local code, out = operator.on(counted(), "metrics", { "--textfile", path }, { files = native.files })
    assert.same({ 0, "" }, { code, out })
    assert.truthy(native.files.read(path):find("cloudstack_cpi_request_seconds_count", 1, true))
    local why
    code, out, why = operator.on(counted(), "metrics", { "--textfile", "/no/such/file" }, { files = native.files })
    assert.same({ 2, "" }, { code, out })
    assert.truthy(why:find("--textfile: ", 1, true), why)
  end)

  it("says that there are none", function()
    local code, out, why = operator.on(trial.new { host = native, store = true }, "metrics", {})
    assert.same({ 0, "no request has been counted yet\n", "" }, { code, out, why })
    code, out, why = operator.on(trial.new { host = native }, "metrics", {})
    assert.same({ 2, "" }, { code, out })
    assert.truthy(why:find("store.path is not configured: there are no metrics", 1, true))
  end)
end)

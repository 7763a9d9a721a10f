local operator = require "tests.support.operator"
local test_recording = require "operator.test_recording"

local function record(more)
  local one = { id = "cpi-1.1", at = 5, verb = "create_vm", decision = "failed_vm", answer = "destroy",
    facts = { vm = { id = "v", name = "n \"\n\\", state = "Error" }, error = { text = "x", kind = "job" }, attempt = 1 } }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

-- How a file of these records does.
local function run(records, policies)
  local files = policies or {}
  files["made_test.lua"] = test_recording.text(records)
  return operator.run("policy", { "test", operator.directory(files) })
end

describe("a file of tests from logged decisions", function()
  local offering = { id = "o", name = "small", cpunumber = 1, memory = 512, serviceofferingdetails = { ["and"] = "x", ["a-b"] = "c" } }
  local records = {
    record(), record { id = "cpi-2.1", answer = { { id = "o", name = "small" } }, decision = "service_offering",
      facts = { cpu = 1, ram = 512, refused = {}, zone = { id = "z", name = "z" }, offerings = { offering } } },
    record { id = "cpi-3.1", decision = "service_offering", answer = false, refusal = "no service offering has 9 CPUs and 512 MB",
      facts = { cpu = 9, ram = 512, refused = {}, zone = { id = "z", name = "z" }, offerings = { offering } } },
    record { id = "cpi-4.1", answer = "as ordered", decision = "vm", facts = { stemcell_cid = "s",
      cloud_properties = { cpu = 1 }, networks = {}, disks = {} } },
  }

  it("passes with the policies that decided", function()
    local code, out = run(records)
    assert.equal(0, code, out)
    assert.truthy(out:find("4 passed, 0 failed", 1, true), out)
  end)

  it("fails with others", function()
    local code, out = run(records, { ["failed_vm.lua"] = "return { api = 1, decide = function() return 'keep' end }" })
    assert.equal(1, code)
    assert.truthy(out:find("3 passed, 1 failed", 1, true), out)
    assert.truthy(out:find('wanted "destroy", got "keep"', 1, true), out)
  end)

  it("has one of each kind, the latest, and none of errors and retries", function()
    local ids = {}
    local web = { deployment = "cf", instance_group = "web" }
    for i, one in ipairs(test_recording.choice {
      record { id = "1" }, record { id = "2" }, record { id = "3", answer = "keep" }, record { id = "4", failure = "x" },
      record { id = "5", decision = "retry" }, record { id = "6", facts = web },
      record { id = "7", decision = "names", answer = { display_name = "a" } },
      record { id = "8", decision = "names", answer = { display_name = "b" } },
    }) do ids[i] = one.id end
    assert.equal("2 3 6 8", table.concat(ids, " "))
    local many = {}
    for i = 1, 200 do many[i] = record { id = tostring(i), facts = { group = "g" .. i } } end
    assert.equal(50, #test_recording.choice(many))
  end)
end)

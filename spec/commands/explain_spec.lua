local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

-- (what is explained, event by event: spec/operator/explanation_spec.lua)

local json = native.json
local trial

before_each(function() trial = new_trial { host = native } end)

local function explain(arguments, ...)
  local vowed
  local given = trial.request(...)
  given.context.vm = trial.stemcell -- what the director says of the VM's stemcell
  local code, out, err = operator.on(trial, "explain", arguments, {
    read_only = function() vowed = true end, request = function() return given end,
  })
  return code, out, err, vowed
end

local function create_vm()
  return "create_vm", "agent-1", trial.sim.state().templates[1].name, { cpu = 2, ram = 4096, disk = 10240 },
    { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, {}, { bosh = { group = "web", password = "env-word" } }
end

local function holds(out, ...)
  for _, words in ipairs { ... } do assert.truthy(out:find(words, 1, true), words .. "\n" .. out) end
end

describe("cpi explain", function()
  it("tells look-ups, decisions with their candidates, and calls, in a host that only reads", function()
    local code, out, err, vowed = explain({ "--verbose" }, create_vm())
    assert.same({ 0, "", true }, { code, err, vowed })
    holds(out, "create_vm, reads only: nothing is changed\n", "asks, at once\n", "\n  listZones\n    1: zone1\n",
      "decides service_offering by lua/policies/service_offering.lua\n  from\n", "\n    cpu = 2\n", "\n  candidates\n",
      "- shared.small             has 1 of 2 CPUs", "    1 shared.medium            chosen", "would send\n  deployVirtualMachine\n",
      "would succeed, if CloudStack does as it is asked\n", "and if deployVirtualMachine failed\n", "decides failed_vm by ",
      "answer = destroy\n", "would fail\n")
    assert.is_nil(out:find("pagesize", 1, true))
    assert.same({}, trial.left())
  end)

  it("gives a plan first: names in place of ids, sizes, addresses, and what comes when there is no room", function()
    local code, out, err, vowed = explain({}, create_vm())
    assert.same({ 0, "", true }, { code, err, vowed })
    holds(out, "\n  service_offering: shared.medium, then shared.large", "\n  disk_offering: shared.custom\n",
      " network=bosh-net ", " serviceoffering=shared.medium size=10 template=ubuntu-builtin zone=zone1\n",
      "would succeed, if CloudStack does as it is asked\n", "if deployVirtualMachine failed\n",
      "\n  and the request would fail: creating VM ")
    assert.matches("\n  startVirtualMachine id=cpivm%-%S+\n", out)
    assert.matches("\n  createTags resource=cpivm%-%S+ tags bosh_agent_id ", out)
    local lines = select(2, out:gsub("\n", ""))
    assert.is_true(lines <= 14, out)
    assert.is_nil(out:find("customjobid", 1, true))
    assert.same({}, trial.left())
  end)

  it("takes a verb and its arguments, as call does", function()
    local code, out = explain({ "has_vm", "cpivm-1" }, "info")
    assert.same({ 0, "has_vm, reads only: nothing is changed\nwould succeed\n  result = false\n" }, { code, out })
    code, out = explain({ "create_disk", "2000", "{}", "" }, "info")
    assert.equal(0, code)
    holds(out, " size=2 ", "createVolume ")
  end)

  it("shows which policies of the site decide", function()
    local directory = operator.directory {
      ["names.lua"] = "return { api = 1, decide = function(facts, default) return default(facts) end }" }
    trial = new_trial { host = native, policies = directory }
    local _, out = explain({}, create_vm())
    holds(out, "\n  names by " .. directory .. "/names.lua\n")
  end)

  it("says what comes where the deploy fails", function()
    local _, out = explain({}, create_vm())
    assert.matches("\nif deployVirtualMachine failed\n  %S+.*\n  and the request would fail: ", out)
    assert.matches("\nif deployVirtualMachine failed\n  [%l]+%u%S* ", out)
  end)

  it("shows no user data, in no form", function()
    local _, out = explain({ "-v" }, create_vm())
    assert.matches("\n    userdata = \"%(%d+ bytes, not shown%)\"\n", out)
    assert.is_nil(out:find("env-word", 1, true))
    _, out = explain({ "--output", "json" }, create_vm())
    assert.matches("%(%d+ bytes, not shown%)", out)
    assert.is_nil(out:find("env-word", 1, true))
  end)

  it("says the same as JSON", function()
    local code, out = explain({ "--output", "json" }, create_vm())
    local told = json.decode(out)
    assert.equal(0, code)
    assert.is_false(told.certain)
    assert.equal("ask", told.events[1].kind)
    assert.equal("deployVirtualMachine", told.otherwise.command)
    assert.is_nil(told.failure)
    assert.truthy(told.result)
  end)

  it("tells an answer that is certain", function()
    local code, out = explain({ "-v" }, "has_vm", "cpivm-1")
    assert.equal(0, code)
    holds(out, "asks\n  listVirtualMachines details=min name=cpivm-1\n", "would succeed\n  result = false\n")
  end)

  it("tells of the registry what would be written, and not the settings", function()
    trial = new_trial { host = native, settings = { store = { path = "memory" },
      registry = { host = "10.0.0.1", username = "u", password = "word-of-the-registry" } } }
    trial.stemcell = { stemcell = { api_version = 1 } }
    local _, out = explain({ "-v" }, create_vm())
    assert.matches("registry\n  VM cpivm%-%S+: would write its settings %(%d+ bytes, not shown%)\n", out)
    assert.is_nil(out:find("word-of-the-registry", 1, true))
  end)

  it("ends with 1 where the request would fail for certain, and says why, to programs too", function()
    local code, out = explain({}, "set_vm_metadata", "cpivm-1", {})
    assert.equal(1, code)
    holds(out, "would fail\n  Bosh::Clouds::VMNotFound: ")
    code, out = explain({ "--output", "json" }, "set_vm_metadata", "cpivm-1", {})
    assert.equal(1, code)
    local told = json.decode(out)
    assert.is_true(told.certain)
    assert.equal("Bosh::Clouds::VMNotFound", told.failure.type)
    assert.truthy(told.failure.message:find("cpivm-1", 1, true))
  end)

  it("tells a policy that is broken where it is asked", function()
    local directory = operator.directory { ["service_offering.lua"] = "return { api = 1, decide = function() error 'mine' end }" }
    trial = new_trial { host = native, policies = directory }
    local code, out = explain({ "-v" }, create_vm())
    assert.equal(1, code)
    holds(out, "decides service_offering by " .. directory .. "/service_offering.lua", "mine", "would fail\n")
  end)

  it("ends with 2 for words, and for a configuration that is wrong", function()
    local code, _, err = explain({ "x" }, "info")
    assert.equal(2, code)
    assert.truthy(err:find("no verb is called 'x'", 1, true), err)
    code, _, err = explain({ "has_vm", "x", "--request", "f" }, "info")
    assert.equal(2, code)
    assert.truthy(err:find("a verb, or a request", 1, true), err)
    trial = new_trial { host = native, settings = { cloudstack = { endpoint = "ftp://x" } } }
    code, _, err = explain({}, "has_vm", "cpivm-1")
    assert.equal(2, code)
    assert.truthy(err:find("cloudstack.endpoint", 1, true), err)
  end)

  it("says on a terminal where it reads from, unless a file is named", function()
    local console = { tty = true, clean = native.console.clean, write = function() return true end }
    local said = {}
    function console.error(text) said[#said + 1] = text end
    local given = trial.request("has_vm", "x")
    local more = { console = console, request = function() return given end }
    operator.on(trial, "explain", {}, more)
    assert.same({ "the request is read from standard input; --request FILE names a file\n" }, said)
    operator.on(trial, "explain", { "--request", "f" }, more)
    assert.equal(1, #said)
  end)
end)

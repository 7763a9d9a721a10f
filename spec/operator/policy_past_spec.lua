local native = require "host_native"
local operator = require "tests.support.operator"
local new_trial = require("operator.trial").new

local json = native.json
local BOSH = { group = "bosh-cf-web", groups = { "bosh", "cf", "web", "bosh-cf", "cf-web", "bosh-cf-web" } }

-- A log of a VM's life, its path, and the trial.
local function logged(policies)
  local directory = operator.directory(policies)
  local t = new_trial { host = native, policies = directory, settings = { policies = { log = directory .. "/log", log_days = 36500 } } }
  local cid = t.cid { cloud_properties = { cpu = 1, ram = 512 }, env = { bosh = BOSH } }
  t.call("create_disk", 1024, {}, cid)
  t.call("delete_vm", cid)
  return directory .. "/log", t, directory
end

local LARGER = { ["service_offering.lua"] = [[return { api = 1, decide = function(facts, default)
  local list = default(facts)
  return list[#list], "the largest"
end }]] }
local NO_WEB = { ["vm.lua"] = [[return { api = 1, decide = function(facts)
  if facts.instance_group == "web" then return nil, "no web" end
  return facts
end }]] }

local function run(arguments, more) return operator.run("policy", arguments, more) end

describe("policy diff", function()
  it("says what other policies change of the past, and ends with 1", function()
    local log = logged()
    local code, out = run { "diff", operator.directory(LARGER), "--log", log }
    assert.equal(1, code)
    assert.equal("service_offering: 1 of 1\n       1  shared.small, shared.medium, shared.large -> shared.large\n"
      .. "          cpi-1.3 (cf/web)\n9 decisions, 1 would be others\n", out)
  end)

  it("ends with 0 where nothing changes", function()
    local log = logged()
    local code, out = run { "diff", operator.directory(), "--log", log }
    assert.same({ 0, "9 decisions, 0 would be others\n" }, { code, out })
  end)

  it("compares two directories, whatever was decided then", function()
    local log = logged(LARGER)
    local one, two = operator.directory(NO_WEB), operator.directory()
    local _, out = run { "diff", one, two, "--log", log }
    assert.truthy(out:find("vm: 1 of 1\n       1  an answer -> refused: no web", 1, true), out)
    assert.is_nil(out:find("service_offering", 1, true))
    assert.equal(0, (run { "diff", one, one, "--log", log }))
  end)

  it("says the same as JSON", function()
    local log = logged()
    local _, out = run { "diff", operator.directory(NO_WEB), "--log", log, "--output", "json" }
    local sum = json.decode(out)
    assert.same({ 9, 1, 0 }, { sum.total, sum.changed, sum.skipped })
    assert.equal("an answer -> refused: no web", sum.decisions[1].groups[1].change)
    assert.same({ id = "cpi-1.1", whose = "cf/web" }, sum.decisions[1].groups[1].examples[1])
  end)

  it("says what a policy needs and the log has not, and which lines it does not understand", function()
    local log = logged()
    io.open(log, "a"):write("5 {}\n"):close()
    local text = 'return { api = 1, needs = { "counts" }, decide = function(facts) return facts end }'
    local needing = operator.directory { ["vm.lua"] = text }
    local code, out = run { "diff", needing, "--log", log }
    assert.equal(0, code)
    assert.truthy(out:find("vm: 0 of 1\n       1  were asked without facts that the policy needs", 1, true), out)
    assert.truthy(out:find("1 line of the log not understood", 1, true), out)
  end)

  it("wants directories and a log", function()
    assert.equal(2, (run { "diff" }))
    assert.equal(2, (run { "diff", operator.directory() }))
    assert.equal(2, (run { "diff", "/nowhere", "--log", "/x" }))
    assert.equal(2, (run { "diff", operator.directory(), "/nowhere", "--log", "/x" }))
    assert.truthy(select(3, run { "diff", operator.directory(), "/nowhere", "--log", "/x" }):find("/nowhere", 1, true))
    assert.equal(2, (run { "diff", operator.directory(), operator.directory(), operator.directory(), "--log", "/x" }))
  end)
end)

describe("a policy that does not load", function()
  local BROKEN = { ["service_offering.lua"] = "return { api = 1 " }

  it("ends diff and replay with its own words, and is no change", function()
    local log, directory = logged(), operator.directory(BROKEN)
    for _, arguments in ipairs { { "diff", directory }, { "diff", operator.directory(), directory }, { "replay", "cpi-1", directory } } do
      table.insert(arguments, "--log")
      table.insert(arguments, log)
      local code, _, err = run(arguments)
      assert.equal(2, code, err)
      assert.truthy(err:find("policy service_offering: ", 1, true) and err:find(directory, 1, true), err)
    end
  end)
end)

describe("policy replay", function()
  it("has one decision again, then and now, with the candidates", function()
    local log = logged()
    local code, out = run { "replay", "cpi-1.3", operator.directory(LARGER), "--log", log }
    assert.equal(1, code)
    for _, words in ipairs { "service_offering of cf/web, cpi-1.3, asked by create_vm at 20", "    cpu = 1\n", "    by ours\n",
      "    the largest\n", "  candidates now\n    - shared.small             is large enough; the policy left it out\n",
      "    1 shared.large             chosen" } do
      assert.truthy(out:find(words, 1, true), words .. "\n" .. out)
    end
  end)

  it("has a whole request, and ends with 0 where all is as it was", function()
    local log, t, directory = logged(LARGER)
    local config = { path = "/c.json", is_named = true, has_secret = function() return true end, context = function() return {} end,
      read = t.host.config.read }
    local code, out, err = run({ "replay", "cpi-1" }, { config = config, cloudstack = { open = function() end } })
    assert.equal(0, code, err)
    assert.truthy(out:find("by " .. directory .. "/service_offering.lua (SHA-256 ", 1, true), out)
    for _, name in ipairs { "vm", "networks", "service_offering", "affinity", "names", "disk", "disk_offering", "expunge" } do
      assert.truthy(out:find(name .. " of ", 1, true), name)
    end
    assert.equal(2, (run { "replay", "cpi-9", "--log", log }))
    assert.equal(2, (run { "replay" }))
  end)

  it("says the same as JSON", function()
    local log = logged()
    local _, out = run { "replay", "cpi-1.1", operator.directory(NO_WEB), "--log", log, "--output", "json" }
    local one = json.decode(out)[1]
    assert.same({ "vm", "no web" }, { one.decision, one.now.refusal })
    assert.equal("cf", one.facts.deployment)
  end)
end)

describe("policy test --record", function()
  it("makes a file of tests that passes now, and fails when the policies change", function()
    local log = logged(LARGER)
    local code, text = run { "test", "--record", "--log", log }
    assert.equal(0, code)
    local files = { ["then_test.lua"] = text }
    local as_it_was = { ["then_test.lua"] = text, ["service_offering.lua"] = LARGER["service_offering.lua"] }
    local all, out = run { "test", operator.directory(as_it_was) }
    assert.equal(0, all, out)
    assert.equal(1, (run { "test", operator.directory(files) }))
  end)

  it("makes it of what is named", function()
    local log = logged()
    local _, text = run { "test", "--record", "cpi-1.5", "cpi-1.4", "--log", log }
    assert.equal(2, select(2, text:gsub("\ntest%(", "")))
    assert.equal(2, (run { "test", "--record", "cpi-9", "--log", log }))
  end)
end)

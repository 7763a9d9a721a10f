local native = require "host_native"
local operator = require "tests.support.operator"

local json = native.json

local GOLD = [[
local function decide(facts, default)
  local kept = {}
  for _, offering in ipairs(facts.offerings) do
    if offering.hosttags ~= "gold" then kept[#kept + 1] = offering end
  end
  facts.offerings = kept
  return default(facts)
end
return { api = 1, decide = decide }
]]

local function configured(directory)
  return { config = {
    path = "cpi.json", is_named = true, has_secret = function() return true end, context = function() return {} end,
    read = function()
      return { cloudstack = { endpoint = "http://cloud.test/client/api", api_key = "key" }, policies = { directory = directory } }
    end,
  }, cloudstack = { open = function() end } }
end

local function run(arguments, more) return operator.run("policy", arguments, more) end

describe("policy list", function()
  it("tells the file in force, its origin and its checksum, for every decision", function()
    local directory = operator.directory { ["service_offering.lua"] = GOLD, ["retry.lua"] = " \n" }
    local code, out = run({ "list" }, configured(directory))
    assert.equal(0, code)
    assert.truthy(out:find(("service_offering   site     %s  %s/service_offering.lua\n"):format(
      native.bytes.sha256(GOLD):sub(1, 12), directory), 1, true), out)
    assert.truthy(out:find "retry              default  %x+  lua/policies/retry.lua\n", out)
    assert.equal(#require "decisions", select(2, out:gsub("\n", "")))
  end)

  it("looks into several directories, as the CPI does", function()
    local first, second = operator.directory { ["retry.lua"] = "" }, operator.directory { ["retry.lua"] = "return {", ["names.lua"] = "" }
    local code, out = run({ "list" }, configured(first .. ":" .. second))
    assert.equal(1, code)
    assert.truthy(out:find("site     %S+  " .. second:gsub("%p", "%%%0") .. "/retry.lua"), out)
    assert.equal(1, (run({ "check" }, configured(first .. ":" .. second))))
  end)

  it("tells ours where there is no configuration, and so no site", function()
    local code, out = run { "list" }
    assert.equal(0, code)
    assert.is_nil(out:find("site", 1, true))
  end)

  it("finds a file that does not load", function()
    local directory = operator.directory { ["expunge.lua"] = "return {" }
    local code, out = run({ "list" }, configured(directory))
    assert.equal(1, code)
    assert.truthy(out:find(directory .. "/expunge.lua:1:", 1, true), out)
  end)

  it("says the same as JSON", function()
    local code, out = run({ "list", "--output", "json" }, configured(operator.directory { ["service_offering.lua"] = GOLD }))
    local rows = json.decode(out)
    assert.equal(0, code)
    assert.equal("service_offering", rows[3].decision)
    assert.equal("site", rows[3].origin)
    assert.equal(native.bytes.sha256(GOLD), rows[3].checksum)
  end)
end)

describe("policy check", function()
  it("is content with good files, and leaves tests and others alone", function()
    local directory = operator.directory { ["service_offering.lua"] = GOLD, ["service_offering_test.lua"] = "(", ["README"] = "(",
      ["names.lua"] = "" }
    local code, out = run { "check", directory }
    assert.equal(("%s/names.lua: good\n%s/service_offering.lua: good\n2 files, 0 problems\n"):format(directory, directory), out)
    assert.equal(0, code)
  end)

  it("tells every problem of every file at once, with its line", function()
    local directory = operator.directory {
      ["retri.lua"] = "", ["names.lua"] = "return {\n", ["expunge.lua"] = "local t = os.time()\nprint(t)\nreturn {}",
      ["failed_vm.lua"] = "return { api = 2, decide = function() end }", ["networks.lua"] = "return 5",
      ["retry.lua"] = "return { api = 1, decide = function(facts)\n  return facts.elapsed.x\nend }",
      ["disk_offering.lua"] = "return { api = 1, decide = function() return 'small' end }",
    }
    local code, out = run { "check", directory }
    assert.equal(1, code)
    for _, words in ipairs {
      "retri.lua: no decision is called 'retri' (did you mean 'retry'?)",
      "/names.lua:2:", "/expunge.lua:1: a policy has no 'os'", "/expunge.lua:2: a policy has no 'print'",
      "/failed_vm.lua: it is written for policy api 2; this CPI has 1",
      "/networks.lua: it must return { api = 1, decide = function }",
      "/retry.lua:2: attempt to index a number value",
      "/disk_offering.lua: not an answer it may give: it must be one of facts.offerings",
      "7 files, 8 problems",
    } do
      assert.truthy(out:find(words, 1, true), words .. "\n" .. out)
    end
  end)

  it("takes a refusal of the example for good", function()
    local text = "return { api = 1, decide = function() return nil, 'no' end }"
    local directory = operator.directory { ["failed_vm.lua"] = text }
    assert.equal(0, (run { "check", directory }))
  end)

  it("goes to the configured directory when none is named", function()
    local directory = operator.directory { ["retri.lua"] = "" }
    assert.equal(1, (run({ "check" }, configured(directory))))
  end)

  it("ends with 2 where there is no directory", function()
    local code, _, err = run { "check", "/nowhere" }
    assert.equal(2, code)
    assert.truthy(err:find("/nowhere: No such file or directory", 1, true), err)
    code, _, err = run { "check" }
    assert.equal(2, code)
    assert.truthy(err:find("no directory is named", 1, true), err)
    code, _, err = run({ "check" }, configured "")
    assert.equal(2, code)
    assert.truthy(err:find("no directory is named, and policies.directory is not configured", 1, true), err)
  end)

  it("says where there is nothing to check", function()
    local directory = operator.directory()
    assert.same({ 0, ("there is no policy in %s\n0 files, 0 problems\n"):format(directory), "" }, { run { "check", directory } })
  end)

  it("says the same as JSON", function()
    local code, out = run { "check", operator.directory { ["retri.lua"] = "", ["names.lua"] = "" }, "--output", "json" }
    local files = json.decode(out)
    assert.equal(1, code)
    assert.same({}, setmetatable(files[1].problems, nil))
    assert.truthy(files[2].problems[1]:find "retri")
  end)
end)

describe("policy test", function()
  local TEST = [[
test("keeps off gold", function()
  local chosen = decide("service_offering", facts.service_offering { cpu = 1, offerings = {
    { id = "g", name = "gold", cpunumber = 1, memory = 8192, hosttags = "gold" },
    { id = "s", name = "silver", cpunumber = 1, memory = 8192 },
  } })
  equal(1, #chosen)
  equal("silver", chosen[1].name)
end)

test("says so when there is nothing else", function()
  holds("no service offering", refused("service_offering", facts.service_offering { cpu = 99 , offerings = {} }))
end)

test("in a whole create_vm", function()
  local c = cloud { service_offerings = { { name = "gold.tiny", cpu = 1, mhz = 1000, memory = 512, hosttags = "gold" } } }
  local cid = c.cid { cloud_properties = { cpu = 1, ram = 256 } }
  equal(true, c.call("has_vm", cid))
  equal("shared.small", c.vm(cid).serviceofferingname)
end)
]]

  it("runs what is beside the policies, in the sandbox, with the simulator", function()
    local directory = operator.directory { ["service_offering.lua"] = GOLD, ["service_offering_test.lua"] = TEST }
    local code, out = run { "test", directory }
    assert.equal([[
service_offering_test.lua
  ok   keeps off gold
  ok   says so when there is nothing else
  ok   in a whole create_vm
3 passed, 0 failed
]], out)
    assert.equal(0, code)
  end)

  it("tells what failed, and where", function()
    local directory = operator.directory { ["a_test.lua"] = [[
test("a", function() equal("x", "y") end)
test("b", function() equal({ 1, { a = 2 } }, { 1, { a = 2 } }) end)
test("c", function() local f = facts.expunge { may_expung = true }; return f end)
test("d", function() decide("expunj", {}) end)
test("e", function() local x = nil; return x.y end)
test("f", function() holds("x", fails(function() error("see x") end)) end)
test("g", function() fails(function() end) end)
test("h", function() while true do end end)
test("i", function() refused("failed_vm", facts.failed_vm {}) end)
test("j", function() cloud().call("has_vm", 5) end)
]], ["b_test.lua"] = "test(", ["c_test.lua"] = "local x = 1", ["d_test.lua"] = "os.exit()" }
    local code, out = run { "test", directory }
    assert.equal(1, code)
    for _, words in ipairs {
      'a_test.lua:1: wanted "x", got "y"', "ok   b",
      "a_test.lua:3: facts.expunge: facts.may_expung is not a fact (did you mean 'may_expunge'?)",
      "no decision is called 'expunj' (did you mean 'expunge'?)", "a_test.lua:5: attempt to index a nil value",
      "ok   f", "a_test.lua:7: it did not fail", "a_test.lua:8: ran for more than 10000000 steps",
      'a_test.lua:9: the policy answered "destroy"', "argument vm_cid must be a string",
      "b_test.lua:1:", "it has no test", "d_test.lua:1: attempt to index a nil value (global 'os')", "2 passed, 11 failed",
    } do
      assert.truthy(out:find(words, 1, true), words .. "\n" .. out)
    end
  end)

  it("is no success where there is no test", function()
    local directory = operator.directory { ["retry.lua"] = "" }
    assert.same({ 1, ("there is no test (*_test.lua) in %s\n0 passed, 0 failed\n"):format(directory), "" },
      { run { "test", directory } })
  end)

  it("says the same as JSON", function()
    local code, out = run { "test", operator.directory { ["a_test.lua"] = "test('a', function() end)" }, "--output=json" }
    assert.equal(0, code)
    local told = json.decode(out)
    assert.equal(1, told.passed)
    assert.equal("a", told.tests[1].test)
  end)
end)

describe("policy facts", function()
  for _, name in ipairs(require "decisions") do
    local decision = require("decisions." .. name)

    it("tells all about " .. name, function()
      local code, out = run { "facts", name }
      assert.equal(0, code)
      assert.equal(name .. "\n", out:match "^[^\n]*\n")
      assert.is_nil(out:find("`", 1, true))
      for _, row in ipairs(decision.facts) do assert.truthy(out:find("\n  " .. row[1] .. " (", 1, true), row[1]) end
    end)

    it("gives an example of " .. name .. " that can be tried", function()
      local _, out = run { "facts", name, "--example" }
      assert.is_nil(out:find("{}", 1, true))
      local file = operator.write(operator.directory() .. "/facts.json", out)
      local code, answer = run { "try", name, "--facts", file }
      assert.equal(0, code)
      assert.truthy(answer:find "\nsteps = %d+ of 10000000, memory = %d+ KB of 32 MB\n", answer)
    end)
  end

  it("says the same as JSON", function()
    local _, out = run { "facts", "expunge", "--output", "json" }
    local told = json.decode(out)
    assert.equal("expunge", told.decision)
    assert.equal(require("decisions.expunge").summary, told.summary)
    assert.equal("vm", told.facts[1].name)
    assert.equal("id", told.facts[1].fields[1].name)
    assert.equal("4.19.1.0", told.example.version)
  end)

  it("has a suggestion for a name that is none", function()
    local code, _, err = run { "facts", "expung" }
    assert.equal(2, code)
    assert.truthy(err:find("no decision is called 'expung' (did you mean 'expunge'?); there are: vm, disk,", 1, true), err)
    assert.equal(2, (run { "facts" }))
  end)
end)

describe("policy try", function()
  local function try(text, directory, more)
    local file = operator.write(operator.directory() .. "/facts.json", text)
    return run({ "try", "service_offering", "--facts", file, directory }, more)
  end
  local FACTS = [[{"cpu":2,"ram":1024,"zone":{"id":"z","name":"zone1"},"refused":["r"],"offerings":[
    {"id":"g","name":"gold","cpunumber":4,"memory":8192,"hosttags":"gold"},
    {"id":"r","name":"full","cpunumber":4,"memory":8192,"zoneid":null},
    {"id":"t","name":"tiny","cpunumber":1,"memory":8192},
    {"id":"s","name":"silver","cpunumber":2,"memory":2048}]}]]

  it("tells the answer, what became of each candidate, and what it took", function()
    local directory = operator.directory { ["service_offering.lua"] = GOLD }
    local code, out = try(FACTS, directory)
    assert.equal(0, code)
    for _, words in ipairs { ("decided by %s/service_offering.lua\n"):format(directory), "name = silver", "\ncandidates\n",
      "1 silver                   chosen",
      "- gold                     is large enough; the policy left it out", "- full                     CloudStack had no room for it",
      "- tiny                     has 1 of 2 CPUs" } do
      assert.truthy(out:find(words, 1, true), words .. "\n" .. out)
    end
  end)

  it("asks ours without a directory, and the configured one's where there is one", function()
    assert.truthy(select(2, try(FACTS)):find("1 silver", 1, true))
    assert.equal("decided by lua/policies/service_offering.lua",
      select(2, try(FACTS, operator.directory())):match "^[^\n]+")
    local wrong, _, err = try(FACTS, "/nowhere")
    assert.equal(2, wrong)
    assert.truthy(err:find("/nowhere: No such file or directory", 1, true), err)
    local text = "return { api = 1, decide = function() return nil, 'never' end }"
    local directory = operator.directory { ["service_offering.lua"] = text }
    local code, out = try(FACTS, nil, configured(directory))
    assert.equal(1, code)
    assert.equal(("policy service_offering (%s/service_offering.lua): never\n"):format(directory), out)
  end)

  it("tells of facts that the policy asks for and cannot have, before its answer", function()
    local text = "return { api = 1, decide = function(facts, default)\n local _ = facts.cpus\n return default(facts) end }"
    local code, out = try(FACTS, operator.directory { ["service_offering.lua"] = text })
    assert.equal(1, code)
    assert.matches("^[^\n]*facts.cpus is not a fact of service_offering %(did you mean 'cpu'%?%)", out)
  end)

  it("tells a failure with its line, and exit code 1", function()
    local text = "return { api = 1, decide = function()\n error 'x' end }"
    local code, out = try(FACTS, operator.directory { ["service_offering.lua"] = text })
    assert.equal(1, code)
    assert.truthy(out:find("service_offering.lua:2: x", 1, true), out)
  end)

  for words, text in pairs {
    ["facts.ram is missing (integer); facts.zone is missing (object)"] = '{"cpu":1,"offerings":[],"refused":[]}',
    ["facts.cpu must be integer, it is \"2\""] = (FACTS:gsub('"cpu":2', '"cpu":"2"')),
    ["facts.cpus is not a fact (did you mean 'cpu'?)"] = (FACTS:gsub('"cpu":2', '"cpus":2')),
    ["facts.offerings[4].id is missing (string)"] = (FACTS:gsub('"id":"s",', "")),
    ["it must be an object"] = "5",
    ["facts.json: "] = "{",
  } do
    it("refuses facts that are none: " .. words, function()
      local code, _, err = try(text)
      assert.equal(2, code)
      assert.truthy(err:find(words, 1, true), err)
    end)
  end

  it("says the same as JSON", function()
    local file = operator.write(operator.directory() .. "/facts.json", FACTS)
    local _, out = run { "try", "service_offering", "--facts", file, "--output", "json" }
    local told = json.decode(out)
    assert.equal("s", told.answer[1].id)
    assert.is_true(told.used.steps > 10)
  end)
end)

describe("policy", function()
  it("refuses what it does not know, with a suggestion", function()
    local code, _, err = run { "lst" }
    assert.equal(2, code)
    assert.truthy(err:find("unknown: policy lst (did you mean 'list'?); usage: cpi", 1, true), err)
    assert.equal(2, (run {}))
    assert.equal(2, (run { "check", "a", "b" }))
    assert.equal(2, (run { "try", "expunge" }))
    for action, question in pairs { diff = "which policies?", replay = "which decision?" } do
      code, _, err = run { action }
      assert.equal(2, code)
      assert.truthy(err:find(question, 1, true), err)
    end
  end)
end)

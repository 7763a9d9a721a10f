local decision_history = require "operator.decision_history"
local native = require "host_native"
local operator = require "tests.support.operator"

local function line(at, record) return ("%d %s\n"):format(at, native.json.encode(record)) end
local FAILED = { id = "cpi-1.1", verb = "create_vm", decision = "failed_vm", by = "default", answer = "destroy",
  facts = { vm = { id = "v", name = "n", state = "Error" }, error = { text = "x", kind = "job", code = native.json.null }, attempt = 1 } }

local function with(more)
  local one = {}
  for key, value in pairs(FAILED) do one[key] = value end
  for key, value in pairs(more) do one[key] = value end
  return one
end

describe("a log of decisions", function()
  it("is read from the older file to the newer, with the moment of each", function()
    local directory = operator.directory { ["log.1"] = line(100, FAILED), log = line(1764540000, with { id = "cpi-2.1" }) }
    local records, skipped = decision_history.read(operator.host(), directory .. "/log")
    assert.same({ "cpi-1.1", "cpi-2.1", 100, 1764540000, 0 }, { records[1].id, records[2].id, records[1].at, records[2].at, skipped })
    assert.equal(22, records[2].facts.now.hour)
    assert.is_nil(records[1].facts.error.code)
  end)

  it("that has other lines says how many", function()
    local directory = operator.directory { log = "nonsense\n5 {broken\n" .. line(5, { id = 5 }) .. line(6, with { decision = "weather" })
      .. line(7, FAILED) .. "8 {\"cut" }
    local records, skipped = decision_history.read(operator.host(), directory .. "/log")
    assert.same({ 1, 3 }, { #records, skipped })
  end)

  it("may have no decision yet, and must be a file", function()
    local directory = operator.directory()
    assert.same({}, (decision_history.read(operator.host(), directory .. "/log")))
    local ok, failure = pcall(decision_history.read, operator.host(), directory)
    assert.is_false(ok)
    assert.equal(2, failure.exit_code)
  end)

  it("is the one that is named, else the configuration's", function()
    assert.equal("/x", decision_history.path(operator.host(), "/x"))
    local ok, failure = pcall(decision_history.path, operator.host())
    assert.is_false(ok)
    assert.truthy(failure.message:find("no log of decisions: name a file with --log", 1, true))
  end)
end)

describe("a logged decision", function()
  local function again(text, record)
    local directory = text and operator.directory { [(record or FAILED).decision .. ".lua"] = text }
    local one = with(record or {})
    one.facts.now = { time = 5 }
    return decision_history.asker(operator.host(), directory)(one)
  end

  it("is asked again, of ours or of others", function()
    assert.equal("destroy", again().answer)
    assert.equal("keep", again("return { api = 1, decide = function() return 'keep' end }").answer)
    assert.equal("no", again("return { api = 1, decide = function() return nil, 'no' end }").refusal)
    assert.truthy(again("return { api = 1, decide = function(facts) return facts.a.b end }").failure:find("nil value", 1, true))
    assert.equal("destroy", again("return { api = 1, decide = function(facts) return facts.now.time == 5 and 'destroy' end }").answer)
  end)

  it("is not answered by a policy that does not load: its words end the program", function()
    local other_api = "return { api = 99, decide = function() end }"
    for text, words in pairs { ["return { api = 1 "] = "'}' expected", [other_api] = "policy api 99" } do
      local directory = operator.directory { ["failed_vm.lua"] = text }
      local ask = decision_history.asker(operator.host(), directory)
      local expunge = with { decision = "expunge", facts = require("decisions.expunge").example }
      assert.truthy(ask(expunge).answer)
      local ok, failure = pcall(ask, with {})
      assert.is_false(ok)
      assert.equal(2, failure.exit_code)
      assert.truthy(failure.message:find("^policy failed_vm") and failure.message:find(words, 1, true), failure.message)
    end
  end)

  it("lacks what nobody needed then", function()
    local vm = with { decision = "vm", facts = { stemcell_cid = "s", cloud_properties = { cpu = 1 }, networks = {}, disks = {} },
      answer = "as ordered" }
    local outcome = again('return { api = 1, needs = { "counts" }, decide = function(facts) return facts end }', vm)
    assert.same({ "counts" }, outcome.lacks)
    assert.same({ cloud_properties = { cpu = 1 } }, outcome.answer)
    assert.same({ answer = { cloud_properties = { cpu = 1 } } }, decision_history.then_(vm))
  end)

  it("is somebody's", function()
    assert.equal("cf/web", decision_history.whose { verb = "v", facts = { deployment = "cf", instance_group = "web", group = "x" } })
    assert.equal("x", decision_history.whose { verb = "v", facts = { group = "x" } })
    assert.equal("listZones", decision_history.whose { verb = "v", facts = { command = "listZones" } })
    assert.equal("v", decision_history.whose { verb = "v", facts = {} })
  end)
end)

-- Crosses the sandbox and the decisions: attempts to get out, or to run on, by policies that have all facts that there may be.

local errors = require "errors"
local escapes = dofile "tests/host/escapes.lua"
local native = require "host_native"
local operator = require "tests.support.operator"
local policy = require "policy"
local samples = require "decision.samples"
local tables = require "base.tables"

local ALL = { counts = true, limits = true }

-- The failure of a policy of that text on all facts of the decision, which stay as they are; or its answer.
local function asked(name, body)
  local text = ('return { api = 1, needs = { "counts", "limits" }, decide = function(facts, default) %s end }'):format(body)
  local decide = policy.new { sandbox = native.policy, ours = "lua/policies",
    directory = function() return operator.directory { [name .. ".lua"] = text } end, now = function() return 1764540000 end }
  local facts = samples.full(require("decisions." .. name), ALL)
  local before = tables.copy(facts)
  local ok, answer = pcall(decide, name, facts)
  assert.same(before, facts)
  return not ok and errors.words(answer) or nil, answer
end

-- What depends on the program's own state, its memory and its strings, is in tests/host/policy_test.lua, with facts as well.
local OF_THE_PROGRAM = { ["used more than 32 MB"] = true, ["nil value"] = true }

describe("a policy with all facts", function()
  for words, texts in pairs(escapes.attempts) do
    if not OF_THE_PROGRAM[words] then it("ends as without them: " .. words, function()
      for _, text in ipairs(texts) do
        local failure = asked("vm", text)
        assert.truthy(failure and failure:find(words, 1, true), text .. ": " .. tostring(failure))
      end
    end) end
  end

  it("finds no way out by them", function()
    for body, words in pairs {
      ["facts.now.time = nil facts.tags.stage = 'x' facts.policy.tier = {} facts.counts.zones.zone1 = 0 return facts"] = false,
      ["local t = {} for key, value in pairs(facts) do t[key] = value end t.self = t return { cloud_properties = t }"] =
        "tables in each other",
      ["facts.cloud_properties.f = ipairs return facts"] = "is a function",
      ["facts.cloud_properties.n = 0 / 0 return facts"] = "is not a finite number",
      ["facts.cloud_properties[facts.now] = 1 return facts"] = "has a key that is a table",
      ["local p = {} for i = 1, 300000 do p['k' .. i] = i end return { cloud_properties = p }"] = "it has more than 200000 values",
      ["local p = 'x' local t = p for i = 1, 40 do t = { a = t, b = t } end return { cloud_properties = { t = t } }"] =
        "tables in each other",
      ["return { cloud_properties = { x = ('x'):rep(70000) } }"] = "longer than 65536 bytes",
      ["return nil, ('x'):rep(1e6)"] = "xxx ...", ["return nil, '\\xff\\xfe'"] = "??",
      ["return default(facts.now)"] = "cloud_properties",
    } do
      local failure = asked("vm", body)
      assert.equal(words and true, failure and failure:find(words or "", 1, true) ~= nil or false, body .. ": " .. tostring(failure))
    end
  end)

  it("has the same time at each look, and no clock", function()
    local _, answer = asked("vm", "facts.cloud_properties.a, facts.cloud_properties.b = facts.now.time, facts.now.hour return facts")
    assert.same({ 1764540000, 22 }, { answer.cloud_properties.a, answer.cloud_properties.b })
  end)
end)

local facts_of = require "decision.facts"
local samples = require "decision.samples"

local function without(list, name)
  for _, row in ipairs(list) do
    if row[1] == name then return false end
  end
  return true
end

describe("facts to try a policy with", function()
  for _, name in ipairs(require "decisions") do
    local decision = require("decisions." .. name)

    it("are facts of " .. name, function()
      assert.same({}, facts_of.problems(decision, samples.full(decision, { counts = true, limits = true })))
      assert.same({}, facts_of.problems(decision, samples.bare(decision)))
    end)

    it("are all that there may be, and what must be there: " .. name, function()
      local full, bare = samples.full(decision, { counts = true, limits = true }), samples.bare(decision)
      for _, row in ipairs(decision.facts) do
        if row.common then assert.is_not_nil(full[row[1]], row[1]) end
        assert.equal(not row.optional or row[1] == "now", bare[row[1]] ~= nil, row[1])
      end
      assert.is_nil(samples.full(decision, {}).counts)
      assert.equal(without(decision.facts, "now"), bare.now == nil)
    end)
  end

  it("are copies", function()
    local decision = require "decisions.vm"
    samples.full(decision, {}).tags.stage = "x"
    assert.equal("production", samples.full(decision, {}).tags.stage)
    assert.equal("cf", decision.example.deployment)
  end)
end)

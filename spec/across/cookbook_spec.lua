-- Crosses the policy author's guide and the policy commands: every recipe of the cookbook is good, its tests pass with it, and fail
-- without it.

local cookbook = require "tests.support.cookbook"
local operator = require "tests.support.operator"

describe("the cookbook", function()
  it("has thirteen recipes", function()
    assert.equal(13, #cookbook)
  end)

  for _, recipe in ipairs(cookbook) do
    describe(recipe.title, function()
      local policy, test = recipe.decision .. ".lua", recipe.decision .. "_test.lua"

      it("is good, and its tests pass", function()
        assert.equal(("-- %s\n"):format(test), recipe.test:sub(1, #test + 4))
        local directory = operator.directory { [policy] = recipe.policy, [test] = recipe.test }
        local code, out = operator.run("policy", { "check", directory })
        assert.equal(0, code, out)
        code, out = operator.run("policy", { "test", directory })
        assert.equal(0, code, out)
      end)

      it("has tests that ours does not pass", function()
        assert.equal(1, (operator.run("policy", { "test", operator.directory { [test] = recipe.test } })))
      end)
    end)
  end
end)

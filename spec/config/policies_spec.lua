-- The worked site policies of config/policies, each with its tests put where a site puts them: they load, their tests pass with
-- the example, and fail without it, so that they say something.

local operator = require "spec.support.operator"
local text_file = require "text_file"

local EXAMPLES = "config/policies/"

describe("the example policy", function()
  for _, name in ipairs(require "decisions") do
    describe(name, function()
      local policy, tests = text_file.read(EXAMPLES .. name .. ".lua.example"), text_file.read(EXAMPLES .. name .. "_test.lua.example")

      it("is good, and its tests pass", function()
        local directory = operator.directory { [name .. ".lua"] = policy, [name .. "_test.lua"] = tests }
        local code, out = operator.run("policy", { "check", directory })
        assert.equal(0, code, out)
        code, out = operator.run("policy", { "test", directory })
        assert.equal(0, code, out)
      end)

      it("has tests that ours does not pass", function()
        assert.equal(1, (operator.run("policy", { "test", operator.directory { [name .. "_test.lua"] = tests } })))
      end)

      it("says what case it is for", function() assert.truthy(policy:find "^%-%- %u") end)
    end)
  end
end)

describe("config/policies", function()
  it("has one example per decision with its tests, and no other", function()
    local wanted, found = {}, {}
    for _, name in ipairs(require "decisions") do
      wanted[name .. ".lua.example"], wanted[name .. "_test.lua.example"] = true, true
    end
    for name in io.popen("ls " .. EXAMPLES):lines() do found[name] = true end
    assert.same(wanted, found)
  end)
end)

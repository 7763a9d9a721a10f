-- The worked site policies of config/policies, each with its tests put where a site puts them: they load, their tests pass with
-- the example, and fail without it, so that they say something.

local operator = require "tests.support.operator"
local text_file = require "text_file"

local EXAMPLES = "config/policies/"

-- The decisions that have an example; one is worth having where there is a case to show.
local function examples()
  local names = {}
  for file in io.popen("LC_ALL=C ls " .. EXAMPLES):lines() do
    local name = file:match "^([%l_]+)%.lua%.example$"
    if name and not name:find "_test$" then names[#names + 1] = name end
  end
  return names
end

describe("the example policy", function()
  for _, name in ipairs(examples()) do
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
  it("has examples of decisions, each with its tests, and nothing else", function()
    local wanted, found, is_decision = {}, {}, {}
    for _, name in ipairs(require "decisions") do is_decision[name] = true end
    for _, name in ipairs(examples()) do
      assert.is_true(is_decision[name], name)
      wanted[name .. ".lua.example"], wanted[name .. "_test.lua.example"] = true, true
    end
    for name in io.popen("ls " .. EXAMPLES):lines() do found[name] = true end
    assert.same(wanted, found)
  end)

  it("has an example of each of these decisions", function()
    local has = {}
    for _, name in ipairs(examples()) do has[name] = true end
    for name in ([[affinity disk_offering disk_placement expunge failed_vm ip_conflict names networks retry service_offering
      stemcell]]):gmatch "%S+" do
      assert.is_true(has[name], name)
    end
  end)
end)

-- The random mistakes of tests/mutants: which can be made in a line, that they load, and that the same ones are chosen again.

local equivalent = require "tests.mutants.equivalent"
local mutants = require "tests.mutants.mutants"
local operators = require "tests.mutants.operators"
local tokens = require "tests.mutants.tokens"

-- The lines that the first line of a text may become, in order.
local function becomes(text)
  local list = {}
  local by_line, lines = operators.candidates(text)
  for _, one in ipairs(operators.loading(lines, by_line[1] or {})) do list[#list + 1] = one.after end
  table.sort(list)
  return list
end

describe("the tokens of a text", function()
  it("are its names, numbers, strings and signs, without comments", function()
    local list = {}
    for i, token in ipairs(tokens "a=1.5--x\n--[[ b\n]] c ~= 'd\\'e' .. [[f\ng]] 0x1F 2..3") do
      list[i] = ("%s %s %d"):format(token.kind, token.text:gsub("\n", "/"), token.line)
    end
    assert.same({ "name a 1", "sign = 1", "number 1.5 1", "name c 3", "sign ~= 3", "string 'd\\'e' 3", "sign .. 3", "string [[f/g]] 3",
      "number 0x1F 4", "number 2 4", "sign .. 4", "number 3 4" }, list)
  end)
end)

describe("the mistakes in a line", function()
  for line, wanted in pairs {
    ["x = a == b"] = { "do end", "x = a ~= b" }, ["x = a <= b"] = { "do end", "x = a < b" }, ["x = a and b"] = { "do end", "x = a or b" },
    ["x = 3"] = { "do end", "x = 2", "x = 4" }, ["f 'text'"] = { "do end", 'f ""' }, ["return f()"] = { "return nil" },
    ["return true"] = { "return false", "return nil" }, ["return false"] = { "return true" }, ["local x = not y"] = { "local x =  y" },
    ["if a then b() end"] = { "do end", "if not (a) then b() end" }, ["local x <close> = f()"] = {},
    ['local x = require "module"'] = {}, ["local x = s:find(t, 1, true)"] = {}, ["-- x == 3"] = {}, ["end"] = {},
  } do
    it("are known for: " .. line, function() assert.same(wanted, becomes(line == "end" and "do\nend" or line)) end)
  end

  it("are a return before it, where it is inside something", function()
    local by_line = operators.candidates "do\n  f()\nend"
    assert.same({ "  do end", "  do return end f()" }, { by_line[2][1].after, by_line[2][2].after })
    assert.equal(2, #by_line[2])
  end)

  it("load, all of those that are chosen", function()
    for _, one in ipairs((mutants.choose(300, 7))) do
      assert.are_not.equal(one.before, one.after)
      assert.is_nil(one.path:find "^lua/sim/")
      assert.is_nil(one.path:find "^lua/meta/")
    end
  end)
end)

describe("the choice of mistakes", function()
  local function keys(seed)
    local list = {}
    for i, one in ipairs((mutants.choose(20, seed))) do list[i] = ("%s:%d %s"):format(one.path, one.line, one.after) end
    return list
  end

  it("is the same for the same seed, and another for another", function()
    assert.same(keys(1), keys(1))
    assert.are_not.same(keys(1), keys(2))
  end)

  it("leaves out what is known to change nothing, which is still there, and says why", function()
    assert.same({}, mutants.stale())
    for _, one in ipairs(equivalent) do assert.is_true(#one[4] > 20, one[2]) end
    local seen = {}
    for _, one in ipairs((mutants.choose(100000, 1, "^lua/stemcell/on_demand"))) do seen[one.after:match "^%s*(.-)%s*$"] = true end
    assert.is_nil(seen["error(why, -1)"])
  end)
end)

describe("the specs for a file", function()
  it("are its own first, then its room's, then those that cross rooms", function()
    local list = mutants.specs_for "lua/vm/routes.lua"
    assert.equal("spec/vm/routes_spec.lua", list[1])
    assert.equal("spec/vm/", list[2]:sub(1, 8))
    assert.truthy(table.concat(list, " "):find("spec/across/steps_spec.lua", 1, true))
  end)
end)

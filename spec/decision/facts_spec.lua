local facts = require "decision.facts"

local function problems(rows, given) return facts.problems({ facts = rows }, given) end

-- type, values that are one, values that are none
local TYPES = {
  { "string", { "", "x" }, { 1, true, {} } }, { "boolean", { true, false }, { "true", 1 } },
  { "number", { 1, 1.5 }, { "1", true } }, { "integer", { 1, 2.0 }, { 1.5, "1" } }, { "object", { {} }, { "x", 1 } },
  { '"on"', { "on" }, { "off", "", '"on"' } }, { '"on"|"off"', { "on", "off" }, { "maybe" } }, { "string|integer", { "x", 1 }, { 1.5 } },
  { "string[]", { {}, { "a", "b" } }, { { 1 }, { a = "b" }, "a" } }, { "integer[]", { { 1 } }, { { "1" } } },
  { "table<string, any>", { {}, { a = "b", c = { 1 } } }, { { "b" }, "a" } },
  { "table<string, string>", { {}, { a = "b" } }, { { "b" }, { a = 1 }, "a" } },
}

describe("a fact's type", function()
  for _, row in ipairs(TYPES) do
    it(row[1] .. " takes what it says and nothing else", function()
      for _, value in ipairs(row[2]) do assert.same({}, problems({ { "it", row[1] } }, { it = value })) end
      for _, value in ipairs(row[3]) do
        local found = problems({ { "it", row[1] } }, { it = value })
        assert.equal(1, #found)
        assert.equal("facts.it must be " .. row[1] .. ", it is ", found[1]:sub(1, #row[1] + #"facts.it must be , it is "))
      end
    end)
  end
end)

describe("facts", function()
  it("that are missing are named, unless they are optional", function()
    assert.same({ "facts.a is missing (string)" }, problems({ { "a", "string" }, { "b", "string", optional = true } }, {}))
  end)

  it("of the wrong type show what they are", function()
    assert.same({ 'facts.a must be integer, it is "one"' }, problems({ { "a", "integer" } }, { a = "one" }))
    assert.same({ "facts.a must be string, it is a table" }, problems({ { "a", "string" } }, { a = {} }))
  end)

  it("that nobody described are named in order, with the word that was meant", function()
    assert.same({ "facts.nmae is not a fact (did you mean 'name'?)", "facts.zzzzzz is not a fact" },
      problems({ { "name", "string" } }, { name = "x", zzzzzz = 1, nmae = 2 }))
  end)

  local zone = { { "id", "string" }, { "name", "string", optional = true } }

  it("are looked at inside objects and lists of them", function()
    assert.same({ "facts.zone.id is missing (string)" }, problems({ { "zone", "object", fields = zone } }, { zone = {} }))
    assert.same({ "facts.zones[2].id must be string, it is 7", "facts.zones[2].x is not a fact" },
      problems({ { "zones", "object[]", fields = zone } }, { zones = { { id = "1" }, { id = 7, x = 1 } } }))
  end)

  it("of an open object may be more than is described", function()
    local row = { "offering", "object", fields = zone, open = true }
    assert.same({}, problems({ row }, { offering = { id = "1", whatever = 2 } }))
    assert.same({ "facts.offering.id is missing (string)" }, problems({ row }, { offering = { whatever = 2 } }))
  end)
end)

local usage = require "operator.usage"

local ANOTHER_PLACE = { verbs = true, decisions = true, commands = true }

describe("the command line's description", function()
  it("has commands in order, each with arguments and a summary", function()
    for i, one in ipairs(usage.commands) do
      assert.equal("string", type(one.arguments), one.name)
      assert.is_true(#one.summary > 10, one.name)
      if i > 1 then assert.is_true(usage.commands[i - 1].name < one.name, one.name) end
    end
  end)

  it("has forms of output where there is a choice, JSON among them", function()
    for _, one in ipairs(usage.commands) do
      local takes = false
      for _, option in ipairs(one.options or {}) do takes = takes or option[1]:find "^%-%-output " ~= nil end
      assert.equal(takes, one.values ~= nil and one.values.output ~= nil, one.name)
      if takes then assert.equal("json", one.values.output[1], one.name) end
    end
  end)

  for _, one in ipairs(usage.commands) do
    it("of " .. one.name .. " has options as the reader takes them, and values of known ones", function()
      local known = {}
      for _, option in ipairs(one.options or {}) do
        local name = option[1]:match "^%-%-([%l-]+)$" or option[1]:match "^%-%-([%l-]+) [%u%l|]+$"
        assert.truthy(name, option[1])
        assert.is_true(#option[2] > 5)
        known[name] = true
      end
      for name in pairs(one.values or {}) do assert.truthy(known[name], name) end
      assert.equal(known.output == true, (one.values or {}).output ~= nil)
    end)

    it("of " .. one.name .. " shows each word that it takes first", function()
      for _, word in ipairs(one.words) do assert.truthy(one.arguments:find(word, 1, true), word) end
      if one.words_of then assert.truthy(ANOTHER_PLACE[one.words_of]) end
      for word, place in pairs(one.then_words_of or {}) do
        assert.truthy(ANOTHER_PLACE[place])
        assert.truthy(table.concat(one.words, " "):find(word, 1, true), word)
      end
    end)
  end

  it("tells every exit code", function()
    local codes = {}
    for i, row in ipairs(usage.exit_codes) do codes[i] = row[1] end
    assert.same({ "0", "1", "2" }, codes)
  end)

  it("tells the variables of the environment that the program reads", function()
    assert.same({ "CPI_CONFIG", "NO_COLOR" }, { usage.environment[1][1], usage.environment[2][1] })
  end)
end)

local usage = require "operator.usage"
local usage_text = require "operator.usage_text"

local function flat(text) return (text:gsub("%s+", " ")) end
local function holds(text, words) assert.truthy(flat(text):find(flat(words), 1, true), words .. "\n" .. text) end

describe("what the program takes, as text,", function()
  local text = usage_text.program()

  it("has each part of the description, whole", function()
    holds(text, "cpi: " .. usage.summary)
    for _, line in ipairs(usage.synopsis) do holds(text, line) end
    for _, paragraph in ipairs(usage.description) do holds(text, paragraph) end
    for title, rows in pairs { options = usage.options, environment = usage.environment, ["exit codes"] = usage.exit_codes } do
      local section = text:match("\n" .. title .. ":\n(.-)\n\n") or text:match("\n" .. title .. ":\n(.*)$")
      assert.truthy(section, title)
      for _, row in ipairs(rows) do holds(section, row[1] .. " " .. row[2]) end
    end
    for _, one in ipairs(usage.commands) do
      holds(text, usage_text.synopsis(one) .. " " .. one.summary)
      for _, option in ipairs(one.options or {}) do
        holds(text, option[1] .. (option.letter and ", -" .. option.letter or "") .. " " .. option[2])
      end
    end
  end)

  it("ends with its last line", function() assert.matches("[^\n]\n$", usage_text.program()) end)

  it("has its first line of usage marked, the others under it", function()
    assert.truthy(text:find("usage: " .. usage.synopsis[1] .. "\n       " .. usage.synopsis[2] .. "\n", 1, true), text)
  end)

  it("is no wider than 98 characters, but for a command's own line", function()
    for line in text:gmatch "[^\n]+" do
      assert.is_true(#line <= 98 or line:find "^  %l" ~= nil, line)
    end
  end)

  it("puts what is long on a line of its own, and what it does under the others", function()
    assert.truthy(text:find("\n  --version                 which version it is\n", 1, true), text)
    local long = "keypair create NAME [--private-key FILE] | delete NAME | list\n                            SSH key pairs"
    assert.truthy(text:find(long, 1, true), text)
  end)
end)

describe("what a command takes, as text,", function()
  it("is its usage, what it does, and its options", function()
    local text = usage_text.command "gc"
    assert.truthy(text:find("usage: cpi [--config FILE] gc --director UUID", 1, true))
    assert.truthy(text:find("\noptions:\n  --director UUID ", 1, true), text)
    assert.truthy(usage_text.command("permissions"):find "^usage: cpi %[%-%-config FILE%] permissions %[role")
    assert.is_nil(usage_text.command("permissions"):find("options:", 1, true))
  end)

  it("is its name alone where it takes nothing", function()
    assert.equal("verify", usage_text.synopsis { name = "verify", arguments = "" })
    assert.truthy(usage_text.command("verify"):find("^usage: cpi %[%-%-config FILE%] verify\n"))
  end)

  it("is nothing where there is no such command", function() assert.is_nil(usage_text.command "docter") end)
end)

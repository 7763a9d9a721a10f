local command = require "operator.command"
local examples = require "operator.examples"
local usage = require "operator.usage"
local usage_text = require "operator.usage_text"

-- The words of what is typed, up to where the shell begins; a text in quotes is one word.
local function words_of(typed)
  local words = {}
  for quoted, word in typed:gsub(" [<>|].*$", ""):gmatch "('?)(%S+)" do
    words[#words + 1] = quoted == "'" and word:gsub("'$", "") or word
  end
  return words
end

local GLOBAL = { ["--config"] = true, ["--cpi-config"] = true, ["--cpi"] = true }

-- The command and its arguments.
local function parts_of(typed)
  local words = words_of(typed)
  assert.equal("cpi", table.remove(words, 1), typed)
  while GLOBAL[words[1]] do
    table.remove(words, 1)
    table.remove(words, 1)
  end
  return table.remove(words, 1), words
end

local function described(name)
  for _, one in ipairs(usage.commands) do
    if one.name == name then return one end
  end
end

describe("the examples", function()
  it("are there for each command, and for nothing else", function()
    for _, one in ipairs(usage.commands) do assert.is_true(#(examples[one.name] or {}) > 0, one.name) end
    for name in pairs(examples) do assert.truthy(described(name), name) end
  end)

  for name, list in pairs(examples) do
    for _, row in ipairs(list) do
      it("are command lines that the program takes: " .. row[1], function()
        local called, arguments = parts_of(row[1])
        assert.equal(name, called)
        local run = command.new(called, function(_, words, options) return { words = words, options = options } end)
        local read = run({}, arguments)
        local first = read.words[1]
        local one, known = described(called), {}
        for _, word in ipairs(one.words) do known[word] = true end
        if #one.words > 0 and not one.words_of and first then assert.is_true(known[first], first) end
        assert.is_true(#row[2] > 8)
      end)
    end
  end

  it("are in the help of a command, and in the manual page", function()
    local text = usage_text.command "gc"
    assert.truthy(text:find("\nexamples:\n  cpi gc --director 5b1c7a52-... --known known\n", 1, true), text)
    local operator = require "tests.support.operator"
    local _, page = operator.run("help", { "man" })
    assert.truthy(page:find("\n.SH EXAMPLES\n", 1, true))
    assert.truthy(page:find("cpi gc \\-\\-director 5b1c7a52\\-... \\-\\-known known \\-\\-apply \\-\\-yes", 1, true), page)
  end)
end)

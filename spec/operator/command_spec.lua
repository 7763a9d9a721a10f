local command = require "operator.command"
local operator = require "tests.support.operator"

-- The words and options that a command of that name is given.
local function read(name, ...)
  local words, options
  local run = command.new(name, function(_, w, o) words, options = w, o end)
  local ok, failure = pcall(run, operator.host(), { ... })
  if not ok then return nil, failure.message, failure.exit_code end
  return words, options
end

describe("a command's line", function()
  it("is words and options, in any order", function()
    local words, options = read("policy", "try", "--facts", "a.json", "expunge", "--output=json")
    assert.same({ "try", "expunge" }, words)
    assert.same({ facts = "a.json", output = "json" }, options)
  end)

  it("has flags", function()
    assert.same({ example = true }, select(2, read("policy", "--example")))
  end)

  it("ends its options at --", function()
    assert.same({ "has_vm", "--x", "--" }, (read("policy", "has_vm", "--", "--x", "--")))
  end)

  it("takes --help for a word after --", function()
    assert.same({ "has_vm", "--help" }, (read("policy", "has_vm", "--", "--help")))
  end)

  it("takes a single dash and a negative number for words", function()
    assert.same({ "has_vm", "-", "-5" }, (read("policy", "has_vm", "-", "-5")))
  end)

  for what, row in pairs {
    ["an unknown option"] = { { "policy", "--fact", "x" }, "unknown option --fact (did you mean '--facts'?)" },
    ["an option without its value"] = { { "policy", "try", "--facts" }, "--facts needs a value: FILE" },
    ["a flag with a value"] = { { "policy", "--example=yes" }, "--example takes no value" },
    ["a value that is none"] = { { "policy", "--output", "yaml" }, "--output takes json, not 'yaml'" },
    ["an option that the command has not"] = { { "permissions", "--output", "json" }, "unknown option --output" },
  } do
    it("is refused with the usage for " .. what, function()
      local words, why, code = read(table.unpack(row[1]))
      assert.is_nil(words)
      assert.truthy(why:find(row[2], 1, true), why)
      assert.truthy(why:find("usage: cpi [--config FILE] " .. row[1][1], 1, true), why)
      assert.equal(2, code)
    end)
  end
end)

describe("a configuration that is wrong", function()
  it("ends a command with 2 and every problem", function()
    local code, _, err = operator.run("journal", { "show" })
    assert.equal(2, code)
    assert.truthy(err:find("no configuration is named (--config FILE, or CPI_CONFIG); ", 1, true), err)
    assert.truthy(err:find("cloudstack.endpoint is missing", 1, true), err)
    assert.truthy(err:find("cloudstack.api_key is missing", 1, true), err)
  end)
end)

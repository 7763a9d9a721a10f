local operator = require "tests.support.operator"
local usage = require "operator.usage"

-- Runs a command; answers its exit code, what it wrote, and what it complained about.
local function run(name, ...)
  return operator.run(name, { ... })
end

local function script_names()
  local names = {}
  for path in io.popen("ls lua/commands"):read("a"):gmatch "([%w_]+)%.lua" do names[#names + 1] = path end
  return names
end

describe("help", function()
  it("tells of every command that there is, and of no other", function()
    local told = {}
    for i, command in ipairs(usage.commands) do told[i] = command.name end
    table.sort(told)
    assert.same(script_names(), told)
    local code, text = run "help"
    assert.equal(0, code)
    for _, name in ipairs(told) do assert.truthy(text:find("\n  " .. name, 1, true), name) end
  end)

  it("says the same as a manual page", function()
    local code, page = run("help", "man")
    assert.equal(0, code)
    assert.truthy(page:find('^%.TH CPI 1 "" "cloudstack_cpi 1%.2%.3"'))
    for _, option in ipairs(usage.options) do
      assert.truthy(page:find(option[1]:gsub("%-", "\\-"), 1, true), option[1])
    end
    assert.truthy(page:find("\n.RS\n.TP\n.B \\-\\-request FILE\n", 1, true)) -- of a command, set in below it
  end)

  it("tells of one command, by its name or by the command's --help", function()
    for _, name in ipairs(script_names()) do
      local code, text = run("help", name)
      assert.equal(0, code)
      assert.truthy(text:find("usage: cpi [--config FILE] " .. name, 1, true), text)
      assert.same({ 0, text, "" }, { run(name, "--help") })
      assert.same({ 0, text, "" }, { run(name, "-h", "--nonsense") })
    end
    assert.truthy(select(2, run("gc", "--help")):find("--older-than TIME", 1, true))
  end)

  it("refuses what it does not know", function()
    local code, _, complaint = run("help", "me")
    assert.equal(2, code)
    assert.truthy(complaint:find("there is no command 'me'", 1, true))
    assert.equal("cpi: there is no command 'docter' (did you mean 'doctor'?); `cpi --help` lists them\n",
      select(3, run("help", "docter")))
    assert.equal(2, (run("help", "gc", "cid")))
  end)

  it("says of a verb that it is asked by call", function()
    local code, _, err = operator.run("help", { "has_vm" })
    assert.equal(2, code)
    assert.truthy(err:find("has_vm is a verb of BOSH's: `cpi call has_vm ...` asks it", 1, true), err)
  end)
end)

local usage = require "usage"

-- Runs a command; answers its exit code, what it wrote, and what it complained about.
local function run(name, ...)
  local out, err = {}, {}
  local host = { version = "1.2.3", console = {
    write = function(text) out[#out + 1] = text end, error = function(text) err[#err + 1] = text end,
  } }
  return require("commands." .. name)(host, { ... }), table.concat(out), table.concat(err)
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
  end)

  it("refuses what it does not know", function()
    local code, _, complaint = run("help", "me")
    assert.equal(2, code)
    assert.truthy(complaint:find "usage")
  end)
end)

describe("completion", function()
  for _, shell in ipairs { "bash", "zsh", "fish" } do
    it("knows every command for " .. shell, function()
      local code, script = run("completion", shell)
      assert.equal(0, code)
      for _, command in ipairs(usage.commands) do
        assert.truthy(script:find(command.name, 1, true), command.name)
        for _, word in ipairs(command.words) do assert.truthy(script:find(word, 1, true), word) end
      end
    end)
  end

  it("completes in a real bash", function()
    local _, script = run("completion", "bash")
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(script, 'COMP_WORDS=(cpi journal s) COMP_CWORD=2; _cpi; echo "${COMPREPLY[@]}"\n')
    file:close()
    local pipe = io.popen("bash " .. path)
    assert.equal("show\n", pipe:read "a")
    pipe:close()
    os.remove(path)
  end)

  it("refuses a shell that it does not know", function()
    assert.equal(2, (run("completion", "tcsh")))
    assert.equal(2, (run "completion"))
  end)
end)

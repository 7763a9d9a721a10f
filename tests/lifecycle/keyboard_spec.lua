-- What a person types at a terminal: consents, and lines of the prompt.

local keyboard = require "tests.support.keyboard"
local rig = require "rig"

local GC = { "gc", "--director", "d-1", "--older-than", "0s", "--apply" }

local function create_vm(cloud)
  local run = cloud:cpi { method = "create_vm", api_version = 2, context = { director_uuid = "d-1", request_id = "r-1" },
    arguments = { "agent-1", "ubuntu-builtin", { cpu = 2, ram = 4096 },
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, {} } }
  return run.response.result[1]
end

describe("a question on a terminal", function()
  local cloud
  setup(function() cloud = rig.start { store = true } end)
  teardown(function() cloud:stop() end)

  for _, case in ipairs {
    { what = "y", keys = "y\n", code = 0, says = "1 found, 0 left" },
    { what = "n, which is rubbed out, and yes", keys = "n\127yes\n", code = 0, says = "1 found, 0 left" },
    { what = "n", keys = "n\n", code = 2, says = "cpi: nothing was removed" },
    { what = "a line without a letter", keys = "\n", code = 2, says = "cpi: nothing was removed" },
    { what = "the end of the input", keys = "\4", code = 2, says = "cpi: nothing was removed" },
  } do
    it("takes " .. case.what, function()
      if not keyboard.is_there() then return end
      create_vm(cloud)
      local screen, code = keyboard.type(cloud, GC, { { "Remove 1 leftover? [y/N] ", case.keys } })
      assert.truthy(screen:find(case.says, 1, true), screen)
      assert.equal(case.code, code)
      assert.is_nil(screen:find("\27", 1, true), screen) -- the terminal's own line, which libedit has not drawn anew
      cloud:command { "gc", "--director", "d-1", "--older-than", "0s", "--apply" }
    end)
  end

  it("stops a validate", function()
    if not keyboard.is_there() then return end
    local before = #cloud:requests()
    local screen, code = keyboard.type(cloud, { "validate", "--anyway", "--network", "bosh-net" }, { { "Go on? [y/N] ", "n\n" } })
    assert.truthy(screen:find("cpi: nothing was made", 1, true), screen)
    assert.equal(2, code)
    for _, request in ipairs(cloud:requests(before)) do assert.matches("^list", request.command) end
  end)
end)

describe("cpi repl on a terminal", function()
  local cloud
  setup(function() cloud = rig.start {} end)
  teardown(function() cloud:stop() end)

  it("edits lines, and remembers them", function()
    if not keyboard.is_there() then return end
    keyboard.type(cloud, { "repl" }, {
      { "> ", "40 + 0\27[D2\5\n" }, -- left, 2, to the end
      { "\n= 60\r", "" }, { "> ", "\27[A - 1\n" }, -- the line before, and more
      { "\n= 59\r", "" }, { "> ", "18\1277\27[D\27[D\27[C\27[C * 2\n" }, -- 8 is rubbed out, and there and back again
      { "\n= 34\r", "" }, { "> ", "\4" } })
  end)
end)

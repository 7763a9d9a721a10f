-- How cpi-server is started and ended: arguments, world files, the first line, signals, exit codes.

local rig = require "rig"

local server = rig.quote(rig.build .. "/cpi-server")

-- Runs a command line that has to end by itself -> exit code, stdout, stderr.
local function run(line)
  local directory = io.popen("mktemp -d"):read "l"
  local files = (">%s/out 2>%s/err </dev/null"):format(directory, directory)
  local _, _, code = os.execute(("timeout 20 %s %s %s"):format(server, line, files))
  local texts = {}
  for i, name in ipairs { "out", "err" } do
    local file = assert(io.open(directory .. "/" .. name))
    texts[i] = file:read "a"
    file:close()
  end
  os.execute("rm -rf " .. directory)
  return code, texts[1], texts[2]
end

local function assert_refused(line, code, words)
  local got, out, err = run(line)
  assert.equal(code, got, err)
  assert.equal("", out)
  assert.truthy(err:find(words, 1, true), err)
end

describe("cpi-server", function()
  it("lists its commands", function()
    local code, out = run "--help"
    assert.equal(0, code)
    assert.truthy(out:find("\n  sim ", 1, true))
  end)

  it("has every option of a command in its usage", function()
    for _, name in ipairs { "sim", "registry", "templates" } do
      local code, out = run(name .. " --help")
      assert.equal(0, code)
      local usage, count = out:match "^usage: ([^\n]+)\n\n", 0
      for option in out:gmatch "\n  (%-%-%l+)" do
        assert.truthy(usage:find(option, 1, true), usage .. " has no " .. option)
        count = count + 1
      end
      assert.is_true(count > 1)
    end
  end)

  it("says what is wrong with its arguments and exits 2", function()
    assert_refused("", 2, "usage: cpi-server COMMAND")
    assert_refused("simm", 2, "unknown command simm")
    assert_refused("sim", 2, "--listen HOST:PORT is missing")
    assert_refused("sim --listen", 2, "a value is missing after --listen")
    assert_refused("sim --lisen x", 2, "unknown option --lisen")
    assert_refused("sim --listen 127.0.0.1:0 more", 2, "unexpected argument more")
    for _, wrong in ipairs { "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "[]:0" } do
      assert_refused("sim --listen " .. wrong, 2, "--listen wants HOST:PORT, not " .. wrong)
    end
    assert_refused("sim --listen 127.0.0.1:0 --guest /nonexistent", 2, "guest program /nonexistent: No such file")
  end)

  it("says why it cannot start and exits 1", function()
    local cloud <close> = rig.start()
    assert_refused("sim --listen " .. cloud.base_url:match "//(.*)", 1, "Address already in use")
    assert_refused("sim --listen 127.0.0.1:0 --world /nonexistent.lua", 1, "/nonexistent.lua")
    for name, text in pairs {
      ["w.json"] = "{", ["x.json"] = "[1", ["syntax.lua"] = "return {", ["number.lua"] = "return 7", ["none.lua"] = "",
      ["raises.lua"] = "error 'no luck'", ["bytecode.lua"] = string.dump(function() return {} end),
      ["key.lua"] = "return { zone = {} }",
    } do
      local path = cloud.directory .. "/" .. name
      local file = assert(io.open(path, "wb"))
      file:write(text)
      file:close()
      assert_refused("sim --listen 127.0.0.1:0 --world " .. path, 1, name == "key.lua" and "zone" or path)
    end
  end)

  it("tells its endpoint and accounts in the first line", function()
    local cloud <close> = rig.start()
    assert.truthy(cloud.endpoint:find "^http://127%.0%.0%.1:%d+/client/api$")
    assert.is_true(#cloud.accounts >= 2)
    for _, account in ipairs(cloud.accounts) do
      for _, name in ipairs { "account", "role", "apikey", "secretkey" } do assert.is_string(account[name], name) end
    end
  end)

  it("takes a world in Lua as one in JSON", function()
    for _, world in ipairs {
      { "w.lua", "return { zones = { { name = 'elsewhere' } } }" },
      { "w.json", '{"zones":[{"name":"elsewhere"}]}' },
    } do
      local path = os.tmpname()
      os.remove(path)
      path = path .. world[1]
      local file = assert(io.open(path, "w"))
      file:write(world[2])
      file:close()
      local cloud <close> = rig.start { world = path }
      os.remove(path)
      local zone = cloud:api("listZones", { name = "elsewhere" }).zone
      assert.equal("elsewhere", zone and zone[1].name)
    end
  end)

  it("ends with exit code 0 at SIGTERM and SIGINT, whatever waits", function()
    for _, signal in ipairs { "TERM", "INT" } do
      local cloud <close> = rig.start()
      cloud:faults { { command = "listZones", fault = "hang" },
        { command = "listNetworks", fault = "delay", seconds = 60 } }
      for _, command in ipairs { "listZones", "listNetworks" } do
        local form = rig.quote(cloud:signed(command))
        os.execute(("curl -s -m 30 -d %s %s >/dev/null 2>&1 &"):format(form, cloud.endpoint))
      end
      rig.wait(function() return #cloud:requests() == 2 end, 5)
      local started = os.time()
      os.execute(("kill -%s %d"):format(signal, cloud.server))
      cloud:stop() -- raises unless the code was 0
      assert.is_true(os.time() - started <= 5)
    end
  end)
end)

-- cpi-server registry as its clients see it: the API over HTTP and HTTPS, who may what, hostile input, start and stop.

local native = require "host_native"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local server = rig.quote(rig.build .. "/cpi-server")

local read, write = text_file.read, text_file.write

local function run(line)
  local pipe = io.popen(line .. " 2>&1")
  local text = pipe:read "a"
  local _, _, code = pipe:close()
  return text, code
end

local REGISTRY = { host = "127.0.0.1", username = "admin", password = "registry-password" }
local PATH = "/instances/cpivm-1/settings"

-- A rig whose CloudStack nobody asks, and its registry's URL.
local function with_registry(more)
  local config = { registry = {} }
  for key, value in pairs(REGISTRY) do config.registry[key] = value end
  for key, value in pairs(more or {}) do config.registry[key] = value end
  local cloud = rig.start { store = true, config = config }
  cloud.base_url = cloud:daemon "registry"
  return cloud
end

local function ask(cloud, arguments, path)
  local body, told = cloud:curl(path or PATH, arguments)
  return told.code, rig.json.decode(body), body
end

local MASTER = "-u admin:registry-password"

describe("cpi-server registry", function()
  local cloud
  setup(function() cloud = with_registry() end)
  teardown(function() cloud:stop() end)

  it("keeps, answers and deletes settings", function()
    local text = '{"agent_id":"a","env":{"password":"env-secret"}}'
    assert.equal(404, (ask(cloud, MASTER)))
    assert.equal(201, (ask(cloud, MASTER .. " -X PUT -d " .. rig.quote(text))))
    assert.equal(200, (ask(cloud, MASTER .. " -X PUT -d " .. rig.quote(text))))
    local code, answer = ask(cloud, MASTER)
    assert.equal(200, code)
    assert.same({ status = "ok", settings = text }, answer)
    assert.equal(200, (ask(cloud, "-I " .. MASTER)))
    for _ = 1, 2 do assert.equal(200, (ask(cloud, MASTER .. " -X DELETE"))) end
    assert.equal(404, (ask(cloud, MASTER)))
    local log = read(cloud.directory .. "/registry.err")
    assert.truthy(log:find("settings of 'cpivm-1' written", 1, true))
    for _, secret in ipairs { "env-secret", "registry-password" } do assert.is_nil(log:find(secret, 1, true)) end
  end)

  it("knows the names of headers in any case", function()
    local basic = native.bytes.base64 "admin:registry-password"
    for _, name in ipairs { "Authorization", "authorization", "AUTHORIZATION", "aUTHORIzATION" } do
      assert.equal(404, (ask(cloud, ("-H '%s: Basic %s'"):format(name, basic))), name)
    end
    assert.equal(401, (ask(cloud, ("-H 'Authorizatiom: Basic %s'"):format(basic))))
  end)

  it("denies who has no right", function()
    for _, who in ipairs { "", "-u admin:wrong", "-u cpivm-1:0123456789012345678901234567890123456789" } do
      for _, method in ipairs { "GET", "PUT -d {}", "DELETE" } do
        local code, answer = ask(cloud, ("%s -X %s"):format(who, method))
        assert.equal(401, code)
        assert.same({ status = "access_denied" }, answer)
      end
    end
  end)

  it("refuses what is too large, and what is no settings, and stays", function()
    local large = write(cloud.directory .. "/large", '{"a":"' .. ("x"):rep(4 * 1024 * 1024) .. '"}')
    assert.equal(413, (ask(cloud, ("%s -X PUT -H Expect: --data-binary @%s"):format(MASTER, large))))
    local fits = write(cloud.directory .. "/fits", '{"a":"' .. ("x"):rep(4 * 1024 * 1024 - 100) .. '"}')
    assert.equal(201, (ask(cloud, ("%s -X PUT -H Expect: --data-binary @%s"):format(MASTER, fits))))
    assert.equal(200, (ask(cloud, MASTER .. " -X DELETE")))
    local deep = write(cloud.directory .. "/deep", ('{"a":'):rep(200000))
    assert.equal(400, (ask(cloud, ("%s -X PUT --data-binary @%s"):format(MASTER, deep))))
    assert.equal(400, (ask(cloud, MASTER .. " -X PUT -d 7")))
    assert.equal(405, (ask(cloud, MASTER .. " -X POST -d {}")))
    assert.equal(405, (ask(cloud, MASTER .. " -X TRACE")))
    assert.equal(404, (ask(cloud, MASTER, "/instances/a%2Fb/settings")))
    assert.equal(404, (ask(cloud, MASTER, "/instances/a%00/settings")))
    assert.equal(404, (ask(cloud, MASTER .. " --path-as-is", "/../../etc/passwd")))
    local _, told = cloud:curl(PATH, "-H 'Authorization: Basic " .. ("A"):rep(100000) .. "'")
    assert.truthy(told.code == 431 or told.code == 413 or told.exit ~= 0)
    run("printf 'GET / HTTP/1.1\\r\\nHost' | timeout 1 curl -s telnet://" .. cloud.base_url:match "//(.*)")
    assert.equal(404, (ask(cloud, MASTER)))
    assert.is_nil(read(cloud.directory .. "/registry.err"):find("traceback", 1, true))
  end)
end)

describe("the registry's process", function()
  local function pid_of(cloud) return tonumber(read(cloud.directory .. "/registry.pid"):match "%d+") end

  local function stop(cloud)
    os.execute(("kill -TERM %d"):format(pid_of(cloud)))
    return rig.wait(function()
      local file = io.open(cloud.directory .. "/registry.exit")
      local code = file and tonumber(file:read "l")
      if file then file:close() end
      return code
    end, 15)
  end

  it("keeps what it has when it is stopped and started again", function()
    local cloud <close> = with_registry()
    assert.equal(201, (ask(cloud, MASTER .. " -X PUT -d '{}'")))
    assert.equal(0, stop(cloud))
    assert.is_nil(read(cloud.directory .. "/registry.err"):find("Sanitizer", 1, true))
    cloud.base_url = cloud:daemon "registry"
    assert.equal(200, (ask(cloud, MASTER)))
  end)

  it("serves TLS alone where it has a certificate", function()
    local directory = io.popen("mktemp -d"):read "l"
    local _, made = run(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=registry "
      .. "-addext subjectAltName=IP:127.0.0.1 -keyout %s/key -out %s/cert"):format(directory, directory))
    assert.equal(nil, made ~= 0 and "openssl failed" or nil)
    local tls = { certificate = read(directory .. "/cert"), private_key = read(directory .. "/key") }
    local cloud <close> = with_registry { tls = tls }
    assert.truthy(cloud.base_url:find "^https://127%.0%.0%.1:%d+$")
    local trust = ("--cacert %s/cert %s"):format(directory, MASTER)
    assert.equal(201, (ask(cloud, trust .. " -X PUT -d '{}'")))
    assert.equal(200, (ask(cloud, trust)))
    cloud.base_url = cloud.base_url:gsub("https", "http")
    local _, told = cloud:curl(PATH, MASTER)
    assert.truthy(told.code == 0 or told.code == 400)
    os.execute("rm -rf " .. rig.quote(directory))
  end)

  it("says what is wrong before it listens", function()
    local directory = io.popen("mktemp -d"):read "l"
    local config = write(directory .. "/cpi.json", '{"registry":{"username":"a"}}')
    local bad = write(directory .. "/bad.json", rig.json.encode { store = { path = directory .. "/store" },
      registry = { username = "a", password = "secret-pw", tls = { certificate = "no", private_key = "no" } } })
    for line, case in pairs {
      ["registry"] = { 2, "--config FILE is missing" },
      ["registry --config /nonexistent"] = { 1, "configuration /nonexistent: No such file" },
      ["registry --config " .. config] = { 1, "the registry needs registry.password and store.path" },
      ["registry --listen 127.0.0.1:0 --config " .. bad] = { 1, "certificate or private key cannot be used" },
      ["registry --listen x --config " .. config] = { 2, "--listen wants HOST:PORT, not x" },
      ["registry --lisen x"] = { 2, "unknown option --lisen" },
      ["registry more --config " .. config] = { 2, "unexpected argument more" },
    } do
      local text, code = run(("env -u CPI_CONFIG timeout 20 %s %s"):format(server, line))
      assert.equal(case[1], code, line .. ": " .. text)
      assert.truthy(text:find(case[2], 1, true), text)
      assert.is_nil(text:find("secret-pw", 1, true))
    end
    assert.equal(0, select(2, run(server .. " registry --help")))
    os.execute("rm -rf " .. rig.quote(directory))
  end)
end)

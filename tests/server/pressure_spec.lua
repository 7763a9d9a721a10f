-- A daemon under pressure: what is decided at the headers, clients that are never done, a store that is locked.

local crowd = require "crowd"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local PASSWORD = "registry-password"
local MASTER = "-u admin:" .. PASSWORD
local PATH = "/instances/cpivm-1/settings"
local MOST_MEMORY = 64 -- MB
local IS_SANITIZED = rig.build:find "asan" ~= nil -- its memory is the sanitizer's

local native = require "host_native"
local AUTHORIZATION = "Authorization: Basic " .. native.bytes.base64("admin:" .. PASSWORD) .. "\r\n"
local LARGE = 4 * 1024 * 1024

local head = crowd.head

local output_of = require("tests.support.shell").output_of

local function with_registry(more)
  local config = { registry = { host = "127.0.0.1", username = "admin", password = PASSWORD } }
  for key, value in pairs(more or {}) do config.registry[key] = value end
  local cloud = rig.start { store = true, config = config }
  cloud.base_url = cloud:daemon "registry"
  cloud.port = cloud.base_url:match ":(%d+)$"
  return cloud
end

local function memory_of(cloud)
  local pid = text_file.read(cloud.directory .. "/registry.pid"):match "%d+"
  return tonumber(text_file.read("/proc/" .. pid .. "/status"):match "VmHWM:%s*(%d+)") / 1024
end

-- Asks it to end -> its exit code.
local function stop(cloud)
  os.execute("kill -TERM " .. text_file.read(cloud.directory .. "/registry.pid"):match "%d+")
  return rig.wait(function() return text_file.read_any(cloud.directory .. "/registry.exit"):match "%d+" end, 30)
end

local function log_of(cloud) return text_file.read(cloud.directory .. "/registry.err") end

-- Sends the text, and returns all that comes until the other side closes; "still open" is added where it does not.
local function raw(cloud, text)
  local code = [[require "socket"; s = TCPSocket.new("127.0.0.1", ARGV[0]); s.write(ARGV[1].gsub("\\r\\n", "\r\n")); out = +""
    begin
      while IO.select([s], nil, nil, 15); out << s.readpartial(65536); end
      out << "still open"
    rescue SystemCallError, EOFError
    end
    print out]]
  return output_of(("ruby -e %s %s %s"):format(rig.quote(code), cloud.port, rig.quote((text:gsub("\r\n", "\\r\\n")))))
end

describe("the head of a request", function()
  local cloud
  setup(function() cloud = with_registry() end)
  teardown(function() cloud:stop() end)

  for what, case in pairs {
    ["without a right"] = { 401, head("PUT", PATH, LARGE) },
    ["with a wrong password"] = { 401, head("DELETE", PATH, 5, "Authorization: Basic YTpi\r\n") },
    ["for what is not there"] = { 404, head("PUT", "/instances", LARGE, AUTHORIZATION) },
    ["of another method"] = { 405, head("POST", PATH, LARGE, AUTHORIZATION) },
    ["of a body that is too large"] = { 413, head("PUT", PATH, LARGE + 1, AUTHORIZATION) },
    ["of a body in chunks, without a right"] = { 401,
      "PUT " .. PATH .. " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" },
  } do
    it("is enough to refuse a request " .. what .. ", and then the connection is closed", function()
      local text = raw(cloud, case[2])
      assert.truthy(text:find("^HTTP/1.1 " .. case[1]), text)
      assert.is_nil(text:find("still open", 1, true))
    end)
  end

  it("is answered once: a body that was not read is not the next request", function()
    local hidden = "GET " .. PATH .. " HTTP/1.1\r\nHost: a\r\n" .. AUTHORIZATION .. "\r\n"
    local text = raw(cloud, head("DELETE", PATH, #hidden) .. hidden)
    assert.equal(1, select(2, text:gsub("HTTP/1.1 ", "")), text)
  end)

  it("leaves a connection as it is where there is no body", function()
    local text = raw(cloud, ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n"):format(PATH) .. "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert.equal(2, select(2, text:gsub("HTTP/1.1 ", "")), text)
  end)

  it("of many denied requests writes few lines to the log", function()
    local before = select(2, log_of(cloud):gsub("denied", ""))
    output_of(("seq 300 | xargs -P 8 -n 50 sh -c 'for i in \"$@\"; do curl -s -o /dev/null %s%s; done' sh"):format(
      cloud.base_url, PATH))
    assert.is_true(select(2, log_of(cloud):gsub("denied", "")) - before <= 2)
  end)
end)

describe("clients that are never done", function()
  it("have a time for headers and body that no dripped byte makes longer", function()
    local cloud <close> = with_registry()
    local group <close> = crowd.start(cloud.port, { { count = 3, head = crowd.slow_head(PATH) },
      { count = 3, head = head("PUT", PATH, LARGE, AUTHORIZATION), bytes = 100 } })
    rig.wait(function() return group:count "closed" == 6 end, 60)
    assert.equal(0, group:count "status")
  end)

  it("keep nobody from an answer, from one address or from many, and cost little memory", function()
    local cloud <close> = with_registry()
    local others <close> = crowd.pressure(cloud.port, PATH, AUTHORIZATION)
    local longest = 0
    local function ask(address, arguments)
      local _, told = cloud:curl(PATH, ("--interface %s %s"):format(address, arguments))
      longest = math.max(longest, told.seconds)
      return told.code
    end
    for _, address in ipairs { "127.0.0.1", "127.1.0.1", "127.2.0.1" } do
      for _ = 1, 5 do
        assert.equal(201, ask(address, MASTER .. " -X PUT -d '{}'"))
        assert.equal(200, ask(address, MASTER))
        assert.equal(401, ask(address, "-u a:b"))
        assert.equal(200, ask(address, MASTER .. " -X DELETE"))
      end
    end
    local memory = memory_of(cloud)
    print(("\n  among 1,000 slow clients and 150 unfinished PUTs: answers within %.2f s, %.1f MB resident at most"):format(longest, memory))
    assert.is_true(others:count "status 401" >= 75)
    assert.equal(0, others:count "status 20", "the others are not done")
    assert.is_true(IS_SANITIZED or memory < MOST_MEMORY, memory .. " MB")
    assert.is_true(select(2, log_of(cloud):gsub("\n", "")) < 60, "few lines are written about them")
    assert.equal("0", stop(cloud))
    assert.is_nil(log_of(cloud):find("Sanitizer", 1, true), log_of(cloud))
  end)
end)

describe("a store that another process keeps locked", function()
  local cloud
  setup(function() cloud = with_registry() end)
  teardown(function() cloud:stop() end)

  -- As SQLite in another process holds the lock of the one writer. -> a function that ends it.
  local function lock()
    local code = ("f = File.open(%q, 'r+'); f.fcntl(6, [1, 0, 120, 1, 0].pack('ssx4qqix4')); puts $$; $stdout.flush; sleep"):format(
      cloud.store .. "-shm")
    local pipe = assert(io.popen("exec ruby -e " .. rig.quote(code)))
    local pid = assert(pipe:read "n")
    return function()
      rig.kill(pid)
      pipe:close()
    end
  end

  -- A PUT in the background -> its process, which ends with status and Retry-After.
  local function put()
    return assert(io.popen(("curl -s -m 60 -o /dev/null -D - %s -X PUT -d '{}' %s%s"):format(MASTER, cloud.base_url, PATH)))
  end

  it("holds up nobody but those who write", function()
    local unlock = lock()
    local writers = {}
    for i = 1, 5 do writers[i] = put() end
    for _ = 1, 20 do assert.equal(404, select(2, cloud:curl(PATH, MASTER)).code) end -- while they wait
    unlock()
    local made = 0
    for _, writer in ipairs(writers) do
      local text = writer:read "a"
      writer:close()
      made = made + (text:find "^HTTP/1.1 201" and 1 or 0)
      assert.truthy(text:find "^HTTP/1.1 20[01] ", text)
    end
    assert.equal(1, made)
  end)

  it("is answered with 503 and Retry-After in the end", function()
    local unlock = lock()
    local writer = put()
    local text = writer:read "a"
    writer:close()
    unlock()
    assert.truthy(text:find "^HTTP/1.1 503 ", text)
    assert.truthy(text:find "Retry%-After: %d+\r\n")
    assert.truthy(log_of(cloud):find("kept the store locked for 5 s", 1, true))
  end)
end)

describe("the registry's TLS", function()
  it("is of version 1.2 at least", function()
    local directory = output_of("mktemp -d"):match "%S+"
    output_of(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=registry "
      .. "-addext subjectAltName=IP:127.0.0.1 -keyout %s/key -out %s/cert 2>&1"):format(directory, directory))
    local cloud <close> = with_registry { tls = { certificate = text_file.read(directory .. "/cert"),
      private_key = text_file.read(directory .. "/key") } }
    for version, is_taken in pairs { tls1 = false, tls1_1 = false, tls1_2 = true, tls1_3 = true } do
      local text = output_of(("openssl s_client -connect 127.0.0.1:%s -%s -cipher ALL:@SECLEVEL=0 </dev/null 2>&1"):format(
        cloud.port, version))
      assert.equal(is_taken, text:find("Cipher is (NONE)", 1, true) == nil, version .. text)
    end
    os.execute("rm -rf " .. rig.quote(directory))
  end)
end)

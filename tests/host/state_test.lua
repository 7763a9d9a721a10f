-- The state that our scripts live in: which names it has, and which ways out it has not.

local check = require "check"
local harness = require "harness"

local host = harness.host

-- ---------------------------------------------------------------------------------------------------------
-- globals, exactly

local expected = {}
for name in ([[_G _VERSION assert collectgarbage coroutine error getmetatable ipairs math next package pairs pcall rawequal
  rawget rawlen rawset require select setmetatable string table tonumber tostring type utf8 warn xpcall]]):gmatch "%S+" do
  expected[name] = true
end
for name in pairs(_G) do check.that(expected[name], "a script may not see " .. name) end
for name in pairs(expected) do check.that(rawget(_G, name) ~= nil, "a script must see " .. name) end

for _, name in ipairs { "io", "os", "debug", "dofile", "loadfile", "load", "print", "host", "nonsense" } do
  check.raises(("undefined variable '%s'"):format(name), function() return _G[name] end)
end
check.raises("assignment to undeclared variable 'x'", function() x = 1 end) -- luacheck: ignore
check.equal(nil, string.dump)
check.equal(nil, package.loadlib)

-- ---------------------------------------------------------------------------------------------------------
-- one path

check.equal(host.lua_dir .. "/?.lua", package.path)
check.equal("", package.cpath)
for _, name in ipairs { "cjson", "lfs", "socket", "os", "io", "debug" } do
  check.that(not pcall(require, name), "no module " .. name)
end

-- Neither the environment nor the working directory adds to it: the CPI itself is asked.
local directory = harness.directory()
harness.shell(("mkdir -p %s/bin %s/lua %s/elsewhere && cp %s/cpi %s/bin/")
  :format(directory, directory, directory, harness.build, directory))
harness.write(directory .. "/lua/cpi.lua", [[
  return function(host)
    local found = {}
    for _, name in ipairs { "planted", "cjson" } do found[name] = pcall(require, name) end
    return { path = package.path, cpath = package.cpath, found = found, lua_dir = host.lua_dir }
  end]])
harness.write(directory .. "/elsewhere/planted.lua", "return 1")
harness.write(directory .. "/request.json", '{"method":"x","arguments":[]}')
harness.shell(([[cd %s/elsewhere && LUA_PATH='%s/elsewhere/?.lua;;' LUA_PATH_5_4='%s/elsewhere/?.lua;;' LUA_CPATH='./?.so;;' \
  LUA_INIT='x=1' ../bin/cpi <../request.json >../out 2>../err]]):format(directory, directory, directory))
local answer = host.json.decode(harness.read(directory .. "/out"))
check.equal(directory .. "/lua/?.lua", answer.result.path)
check.equal("", answer.result.cpath)
check.equal(false, answer.result.found.planted)
check.equal(false, answer.result.found.cjson)

-- Where scripts are looked for, from the executable: ../lua, ../../lua, ../share/cloudstack_cpi/lua; links are followed.
for _, place in ipairs { "a/lua a/bin", "a/lua a/build/bin", "a/share/cloudstack_cpi/lua a/bin" } do
  local scripts, programs = place:match "(%S+) (%S+)"
  local at = harness.directory()
  harness.shell(("cd %s && mkdir -p %s %s && cp %s/lua/cpi.lua %s && cp %s/bin/cpi %s && ln -s %s/cpi link"):format(
    at, scripts, programs, directory, scripts, directory, programs, programs))
  for _, program in ipairs { programs .. "/cpi", "link" } do
    harness.shell(("cd /; %s/%s <%s/request.json >%s/out"):format(at, program, directory, at))
    check.equal(at .. "/" .. scripts, host.json.decode(harness.read(at .. "/out")).result.lua_dir, program)
  end
  harness.shell("rm -rf " .. at)
end
harness.shell("rm -rf " .. directory)

-- ---------------------------------------------------------------------------------------------------------
-- the host table

for field, kind in pairs { attempt = "function", bytes = "table", clock = "table", cloudstack = "table", config = "table",
  console = "table", environment = "function", files = "table", http = "table", images = "table", interruption = "function",
  json = "table", log = "table", lua_dir = "string", policy = "table", process = "table", read_only = "function",
  store = "table", throttle = "table", version = "string" } do
  check.equal(kind, type(host[field]), field)
end
local fields = "attempt bytes clock cloudstack config console environment files http images interruption json log lua_dir policy process "
  .. "read_only store throttle version "
for field in pairs(host) do
  check.that(fields:find(field .. " ", 1, true), "what is host." .. field)
end
check.that(host.version:find "^%d+%.%d+%.%d+$", host.version)
check.equal(nil, host.environment "NO_SUCH_VARIABLE_AT_ALL")
check.equal("string", type(host.environment "PATH"))

-- attempt
check.same({ true, 1, nil, 3, n = 4 }, table.pack(host.attempt(function(...) return ... end, 1, nil, 3)))
local typed = { type = "T" }
check.same({ false, typed, n = 2 }, table.pack(host.attempt(error, typed)))
check.raises("value expected", host.attempt)

-- bytes
local bytes = host.bytes
check.equal("Zm9vYg==", bytes.base64 "foob")
check.equal("foob", bytes.unbase64 "Zm9vYg==")
check.equal(nil, bytes.unbase64 "!")
check.equal("\0\255", bytes.unbase64(bytes.base64 "\0\255"))
check.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", bytes.sha256 "abc")
check.equal("de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9", (bytes.hmac_sha1("key", "The quick brown fox jumps over the lazy dog")
  :gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
check.equal("c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a", (bytes.pbkdf2("password", "salt", 4096)
  :gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
local private_key, public_key = bytes.key_pair()
check.holds("-----BEGIN RSA PRIVATE KEY-----\n", private_key)
check.holds("ssh-rsa AAAA", public_key)
check.raises("1 to 10000000 rounds", bytes.pbkdf2, "password", "salt", 0)
check.that(bytes.uuid():find "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$" and bytes.uuid() ~= bytes.uuid(), "uuids")
check.equal(100, #bytes.random(100))
check.raises("0 to 1048576", bytes.random, -1)

-- clock
local clock = host.clock
check.equal("2026-01-01T00:00:00Z", clock.iso(1767225600))
check.that(clock.iso():find "^20%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", "now")
check.raises("out of range", clock.iso, math.maxinteger)
check.equal("integer", math.type(clock.utc()))
local before = clock.now()
clock.sleep(0.01)
check.that(clock.now() - before >= 0.01, "sleeps")

-- process
local nobody, why = host.process.identity()
check.that(nobody == nil and #why > 0, "without a file of locks nobody can be known")
local place = harness.directory()
host.process.use(place .. "/locks")
check.that(host.process.alive(assert(host.process.identity())), "we live")
check.that(not host.process.alive "1.7.00000000000000000000000000000000", "what another boot left does not")
check.that(host.process.alive "1.1", "what nobody understands may")
harness.shell("rm -r " .. place)
check.equal(nil, host.interruption())

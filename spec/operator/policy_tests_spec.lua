-- What a file that tests policies can reach: the documented names and no others, in both directions, and nothing behind them.

local escapes = dofile "tests/host/escapes.lua"
local native = require "host_native"
local operator = require "tests.support.operator"
local policy_tests = require "operator.policy_tests"

-- The names that a test file has beside a policy's, and what its cloud has.
local names = { "cloud", "decide", "equal", "facts", "fails", "holds", "print", "refused", "test" }
local cloud_names = { "call", "cid", "disk", "failure", "left", "log", "requests", "sim", "sim.advance", "sim.clock",
  "sim.clock.iso", "sim.clock.now", "sim.clock.sleep", "sim.clock.utc", "sim.fault", "sim.state", "vm" }

-- A host as commands have it, with what a test must not reach: each part a trap.
local function host_with_traps()
  local host = operator.host { config = { read = function() return { cloudstack = { secret_access_key = "in-the-clear" } } end },
    compile = function() error "compiled" end, request = function() error "read a request" end }
  return host
end

-- Runs the text as a test file -> passed, failed, the failures' words
local function run(text, policies)
  policies = policies or {}
  policies["a_test.lua"] = text
  local failures = {}
  local passed, failed = policy_tests.run(host_with_traps(), operator.directory(policies), function(_, _, failure)
    failures[#failures + 1] = failure
  end)
  return passed, failed, table.concat(failures, "\n")
end

local function failure_of(text)
  local passed, failed, words = run(("test('a', function() %s end)"):format(text))
  assert.same({ 0, 1 }, { passed, failed }, text)
  return words
end

-- What the text of a test file leaves in its table `out`.
local function left_by(text)
  local out = {}
  local host = host_with_traps()
  local globals = policy_tests.globals(host, operator.directory {}, {})
  globals.out = out
  host.policy.load(operator.directory { ["a_test.lua"] = text }, "a_test", globals)
  return out
end

-- Every value that can be reached from there: value -> the way to it. What nobody can get at without `debug` is looked for
-- with it: metatables too.
local function reachable(root)
  local seen, queue = {}, { { root, "" } }
  while #queue > 0 do
    local value, way = table.unpack(table.remove(queue))
    if (type(value) == "table" or type(value) == "function" or type(value) == "userdata") and not seen[value] then
      seen[value] = way
      if type(value) == "table" then
        for key, inner in next, value do
          queue[#queue + 1] = { inner, ("%s.%s"):format(way, tostring(key)) }
          queue[#queue + 1] = { key, way .. " (a key)" }
        end
        local meta = debug.getmetatable(value)
        local index = meta and rawget(meta, "__index")
        if type(index) == "table" then queue[#queue + 1] = { index, way .. " (its metatable)" } end
      end
    end
  end
  return seen
end

-- Everything that is ours and no sandbox's: the host, all modules, Lua's own globals.
local function ours()
  local sandbox = left_by "out.env = _ENV"
  local allowed, forbidden = {}, {}
  for name in pairs(escapes.names) do
    local library, field = name:match "^(.-)%.(.*)$"
    local value = library and _G[library][field] or not library and _G[name]
    if type(value) == "function" then allowed[value] = true end
  end
  for value, way in pairs(reachable { host = native, loaded = package.loaded, globals = _G }) do
    if not allowed[value] then forbidden[value] = way end
  end
  return forbidden, sandbox
end

describe("a file that tests policies", function()
  it("can name what a policy can and the documented functions, no more and no less", function()
    local env, wanted = left_by("out.env = _ENV").env, {}
    for name in pairs(escapes.names) do wanted[name] = true end
    for _, name in ipairs(names) do wanted[name] = true end
    wanted.out = true
    local got = {}
    for name, value in pairs(env) do
      got[name] = true
      if type(value) == "table" and escapes.names[name] then
        for field in pairs(value) do got[name .. "." .. field] = true end
      end
    end
    assert.same(wanted, got)
  end)

  it("has a cloud with the documented functions, no more and no less", function()
    local cloud, got = left_by("out.cloud = cloud {}").cloud, {}
    local function walk(value, prefix)
      for name, inner in pairs(value) do
        got[#got + 1] = prefix .. name
        if type(inner) == "table" then walk(inner, prefix .. name .. ".") end
      end
    end
    walk(cloud, "")
    assert.equal("table", type(cloud.log))
    got[#got + 1] = "log"
    table.sort(got)
    assert.same(cloud_names, got)
    for _, name in ipairs { "host", "store", "request", "files", "config", "compile" } do assert.is_nil(cloud[name], name) end
    for _, name in ipairs { "host", "model", "http", "send", "upload", "accounts", "json", "bytes", "requests", "world", "source" } do
      assert.is_nil(cloud.sim[name], name)
    end
  end)

  it("finds the same names in what editors read", function()
    local text = assert(io.open "lua/meta/policy_tests.lua"):read "a"
    local got = {}
    for name in text:gmatch "\nfunction ([%w_]+)%(" do got[#got + 1] = name end
    for name in text:gmatch "\n([%w_]+) = {}" do got[#got + 1] = name end
    table.sort(got)
    assert.same(names, got)
    for _, name in ipairs(cloud_names) do
      local field = name:match "^sim%.clock%.(.*)$"
      local way = field and field .. ": fun" or "@field " .. name:gsub("^sim%.", "") .. " "
      assert.truthy(text:find(way, 1, true), name)
    end
  end)

  it("reaches nothing of ours, through whatever it is given", function()
    local forbidden = ours()
    local out = left_by [[
      local c = cloud { version = "4.18.0.0" }
      local vm = c.cid { env = { bosh = { group = "g" } } }
      c.sim.fault { command = "createVolume", fault = "delay", seconds = 1 }
      out.env, out.cloud, out.vm, out.row = _ENV, c, vm, c.vm(vm)
      out.result = c.call("create_disk", 1024, {}, vm)
      out.info, out.has, out.disks = c.call "info", c.call("has_vm", vm), c.call("get_disks", vm)
      out.calculated = c.call("calculate_vm_cloud_properties", { cpu = 1, ram = 512, ephemeral_disk_size = 1024 })
      out.failure = c.failure("has_vm", 5)
      out.words = fails(c.call, "has_vm", 5)
      out.state, out.requests, out.left, out.log = c.sim.state(), c.requests(), c.left(), c.log
      out.now = { c.sim.clock.now(), c.sim.clock.utc(), c.sim.clock.iso(), c.sim.clock.sleep(1), c.sim.advance(1) }
      for _, name in ipairs { "expunge", "retry", "service_offering", "affinity", "failed_vm", "names" } do
        out[name] = { facts[name], facts[name] {}, decide(name, facts[name] {}) }
      end
      test("x", function() end)
    ]]
    local count = 0
    for value, way in pairs(reachable(out)) do
      count = count + 1
      assert.is_nil(forbidden[value], ("%s leads to our %s"):format(way, tostring(forbidden[value])))
      assert.not_equal("userdata", type(value), way)
    end
    assert.is_true(count > 100, count .. " values")
    assert.is_nil(native.json.encode { out.state, out.failure, out.log }:find("in-the-clear", 1, true))
  end)

  it("gets copies: what it changes is its own", function()
    local passed, _, words = run [[
      test("a", function()
        local c = cloud {}
        local vm = c.cid {}
        c.sim.state().vms[1].state = "Gone"
        c.vm(vm).state = "Gone"
        c.log[1] = "mine"
        c.requests()[1] = nil
        equal("Running", c.vm(vm).state)
        equal("Running", c.sim.state().vms[1].state)
        facts.expunge {}.vm.name = "changed"
        if facts.expunge {}.vm.name == "changed" then error "the example changed" end
      end)
      test("b", function() if c then error "a" end end)
    ]]
    assert.equal(2, passed, words)
  end)

  it("gives data and nothing else", function()
    for _, text in ipairs {
      "cloud { version = function() end }", "cloud { zones = { { name = print } } }", "cloud {}.cid { env = { f = fails } }",
      "cloud {}.call('has_vm', print)", "cloud {}.sim.fault { command = test }", "facts.expunge { vm = { name = error } }",
      "decide('expunge', { f = error })", "refused('expunge', { [print] = 1 })",
    } do
      local words = failure_of(text)
      assert.truthy(words:find("a policy's test gives data: it holds a function", 1, true), text .. "\n" .. words)
      assert.truthy(words:find("a_test.lua:1: ", 1, true), words)
    end
    assert.truthy(failure_of("local t = {} t.t = t cloud(t)"):find("more than 100 tables in each other", 1, true))
  end)

  it("reads no file of this machine through a verb", function()
    for _, path in ipairs { "/etc/passwd", "/dev/zero", "lua/cpi.lua" } do
      local words = failure_of(("cloud {}.call('create_stemcell', %q, { infrastructure = 'xen', os_type = 'linux' })"):format(path))
      assert.truthy(words:find("a policy's test has no files", 1, true), words)
    end
  end)

  it("is stopped by all that stops a policy", function()
    for _, text in ipairs(escapes.lacking) do
      if not text:find "print 'x'" then -- it has a print of its own
        local passed, failed, words = run(text)
        assert.same({ 0, 1 }, { passed, failed }, text)
        assert.truthy(words:find("a_test.lua:1", 1, true), text .. "\n" .. words)
      end
    end
    for words, texts in pairs(escapes.attempts) do
      for _, text in ipairs(texts) do
        if not text:find("dump", 1, true) then -- which the host takes away, and the Lua of specs has
          collectgarbage() -- what could be collected would not count
          local got = failure_of(text)
          assert.truthy(got:find(words, 1, true), text .. "\n" .. got:sub(1, 300))
        end
      end
    end
    for _, text in ipairs(escapes.hungry) do
      collectgarbage()
      assert.truthy(failure_of(text):find("used more than 32 MB", 1, true), text)
    end
    for _, text in ipairs(escapes.sources) do assert.equal(1, (select(2, run(text)))) end
  end)

  it("is stopped for good, whatever it catches and whoever works for it", function()
    for _, text in ipairs {
      "while true do fails(function() while true do end end) end",
      "while true do decide('expunge', facts.expunge {}) end",
      "while true do refused('expunge', 5) end",
      "local c = cloud {} while true do c.call('info') end",
      "while true do cloud {} end",
      "local c = cloud {} c.cid {} while true do fails(c.call, 'has_vm', 5) end",
      "cloud {}.sim.advance(1e15)",
    } do
      local words = failure_of(text)
      assert.truthy(words:find("ran for more than 10000000 steps", 1, true), text .. "\n" .. words)
    end
  end)
end)

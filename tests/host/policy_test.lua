-- host.policy: what a policy can name, exactly; that it cannot get out; and its budgets.

local check = require "check"
local escapes = require "escapes"
local harness = require "harness"

local policy = harness.host.policy
local directory = harness.directory()

local function write(name, text) harness.write(("%s/%s.lua"):format(directory, name), text) end

local function load(text)
  write("probe", text)
  return policy.load(directory, "probe")
end

-- ---------------------------------------------------------------------------------------------------------
-- contents, in both directions

local expected = escapes.names

local seen = {}
for i, name in ipairs(policy.names()) do
  seen[name] = true
  check.that(expected[name], "a policy may not see " .. name)
  if i > 1 then check.that(policy.names()[i - 1] < name, "sorted") end
end
for name in pairs(expected) do check.that(seen[name], "a policy must see " .. name) end

-- The same asked from inside.
local _, inside = load [[
  local found = {}
  for _, name in ipairs { "_G", "collectgarbage", "coroutine", "debug", "dofile", "getmetatable", "host", "io", "load",
    "loadfile", "loadstring", "os", "package", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "require",
    "setmetatable", "warn", "xpcall", "_VERSION", "bit32", "unpack" } do
    if _ENV[name] ~= nil then found[#found + 1] = name end
  end
  for name in pairs(_ENV) do found[name] = true end
  return found
]]
check.equal(0, #inside, "names that must be nil, the first being " .. tostring(inside[1]))
for name in pairs(inside) do check.that(expected[name], "from inside: " .. tostring(name)) end

-- ---------------------------------------------------------------------------------------------------------
-- attempts to get out

local _, changed = load [[
  string.rep = nil
  math.floor = function() return "mine" end
  table.insert = nil
  leaked = true
  ipairs = nil
  return { rep = ("x").rep ~= nil, dump = ("x").dump, own = math.floor(1.5) }
]]
check.that(string.rep and table.insert and ipairs and math.floor(1.5) == 1, "our libraries are as they were")
check.equal("mine", changed.own, "it changes its own copy")
check.equal(nil, changed.dump, "no string.dump by way of a string")
check.that(pcall(function() return leaked end) == false, "its globals are not ours") -- luacheck: ignore
local _, fresh = load [[return { leaked = leaked, rep = string.rep, floor = math.floor(1.5) }]]
check.that(fresh.leaked == nil and fresh.rep and fresh.floor == 1, "another policy starts afresh")

for _, text in ipairs(escapes.lacking) do
  local why = check.raises("probe.lua:1", load, text)
  check.holds(directory, why, text)
end

local bytecode = harness.dump(harness.compile "return { api = 1 }")
write("probe", bytecode)
check.holds("bytecode", check.raises("probe.lua", policy.load, directory, "probe"), "says what it is")

-- ---------------------------------------------------------------------------------------------------------
-- loading

local path, value = load "return { api = 1, name = ... }"
check.equal(directory .. "/probe.lua", path)
check.that(value.api == 1 and value.name == nil, "what it returns")
check.equal(0, select("#", load ""), "a blank file is none")
check.equal(0, select("#", load " \n\t\r\n "), "nor is one of white space")
check.equal(0, select("#", policy.load(directory, "absent")), "an absent one is none")
check.equal(0, select("#", policy.load(directory .. "/nowhere", "absent")), "in an absent directory")
path, value = load "-- nothing but a remark"
check.that(path and value == nil, "a file that returns nothing is a file")

local MARK = "\xEF\xBB\xBF"
for _, head in ipairs { MARK, "#!/usr/bin/env lua5.4\n", MARK .. "#!lua\n" } do
  path, value = load(head .. "return { api = 1 }")
  check.that(path and value.api == 1, "what editors and shells put first is left out, as Lua does with a file")
  check.equal(0, select("#", load(head .. " \n")), "and what is left may be blank")
end
check.equal(0, select("#", load "#!lua"), "a first line alone is a blank file")
check.holds("probe.lua:2:", check.raises("expected", load, "#!lua\nlocal = 2"), "the lines keep their numbers")
check.raises("probe.lua:1:", load, "\xEF\xBBreturn 1")

check.holds("probe.lua:2:", check.raises("expected", load, "local x = 1\nlocal = 2"), "a syntax error's line")
check.holds("probe.lua:2:", check.raises("nil value", load, "local x\nreturn x.y"), "a runtime error's line")
check.raises("my words", load, "error('my words')")
harness.shell(("mkdir %s/folder.lua"):format(directory))
check.raises("folder.lua: it is a directory, not a regular file", policy.load, directory, "folder")
harness.shell(("ln -s loop.lua %s/loop.lua"):format(directory))
check.raises("loop.lua:", policy.load, directory, "loop")
for _, name in ipairs { "../probe", "a/b", "", "Probe", "a.b", "x\0y" } do
  check.raises("not a valid policy name", policy.load, directory, name)
end
check.raises("string expected", policy.load, directory)
check.raises("string expected", policy.load, nil, "probe")

-- ---------------------------------------------------------------------------------------------------------
-- calling, and its budgets

local function decide(text)
  local _, loaded = load("return function(...) " .. text .. " end")
  return loaded
end

check.equal(3, select("#", policy.call(decide "return 1, nil, nil")), "all results")
check.equal(7, (policy.call(decide "local a, b = ... return a + b", 3, 4)), "all arguments")
local value_raised = check.raises("no room", policy.call, decide "error({ message = 'no room' })")
check.equal("table", type(value_raised), "an error keeps its type")
check.raises("function expected", policy.call, 5)

local stopped = check.raises("ran for more than 10000000 steps", policy.call, decide "while true do end")
check.holds("probe.lua:1:", stopped, "where it ran")
check.raises("ran for more than", load, "while true do end")
check.raises("ran for more than", policy.call, decide "local function f() return f() end f()")
check.raises("ran for more than", policy.call, decide "table.sort({ 3, 2, 1 }, function() while true do end end)")
check.raises("ran for more than", policy.call, decide "string.gsub('x', 'x', function() while true do end end)")
check.that(policy.call(decide "for i = 1, 2000000 do end return true"), "what is long but not too long")
check.that(policy.call(decide "for i = 1, 2000000 do end return true"), "each call has its own budget")
check.raises("used more than 32 MB", policy.call, decide "local function f() return 1 + f() end f()")

for _, text in ipairs(escapes.hungry) do
  local before = harness.used()
  check.raises("used more than 32 MB", policy.call, decide(text))
  collectgarbage()
  local after, limit = harness.used()
  check.equal(0, limit, "the ceiling is lifted again")
  check.that(after < before + 2 ^ 20, ("%d bytes stay behind"):format(after - before))
end
check.equal(2 ^ 24 | 0, #policy.call(decide "return ('x'):rep(2^24)"), "16 MB are given")
check.raises("used more than 32 MB", load, "return ('x'):rep(2^26)")
local big = ("y"):rep(100 * 1024 * 1024)
check.equal(#big, policy.call(decide "return #...", big), "what is in use already does not count")

-- What a call takes, for those who write policies.
local used, first, second = policy.measure(decide "local n = 0 for i = 1, 1000 do n = n + i end return n, nil")
check.that(first == 500500 and second == nil, "its results")
check.that(used.steps > 1000 and used.steps < 5000, used.steps .. " steps")
check.that(used.bytes < 65536, used.bytes .. " bytes")
used = policy.measure(decide "for i = 1, 10 do local s = ('x'):rep(2^20) end")
check.that(used.bytes >= 2 ^ 20 and used.bytes < 2 ^ 24, used.bytes .. " bytes at the most")
check.equal(policy.measure(decide "return 1").steps, policy.measure(decide "return 1").steps, "the same steps each time")
if not harness.host.environment "CPI_RUNNER" then -- there each step takes so long that its CPU time ends first
  check.raises("ran for more than 10000000 steps", policy.measure, decide "while true do end")
end
check.raises("used more than 32 MB", policy.measure, decide "return ('x'):rep(2^26)")
check.raises("my words", policy.measure, decide "error('my words')")
check.raises("function expected", policy.measure, 5)

-- Globals that a caller lends: for tests of policies, and for that file alone.
write("probe", "lent('x') return lent")
local lent_to = {}
local function lent(word) lent_to[#lent_to + 1] = word end
check.equal(lent, select(2, policy.load(directory, "probe", { lent = lent })))
check.same({ "x" }, lent_to)
check.raises("nil value", policy.load, directory, "probe")
check.raises("table expected", policy.load, directory, "probe", 5)

-- A policy called by a policy has no more than what is left.
local outer = decide "local call, inner = ... call(inner)"
check.raises("ran for more than", policy.call, outer, policy.call, decide "while true do end")
check.raises("used more than 32 MB", policy.call, outer, policy.call, decide "return ('x'):rep(2^26)")
check.that(policy.call(decide "return true"), "and the next call is free again")

-- ---------------------------------------------------------------------------------------------------------
-- attempts that need no name: each ends within its limits, and the state goes on as if nothing had been

local function facts() -- what the policy of an order is given
  return { cloud_properties = { cpu = 1 }, deployment = "cf", tags = { stage = "x" }, policy = { deep = { list = { 1, 2 } } }, index = 0,
    now = { time = 1764540000, hour = 22, weekday = 7 }, counts = { deployment = 5, zones = { zone1 = 3 } },
    limits = { free = { vms = 1 } } }
end

for words, texts in pairs(escapes.attempts) do
  for _, text in ipairs(texts) do
    local before = harness.used()
    check.raises(words, policy.call, decide(text))
    for _ = 1, 3 do collectgarbage() end -- what the first left would be room for the second
    check.raises(words, policy.call, decide("local facts, default = ... " .. text), facts(), function() end)
    for _ = 1, 3 do collectgarbage() end -- the stack and the table of strings shrink by halves
    local after, limit = harness.used()
    check.that(limit == 0 and after < before + 2 ^ 20, ("%s: %d bytes stay behind"):format(text, after - before))
    check.equal(6, policy.call(decide "local a = ... return a * 2", 3), "sane after " .. text)
  end
end

-- Source that is deep, wide or long: the parser's own limits hold, or the memory's.
for _, text in ipairs(escapes.sources) do
  local ok, why = pcall(load, text)
  check.that(not ok and type(why) == "string" and (why:find "overflow" or why:find "too many" or why:find "32 MB"), tostring(why):sub(-200))
  check.equal(6, policy.call(decide "local a = ... return a * 2", 3), "sane after deep source")
end

-- What a string's methods are belongs to us: a policy reaches them, and cannot change them.
check.equal("X", policy.call(decide "string.upper = function() return 'mine' end return ('x'):upper()"))
check.equal("X", ("x"):upper())
check.raises("attempt to", policy.call, decide "('x').upper = 1")

harness.shell("rm -rf " .. directory)

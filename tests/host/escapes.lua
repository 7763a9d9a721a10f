-- What a sandbox is held against: what can be named in it, exactly, and attempts to get out of it or to make it run on. For
-- policies (policy_test.lua) and for the files that test policies (spec/operator/policy_tests_spec.lua).

local escapes = {}

local expected = {}
for name in ([[assert error ipairs math next pairs select string table tonumber tostring type utf8]]):gmatch "%S+" do
  expected[name] = true
end
local functions = {
  math = "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random "
    .. "randomseed sin sqrt tan tointeger type ult",
  string = "byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper",
  table = "concat insert move pack remove sort unpack",
  utf8 = "char charpattern codepoint codes len offset",
}
for library, names in pairs(functions) do
  for name in names:gmatch "%S+" do expected[library .. "." .. name] = true end
end

-- Name -> true: "assert", ..., "string.rep".
escapes.names = expected

-- Each stops at what it lacks, at its first line.
escapes.lacking = {
  "return require 'cpi'", "return os.getenv 'HOME'", "return io.open '/etc/passwd'", "return load 'return 1' ()",
  "return debug.getregistry()", "return getmetatable('').__index", "return pcall(error)", "return setmetatable({}, {})",
  "return coroutine.wrap(next)", "return package.path", "return _G.x", "return rawset({}, 1, 1)", "return string.dump(next)",
  "return ('').dump(next)", "print 'x'", "collectgarbage()", "local x <close> = {}",
}

-- Each runs into the memory's ceiling.
escapes.hungry = {
  "local t = {} for i = 1, 1e9 do t[i] = i end", "return ('x'):rep(100 * 1024 * 1024)",
  "local s = 'x' while true do s = s .. s end", "return table.concat({ ('x'):rep(2^25), 'y' })",
  "local t = {} for i = 1, 1e9 do t[i] = {} end", "return string.format('%s%s', ('x'):rep(2^24), ('x'):rep(2^24))",
}

-- Attempts that need no name, by the words that each ends with.
escapes.attempts = {
  ["used more than 32 MB"] = {
    "return ('x'):rep(1e9)", "return ('x'):rep(1e8, ','):len()", "return string.pack('s8', ('x'):rep(2^25))",
    "local s = ('x'):rep(2^20) return s:gsub('x', s)", "return ('%s'):rep(100):format(('x'):rep(2^24))",
    "local t = {} for i = 1, 1e9 do t[i] = function() return i end end", "local function f() return 1 + f() end return f()",
    "local t = {} for i = 1, 1e9 do t['k' .. i] = i end", "return ('x'):rep(2^24):upper():lower():reverse()",
  },
  ["too many results to unpack"] = { "return table.unpack({}, 1, 1e8)" },
  ["string slice too long"] = { "return ('x'):rep(1e7):byte(1, -1)" },
  ["resulting string too large"] = { "return ('x'):rep(math.maxinteger)" },
  ["ran for more than"] = {
    "return ('x'):rep(2^20):gsub('.', function() for i = 1, 1e9 do end end)",
    "for s in ('x'):rep(2^20):gmatch '.' do for i = 1, 1e6 do end end", "goto l ::l:: goto l",
    "local t = {} for i = 1, 1e5 do t[i] = i end table.sort(t, function() for i = 1, 1e6 do end return false end)",
    "repeat until false", "for i = 1, math.huge do end", "local function f() return f() end return f()",
  },
  ["stack overflow"] = { -- of C's, by calls from C that call back
    "local function f() return (('x'):gsub('x', f)) end return f()",
    "local function f() table.sort({ 3, 2, 1 }, function() return f() end) end f()",
  },
  ["pattern too complex"] = { "return ('x'):rep(300):match(('x?'):rep(300))" },
  ["missing '['"] = { "return ('x'):match '%f'" },
  ["malformed pattern"] = { "return ('x'):find('[a')", "return ('x'):find('%')" },
  ["too many captures"] = { "return ('x'):match(('()'):rep(50))" },
  ["invalid"] = { "return ('x'):gsub('x', '%9')", "return string.format('%y', 1)", "return string.format('%99999d', 1)" },
  ["nil value"] = {
    "return getmetatable('').__index", "('').dump(decide)", "return load('return 1')()",
    "return select('#', debug.getinfo(1))", "return rawget(_ENV, 'host')", "return coroutine.create(next)",
  },
}

-- Source that is deep, wide or long.
escapes.sources = {
  "return " .. ("("):rep(100000) .. "1" .. (")"):rep(100000), "return " .. ("{"):rep(100000) .. ("}"):rep(100000),
  ("do "):rep(100000) .. ("end "):rep(100000), ("local x = 1 "):rep(300), "return {" .. ("'x',"):rep(8000000) .. "}",
}

return escapes

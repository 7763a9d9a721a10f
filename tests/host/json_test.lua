-- host.json: round trips of generated documents, refusals, and what agent settings need.

local check = require "check"
local harness = require "harness"

local json = harness.host.json
local null, encode, decode = json.null, json.encode, json.decode

-- ---------------------------------------------------------------------------------------------------------
-- generated values and texts, from a seed

local SEED = 20260101
math.randomseed(SEED)

local function pick(list) return list[math.random(#list)] end

local integers = { 0, 1, -1, 2 ^ 31 | 0, -(2 ^ 31) | 0, (2 ^ 31 | 0) - 1, 10 ^ 14 | 0, 123456789012345, 2 ^ 53 | 0,
  (2 ^ 53 | 0) + 1, -(2 ^ 53 | 0) - 1, math.maxinteger, math.mininteger, math.maxinteger - 1, 999999999999999,
  1000000000000000, 10240 }
local floats = { 0.5, -0.5, 1.0, -0.0, 1 / 3, 0.1, 1e300, -1e-300, 5e-324, 1.7976931348623157e308, 2.0 ^ 53, 1e15, 1e16, 123456.789 }
local pieces = { "", "a", "key", "\0", "\1", "\31", "\n", "\r\n", "\t", "\b\f", '"', "\\", "/", "\127", "\u{80}", "\u{7ff}",
  "\u{800}", "\u{ffff}", "\u{10000}", "\u{10ffff}", "ä€😀", "\\u0041", "null", "[]", "{}", "1.5", "\u{2028}", "a b" }

local function generated_string()
  local parts = {}
  for i = 1, math.random(0, 4) do parts[i] = pick(pieces) end
  return table.concat(parts)
end

local function generated(depth)
  local kind = math.random(depth > 0 and 9 or 6)
  if kind == 1 then return pick(integers) end
  if kind == 2 then return pick(floats) end
  if kind == 3 then return generated_string() end
  if kind == 4 then return null end
  if kind == 5 then return math.random(2) == 1 end
  if kind == 6 then return math.random(2) == 1 and json.array {} or {} end
  local value = {}
  if kind == 7 or kind == 8 then
    for i = 1, math.random(0, 5) do value[i] = generated(depth - 1) end
    return json.array(value)
  end
  for _ = 1, math.random(0, 5) do value[generated_string()] = generated(depth - 1) end
  return value
end

for i = 1, 3000 do
  local value = generated(6)
  local text = encode(value)
  local back, why = decode(text)
  if not check.that(back ~= nil, ("seed %d, document %d: %s in %s"):format(SEED, i, tostring(why), text)) then break end
  if not check.same(value, back, ("document %d, %s"):format(i, text)) then break end
  if not check.equal(text, encode(back), "a fixed point") then break end
end

-- Texts in their canonical form, and in a loose one that means the same.
local function escaped(text)
  return (text:gsub("[%z\1-\31\"\\]", function(c)
    local short = { ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }
    return short[c] or ("\\u%04x"):format(c:byte())
  end))
end

local numbers = { "0", "-1", "10240", "123456789012345", "9007199254740993", "-9223372036854775808", "9223372036854775807",
  "0.5", "1e+300", "1.0", "-0.0", "0.3333333333333333" }

local function space() return pick { "", "", " ", "\n", "\t ", "\r\n" } end

-- canonical, loose
local function text_pair(depth)
  local kind = math.random(depth > 0 and 7 or 4)
  if kind == 1 then local n = pick(numbers) return n, n end
  if kind == 2 then local w = pick { "true", "false", "null" } return w, w end
  if kind == 3 then local w = pick { "[]", "{}" } return w, w:sub(1, 1) .. space() .. w:sub(2) end
  if kind == 4 then
    local text = generated_string()
    local loose = escaped(text):gsub("/", "\\/"):gsub("a", "\\u0061"):gsub("€", "\\u20AC"):gsub("😀", "\\ud83d\\uDE00")
    return '"' .. escaped(text) .. '"', '"' .. loose .. '"'
  end
  local strict, loose, opening, closing = {}, {}, "[", "]"
  if kind == 5 or kind == 6 then
    for i = 1, math.random(1, 4) do strict[i], loose[i] = text_pair(depth - 1) end
  else
    opening, closing = "{", "}"
    for i = 1, math.random(1, 4) do
      local value, loose_value = text_pair(depth - 1)
      strict[i] = ('"k%d":%s'):format(i, value)
      table.insert(loose, math.random(#loose + 1), ('"\\u006b%d"%s:%s%s'):format(i, space(), space(), loose_value))
    end
  end
  return opening .. table.concat(strict, ",") .. closing,
    opening .. space() .. table.concat(loose, space() .. "," .. space()) .. space() .. closing
end

for i = 1, 3000 do
  local strict, loose = text_pair(6)
  local value, why = decode(space() .. loose .. space())
  if not check.that(value ~= nil, ("text %d: %s in %s"):format(i, tostring(why), loose)) then break end
  if not check.equal(strict, encode(value), "canonical form of " .. loose) then break end
end

-- ---------------------------------------------------------------------------------------------------------
-- by name: what an agent or a director would trip over

local function keeps(text) check.equal(text, encode((decode(text)))) end

keeps '{"networks":{"default":{"default":[],"dns":[]}},"ntp":[]}'
keeps '{"disks":{"persistent":{}},"env":{},"networks":{}}'
keeps '{"cloud_properties":{}}'
keeps "[[],{}]"
keeps '{"routes":null}'
keeps '{"1":"a"}'
keeps '{"1":"a","2":"b"}'
keeps '{"deviceid":1}'
keeps "123456789012345"
keeps('{"n":{"cloud_properties":{"name":"x"},"default":["dns","gateway"],"dns":["10.0.0.1"],"gateway":"10.0.0.1",'
  .. '"ip":"10.0.0.5","netmask":"255.255.255.0","prefix":24,"type":"manual","use_dhcp":true}}')
keeps '{"":{"":[]}}'

check.equal("size=10240", "size=" .. decode('{"size":10240}').size)
check.equal("1", tostring(decode('{"deviceid":1}').deviceid))
check.equal(2, decode('{"a":1,"a":2}').a, "the last of equal keys")
check.that(decode('{"a":1,"a":[]}').a[1] == nil and json.is_array(decode('{"a":1,"a":[]}').a), "also of another kind")
check.equal("float", math.type(decode "1.0"), "1.0")
check.equal("float", math.type(decode "1e3"), "1e3")
check.equal("integer", math.type(decode "-0"), "-0")
check.equal("float", math.type(decode "9223372036854775808"), "beyond 64 bits")
check.equal(-9223372036854775807 - 1, decode "-9223372036854775808")
check.that(1 / decode("-0.0") < 0, "minus zero")
check.equal("a/b\127", decode(encode "a/b\127"))
check.equal('"a/b"', encode "a/b", "slashes stay")
check.equal('{"B":1,"a":2,"a\\u0000":3,"aa":4,"\u{e4}":5}', encode { ["ä"] = 5, a = 2, aa = 4, B = 1, ["a\0"] = 3 }, "by bytes")

-- null and marks
check.equal("null", tostring(null))
check.that(null ~= nil and null == decode("null") and null == decode("[null]")[1], "null is one value")
check.that(null ~= decode("{}"), "and equal to no other")
check.equal("[null]", encode(json.array { null }))
check.equal("null", encode(nil))
local list = {}
check.that(json.array(list) == list and json.is_array(list), "array marks in place")
check.that(not json.is_array {} and not json.is_array(nil) and not json.is_array "x" and not json.is_array(null), "is_array")
check.that(json.is_array(json.array()), "array() makes one")
check.that(json.is_array(decode "[]") and json.is_array(decode("[[]]")[1]) and not json.is_array(decode "{}"), "decoded")
check.equal("[1,2]", encode { 1, 2 }, "a sequence without a mark")
check.equal("{}", encode {}, "an empty table without one")
check.equal("[]", encode(json.array {}))

-- ---------------------------------------------------------------------------------------------------------
-- refusals

local function refuses(text, words)
  local value, why = decode(text)
  check.that(value == nil, "refused: " .. text:sub(1, 40))
  check.holds(words, why, text:sub(1, 40))
end

refuses("", "at byte 1")
refuses("\255\254", "at byte 1")
refuses('"\255\254"', "invalid UTF-8 at byte 2")
refuses('"\192\175"', "invalid UTF-8 at byte 2")
refuses('["abc\237\160\128"]', "invalid UTF-8 at byte 6")
refuses('{"a":1} x', "after the value at byte 9")
refuses('{"a":1}{"b":2}', "after the value at byte 8")
refuses('"a\nb"', "raw control character in a string at byte 3")
for _, text in ipairs { "01", "+1", "1.", "NaN", "nan", "Infinity", "-inf", "1e400", ".5", "1e", "--1" } do
  refuses(text, "at byte 1")
end
refuses("0x10", "at byte 2")
refuses(("["):rep(101) .. ("]"):rep(101), "nested too deeply at byte 101")
check.that(decode(("["):rep(100) .. ("]"):rep(100)), "100 levels")
check.that(decode(("["):rep(99) .. "{}" .. ("]"):rep(99)), "100 levels with an object")
refuses(("["):rep(1000000), "nested too deeply")
refuses(('{"a":'):rep(1000000), "nested too deeply")
refuses(("1"):rep(1001), "overlong number")

local cycle = {}
cycle.again = cycle
check.raises("nested too deeply at again.again", encode, cycle)
local deep = json.array {}
for _ = 1, 99 do deep = json.array { deep } end
check.that(decode(encode(deep)), "100 levels")
check.raises("nested too deeply", encode, json.array { deep })
check.raises("cannot encode a function at a.b[2]", encode, { a = { b = { 1, next } } })
check.raises("cannot encode a thread", encode, coroutine.create(function() end))
check.raises("not finite", encode, 0 / 0)
check.raises("not finite at x", encode, { x = 1 / 0 })
check.raises("not UTF-8", encode, "\255")
check.raises("not UTF-8", encode, { ["\255"] = 1 })
check.raises("neither a list nor", encode, { 1, a = 2 })
check.raises("neither a list nor", encode, { [1] = 1, [3] = 3 })
check.raises("neither a list nor", encode, { [0] = 1 })
check.raises("neither a list nor", encode, { [1.5] = 1 })
check.raises("neither a list nor", encode, { [true] = 1 })
check.raises("an array with a hole or with keys", encode, json.array { [1] = 1, [3] = 3 })
check.raises("an array with a hole or with keys at x", encode, { x = json.array { a = 1 } })
check.raises("table expected", json.array, 5)
check.raises("string expected", decode, {})

-- Every byte of a document, spoilt, is either refused or still decoded to something that encodes.
local document = '{"a":[1,-2.5e3,"x\\u00e4\\ud83d\\ude00",{"b":null,"c":[true,false,{},[]]}],"d":12345678901234567890}'
for at = 1, #document do
  for _, byte in ipairs { "\0", "\255", '"', "\\", "[", "}", "9", ".", "x", " " } do
    local value, why = decode(document:sub(1, at - 1) .. byte .. document:sub(at + 1))
    if value == nil then
      if not check.that(type(why) == "string", "a reason") then break end
    elseif not check.that(pcall(encode, value), "encodes again") then
      break
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- size: time grows with it, not with its square

local function seconds(f)
  local before = harness.host.clock.now()
  f()
  return harness.host.clock.now() - before
end

local factor = harness.instrumented and 1 or 8
local small = '{"text":"' .. ("x"):rep(1024 * 1024 * factor) .. '","list":[' .. ("[],1.5,10,"):rep(10000 * factor) .. "{}]}"
local large = '{"text":"' .. ("x"):rep(8 * 1024 * 1024 * factor) .. '","list":[' .. ("[],1.5,10,"):rep(80000 * factor) .. "{}]}"
local first, second = seconds(function() decode(small) end), seconds(function()
  local value = decode(large)
  check.equal(240000 * factor + 1, #value.list, "entries")
  check.equal(8 * 1024 * 1024 * factor, #value.text, "a text of 64 MB")
  check.equal(#large, #encode(value), "encodes to the same length")
end)
check.that(second < first * 60 + 5, ("eight times the size takes %.2f s after %.2f s"):format(second, first))

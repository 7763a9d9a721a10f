-- host.bytes: what scripts cannot do themselves.

local check = require "check"
local harness = require "harness"

local bytes = harness.host.bytes

check.equal(true, bytes.equal("", ""))
check.equal(true, bytes.equal("a\0b", "a\0b"))
for _, pair in ipairs { { "", "a" }, { "a", "" }, { "ab", "aa" }, { "aa", "a" }, { "abab", "ab" }, { "a\0b", "a\0c" } } do
  check.equal(false, bytes.equal(pair[1], pair[2]), pair[1] .. " and " .. pair[2])
end
check.raises("string expected", bytes.equal, "a")

-- MD5, by which SSH keys are distinguished. Pure.
local SHIFTS = {
  { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
}
local SINES = {}
for i = 1, 64 do SINES[i] = math.floor(math.abs(math.sin(i)) * 2 ^ 32) end

local function rotated(value, bits)
  value = value & 0xffffffff
  return (value << bits | value >> (32 - bits)) & 0xffffffff
end

-- The function of a round, and which word of the block its step takes.
local ROUNDS = {
  function(b, c, d, i) return b & c | ~b & d, i end,
  function(b, c, d, i) return d & b | ~d & c, (5 * i + 1) % 16 end,
  function(b, c, d, i) return b ~ c ~ d, (3 * i + 5) % 16 end,
  function(b, c, d, i) return c ~ (b | ~d & 0xffffffff), 7 * i % 16 end,
}

local function digest_block(state, block, at)
  local words = { ("<" .. ("I4"):rep(16)):unpack(block, at) }
  local a, b, c, d = table.unpack(state)
  for i = 0, 63 do
    local round = i // 16 + 1
    local mixed, word = ROUNDS[round](b, c, d, i)
    local sum = a + (mixed & 0xffffffff) + SINES[i + 1] + words[word + 1]
    a, d, c, b = d, c, b, b + rotated(sum, SHIFTS[round][i % 4 + 1]) & 0xffffffff
  end
  for i, value in ipairs { a, b, c, d } do state[i] = state[i] + value & 0xffffffff end
end

-- md5(text) -> 32 letters
return function(text)
  local padded = text .. "\x80" .. ("\0"):rep((55 - #text) % 64) .. ("<I8"):pack(#text * 8)
  local state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 }
  for at = 1, #padded, 64 do digest_block(state, padded, at) end
  return (("<I4I4I4I4"):pack(table.unpack(state)):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

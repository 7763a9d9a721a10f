-- The server's side of request signing: the same canonical text is built from the parameters as they were
-- sent, and its HMAC compared with the one received. Written from the rules, on purpose without a look at
-- how the client signs: each checks the other.
local dates = require "sim.dates"

local signature = {}

-- Java's URLEncoder with %20 for a space: '~' is escaped, '*' is not.
local function encode(value)
  return (value:gsub("[^%w%.%-%*_]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- The text that is signed. Names keep their case for sorting and are not escaped; the whole is lower-cased.
function signature.canonical(pairs_)
  local sorted = {}
  for _, pair in ipairs(pairs_) do
    if pair[1]:lower() ~= "signature" then sorted[#sorted + 1] = pair end
  end
  table.sort(sorted, function(a, b) return a[1] < b[1] end)
  for i, pair in ipairs(sorted) do sorted[i] = pair[1] .. "=" .. encode(pair[2]) end
  return (table.concat(sorted, "&"):lower())
end

function signature.of(bytes, pairs_, secret)
  return bytes.base64(bytes.hmac_sha1(secret, signature.canonical(pairs_)))
end

local function value_of(pairs_, wanted)
  local found
  for _, pair in ipairs(pairs_) do
    if pair[1]:lower() == wanted then found = pair[2] end
  end
  return found
end
signature.value_of = value_of

-- Version 3 has to say until when it is good; any other version is not asked.
local function is_in_time(pairs_, now, version)
  if value_of(pairs_, "signatureversion") ~= "3" then return true end
  local expires = value_of(pairs_, "expires")
  local moment = expires and dates.parse(expires, version:at_least "4.15")
  return moment ~= nil and moment > now
end

-- verify(m, pairs, account) -> true when the request was signed by the account and is still good
function signature.verify(m, pairs_, account)
  local received = value_of(pairs_, "signature")
  return received ~= nil and account.secretkey ~= nil and is_in_time(pairs_, m:callers_now(), m.version)
    and received == signature.of(m.bytes, pairs_, account.secretkey)
end

return signature

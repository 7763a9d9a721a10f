-- User data of a VM: base64 text with a limit.
local refusal = require "sim.refusal"

local userdata = {}

local HARD = 32768 -- for requests by POST, up to 4.15

-- The server takes line breaks, the letters of URLs and a missing end.
local function canonical(text)
  local plain = text:gsub("%s", ""):gsub("%-", "+"):gsub("_", "/"):gsub("=+$", "")
  return plain .. ("="):rep(-#plain % 4)
end

local function is_base64(m, text)
  return text:find "^[%w+/%-_%s]*=*%s*$" ~= nil and m.bytes.unbase64(canonical(text)) ~= nil
end

-- Raises what CloudStack says of user data that it does not take.
function userdata.check(m, text)
  if not text then return end
  if m.version:at_least "4.16" then
    local most = m:setting "vm.userdata.max.length"
    if #text > most then refusal.invalid("User data has exceeded configurable max length: %d", most) end
  elseif #text >= HARD then
    refusal.invalid "User data is too long for http POST request"
  end
  if not is_base64(m, text) then refusal.invalid "User data is not base64 encoded." end
end

-- What the guest reads.
function userdata.decoded(m, vm)
  return vm.userdata and m.bytes.unbase64(canonical(vm.userdata)) or ""
end

return userdata

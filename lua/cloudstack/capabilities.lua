-- What the server is and what this account may do there.

local errors = require "errors"

local capabilities = {}

function capabilities.request()
  return { "listCapabilities", {}, cached = true }
end

-- payload of listCapabilities -> { version = "4.18.0.0", may_expunge, may_force_stop, custom_disk = { least, most } }. What
-- an account may do is never guessed from half an answer: raises CloudError.
function capabilities.read(payload)
  local given = payload.capability
  if type(given) ~= "table" then error(errors.cloud("listCapabilities: the answer has no capabilities")) end
  return {
    version = tostring(given.cloudstackversion or ""),
    may_expunge = given.allowuserexpungerecovervm == true,
    may_force_stop = given.allowuserforcestopvm ~= false,
    custom_disk = { least = math.tointeger(given.customdiskofferingminsize), most = math.tointeger(given.customdiskofferingmaxsize) },
  }
end

-- Is the server's version at least major.minor? An unreadable version counts as new.
function capabilities.at_least(version, major, minor)
  local a, b = version:match "^(%d+)%.(%d+)"
  if not a then return true end
  a, b = tonumber(a), tonumber(b)
  return a > major or (a == major and b >= minor)
end

return capabilities

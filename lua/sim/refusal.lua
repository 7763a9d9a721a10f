-- The errors CloudStack answers with, as values to raise. A refusal becomes an HTTP error while a request
-- is handled and the result of a job while a job runs.
local refusal = {}
refusal.__index = refusal
refusal.__tostring = function(self) return ("%d: %s"):format(self.code, self.text or "no text") end

refusal.MASKED = "Internal error executing command, please contact your system administrator"

function refusal.new(code, cserrorcode, text)
  return setmetatable({ code = code, cserrorcode = cserrorcode, text = text }, refusal)
end

function refusal.is(value)
  return getmetatable(value) == refusal
end

local function raiser(code, cserrorcode)
  return function(format, ...)
    local text = select("#", ...) > 0 and format:format(...) or format
    error(refusal.new(code, cserrorcode, text), 0)
  end
end

refusal.unauthorized = raiser(401)       -- the only one without a cserrorcode
refusal.throttled = raiser(429, 9999)
refusal.malformed = raiser(430, 9999)
refusal.parameter = raiser(431, 9999)    -- found while parameters are read
refusal.invalid = raiser(431, 4350)      -- found by the command itself
refusal.unsupported = raiser(432, 9999)
refusal.internal = raiser(530, 9999)
refusal.failed = raiser(530, 4250)
refusal.unacquired = raiser(530, 0)      -- an address that can't be had
refusal.denied = raiser(531, 4365)
refusal.capacity = raiser(533, 4335)
refusal.exceeded = raiser(535, 4370)

-- A 530 that is one of the few whose text everybody may read.
function refusal.plainly(text)
  local why = refusal.new(530, 9999, text)
  why.plain = true
  error(why, 0)
end

-- What a caller reads: root admins read the true text of an internal error, others a general one.
function refusal.text_for(self, account, version)
  if self.plain or (account and account.role == "admin") then return self.text end
  local masked = self.code == 530 or (not version:at_least "4.23" and (self.code == 533 or self.code == 534))
  return masked and refusal.MASKED or self.text
end

return refusal

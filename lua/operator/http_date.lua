-- The date of an HTTP header as seconds since 1970.

local moment = require "base.moment"

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- utc("Thu, 26 Nov 2026 11:00:00 GMT") -> seconds, or nil when it is not such a date
local function utc(text)
  local day, month, year, hour, minute, second = text:match "^%a+, (%d%d) (%a+) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not MONTHS[month] then return nil end
  local function n(digits) return math.tointeger(tonumber(digits)) end
  return moment.seconds(n(year), MONTHS[month], n(day), n(hour), n(minute), n(second))
end

return { utc = utc }

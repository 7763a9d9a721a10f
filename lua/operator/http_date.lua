-- The date of an HTTP header as seconds since 1970.

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- Days from 1970-01-01 to a day of the Gregorian calendar; years that begin in March have their leap day at the end.
local function days(year, month, day)
  if month <= 2 then year = year - 1 end
  local shifted = (month + 9) % 12
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * shifted + 2) // 5 + day - 1 - 719468
end

-- utc("Thu, 26 Nov 2026 11:00:00 GMT") -> seconds, or nil when it is not such a date
local function utc(text)
  local day, month, year, hour, minute, second = text:match "^%a+, (%d%d) (%a+) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not MONTHS[month] then return nil end
  return days(math.tointeger(year), MONTHS[month], math.tointeger(day)) * 86400 + math.tointeger(hour) * 3600
    + math.tointeger(minute) * 60 + math.tointeger(second)
end

return { utc = utc }

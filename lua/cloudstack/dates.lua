-- CloudStack's dates, "2026-11-24T02:07:16+0000", as seconds since 1970.

local dates = {}

-- Days from 1970 to a day of the Gregorian calendar (years begin in March, so that the leap day is their last).
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

-- nil for what is not a date.
function dates.seconds(text)
  if type(text) ~= "string" then return nil end
  local year, month, day, hour, minute, second, sign, hours, minutes =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)([+-])(%d%d):?(%d%d)$"
  if not year then return nil end
  local function n(digits) return math.tointeger(tonumber(digits)) end
  local offset = (n(hours) * 60 + n(minutes)) * 60
  return days(n(year), n(month), n(day)) * 86400 + n(hour) * 3600 + n(minute) * 60 + n(second)
    - (sign == "-" and -offset or offset)
end

return dates

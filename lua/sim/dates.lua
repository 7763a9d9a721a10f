-- Seconds since 1970 to the dates CloudStack writes, and the dates callers write to seconds. Pure.
local dates = {}

local DAY = 86400

-- Days since 1970-01-01 of a civil date (the usual shift of the year to begin in March).
local function days_of(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = year // 400
  local of_era = year - era * 400
  local of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local function civil_of(days)
  days = days + 719468
  local era = days // 146097
  local of_era = days - era * 146097
  local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
  local of_year = of_era - (365 * year + year // 4 - year // 100)
  local shifted = (5 * of_year + 2) // 153
  local month = shifted + (shifted < 10 and 3 or -9)
  return year + era * 400 + (month <= 2 and 1 or 0), month, of_year - (153 * shifted + 2) // 5 + 1
end

local function parts(seconds)
  local whole = math.floor(seconds)
  local year, month, day = civil_of(whole // DAY)
  local rest = whole % DAY
  return year, month, day, rest // 3600, rest % 3600 // 60, rest % 60
end

-- 2026-05-11T10:11:12+0000, as all answers have it. The last one is remembered: most are of the same moment.
local last_second, last_text
function dates.zoned(seconds)
  local whole = math.floor(seconds)
  if whole ~= last_second then
    last_second, last_text = whole, ("%04d-%02d-%02dT%02d:%02d:%02d+0000"):format(parts(whole))
  end
  return last_text
end

-- 2026-05-11T10:11:12.345Z, as upload parameters have it
function dates.milliseconds(seconds)
  local year, month, day, hour, minute, second = parts(seconds)
  local milli = math.floor((seconds - math.floor(seconds)) * 1000)
  return ("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"):format(year, month, day, hour, minute, second, milli)
end

function dates.iso(seconds)
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(parts(seconds))
end

local function offset_of(zone)
  if zone == "Z" then return 0 end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
  if not sign then return nil end
  local seconds = tonumber(hours) * 3600 + tonumber(minutes) * 60
  return sign == "-" and -seconds or seconds
end

-- A date with whole seconds and a zone (+0000; Z and +00:00 where colons is true) -> seconds | nil
function dates.parse(text, colons)
  local year, month, day, hour, minute, second, zone =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(.+)$"
  if not year then return nil end
  if not colons and not zone:match "^[+-]%d%d%d%d$" then return nil end
  local offset = offset_of(zone)
  if not offset then return nil end
  return days_of(tonumber(year), tonumber(month), tonumber(day)) * DAY
    + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second) - offset
end

-- The form that upload expiry dates have, with a fraction.
function dates.parse_milliseconds(text)
  local whole, fraction = text:match "^(.-)%.(%d+)Z$"
  local seconds = whole and dates.parse(whole .. "Z", true)
  return seconds and seconds + tonumber("0." .. fraction)
end

return dates

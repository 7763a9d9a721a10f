-- Seconds since 1970 to the dates CloudStack writes, and the dates callers write to seconds. Pure.

local moment = require "base.moment"

local dates = {}

local function parts(seconds)
  local it = moment.of(seconds)
  return it.year, it.month, it.day, it.hour, it.minute, it.second
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
  local function n(digits) return math.tointeger(tonumber(digits)) end
  return moment.seconds(n(year), n(month), n(day), n(hour), n(minute), n(second)) - offset
end

-- The form that upload expiry dates have, with a fraction.
function dates.parse_milliseconds(text)
  local whole, fraction = text:match "^(.-)%.(%d+)Z$"
  local seconds = whole and dates.parse(whole .. "Z", true)
  return seconds and seconds + tonumber("0." .. fraction)
end

return dates

-- A moment as a calendar of UTC has it. Pure: the clock is the caller's.

local moment = {}

local DAY = 86400

-- The date of a day, counted from 1970 (the usual shift of the year to begin in March).
local function date_of(day)
  day = day + 719468
  local era = day // 146097
  local of_era = day - era * 146097
  local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
  local of_year = of_era - (365 * year + year // 4 - year // 100)
  local shifted = (5 * of_year + 2) // 153
  local month = shifted + (shifted < 10 and 3 or -9)
  return year + era * 400 + (month <= 2 and 1 or 0), month, of_year - (153 * shifted + 2) // 5 + 1
end

-- The days from 1970 to a date of the Gregorian calendar, by the same shift.
local function day_of(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

-- seconds(year, month, day, hour, minute, second) -> the seconds since 1970. All whole numbers, of UTC; months and days count from 1.
function moment.seconds(year, month, day, hour, minute, second)
  return day_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second
end

-- of(seconds since 1970) -> { time (the same, whole), year, month, day, hour, minute, second, weekday (1 is Monday, 7 Sunday) }
function moment.of(seconds)
  local whole = math.floor(seconds)
  local year, month, day = date_of(whole // DAY)
  local rest = whole % DAY
  return { time = whole, year = year, month = month, day = day, hour = rest // 3600, minute = rest % 3600 // 60,
    second = rest % 60, weekday = (whole // DAY + 3) % 7 + 1 }
end

-- text(seconds since 1970) -> "2026-11-30T02:10:00Z"
function moment.text(seconds)
  local it = moment.of(seconds)
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(it.year, it.month, it.day, it.hour, it.minute, it.second)
end

return moment

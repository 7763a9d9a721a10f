-- How old something is, in the words of a table: "42 s", "7 min", "3 h", "12 d".

local dates = require "cloudstack.dates"

local ages = {}

local UNITS = { { 86400, "d", 2 }, { 3600, "h", 2 }, { 60, "min", 2 }, { 1, "s", 0 } }

-- words(seconds): in the largest unit of which there are two; "-" for nil.
function ages.words(seconds)
  if not seconds then return "-" end
  seconds = math.max(0, seconds // 1)
  for _, unit in ipairs(UNITS) do
    if seconds >= unit[1] * unit[3] then return ("%d %s"):format(seconds // unit[1], unit[2]) end
  end
end

-- of(date, now) -> seconds since a date of CloudStack's, or nil; now: seconds since 1970. A date to come counts as now.
function ages.of(date, now)
  local at = dates.seconds(date)
  return at and math.max(0, now - at) // 1 or nil
end

return ages

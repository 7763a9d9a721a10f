-- CloudStack's dates, "2026-11-24T02:07:16+0000", as seconds since 1970.

local moment = require "base.moment"

local dates = {}

-- nil for what is not a date.
function dates.seconds(text)
  if type(text) ~= "string" then return nil end
  local year, month, day, hour, minute, second, sign, hours, minutes =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)([+-])(%d%d):?(%d%d)$"
  if not year then return nil end
  local function n(digits) return math.tointeger(tonumber(digits)) end
  local offset = (n(hours) * 60 + n(minutes)) * 60
  return moment.seconds(n(year), n(month), n(day), n(hour), n(minute), n(second)) - (sign == "-" and -offset or offset)
end

return dates

-- The mark in the description of what cannot carry tags, or not from its first moment on, and of what CloudStack has no date
-- for: that this CPI made it, for which director, and when.

local made_by = {}

local MARK = "made by cloudstack_cpi"

-- The description of something that is being made.
function made_by.text(cpi)
  local director = cpi.context.director_uuid
  local is_known = type(director) == "string" and director ~= ""
  return ("%s%s at %d"):format(MARK, is_known and " for director " .. director:sub(1, 64) or "", cpi.clock.utc() // 1)
end

-- read(description) -> { director (nil for none), since (seconds since 1970; 0, long ago, where the text has none) }, or nil
-- for what others made.
function made_by.read(text)
  if type(text) ~= "string" or text:sub(1, #MARK) ~= MARK then return nil end
  return { director = text:match " for director (%S+)", since = math.tointeger(tonumber(text:match " at (%d+)$")) or 0 }
end

-- read() of what this request's director has had made; nil for another's.
function made_by.us(cpi, text)
  local made = made_by.read(text)
  return made and made.director ~= nil and made.director == cpi.context.director_uuid and made or nil
end

return made_by

-- The director's mark in the CIDs of what it makes: a part of each fresh uuid follows from the director's own, so that
-- an object is known as its director's by the name alone, before anybody could tag it.

local director_mark = {}

local function digits(cpi)
  local director = cpi.context.director_uuid
  return type(director) == "string" and director ~= "" and cpi.bytes.sha256("director " .. director) or nil
end

-- A fresh uuid with the mark: 12 digits in the last group, and 7 in the second and third, for what has only three.
function director_mark.uuid(cpi)
  local uuid, mark = cpi.bytes.uuid(), digits(cpi)
  if not mark then return uuid end
  return ("%s-%s-4%s-%s-%s"):format(uuid:sub(1, 8), uuid:sub(10, 13), uuid:sub(16, 18), uuid:sub(20, 23), mark:sub(1, 12))
end

-- The same for a CID of the first three groups alone.
function director_mark.short_uuid(cpi)
  local uuid, mark = cpi.bytes.uuid(), digits(cpi)
  if not mark then return uuid end
  return ("%s-%s-4%s-%s"):format(uuid:sub(1, 8), mark:sub(1, 4), mark:sub(5, 7), uuid:sub(20))
end

-- Does the CID carry the mark of the cpi's director?
function director_mark.is_on(cpi, cid)
  local mark = digits(cpi)
  if not mark then return false end
  return cid:sub(-12) == mark:sub(1, 12) or cid:find("%-" .. mark:sub(1, 4) .. "%-4" .. mark:sub(5, 7) .. "$") ~= nil
end

return director_mark

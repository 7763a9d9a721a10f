-- The director's mark in the CIDs of what is made for it: a part of each fresh uuid follows from the director's own uuid, so that
-- the name alone shows whose an object is, also before the object is tagged.

local marks = {}

local function digits(cpi)
  local director = cpi.context.director_uuid
  return type(director) == "string" and director ~= "" and cpi.bytes.sha256("director " .. director) or nil
end

-- A fresh uuid with the mark: the 12 digits of its last group. Without a director it is a plain uuid.
function marks.uuid(cpi)
  local uuid, mark = cpi.bytes.uuid(), digits(cpi)
  if not mark then return uuid end
  return ("%s-%s-4%s-%s-%s"):format(uuid:sub(1, 8), uuid:sub(10, 13), uuid:sub(16, 18), uuid:sub(20, 23), mark:sub(1, 12))
end

-- The same for a CID that keeps only the first three groups: the mark is 7 digits of the second and the third.
function marks.short_uuid(cpi)
  local uuid, mark = cpi.bytes.uuid(), digits(cpi)
  if not mark then return uuid end
  return ("%s-%s-4%s-%s"):format(uuid:sub(1, 8), mark:sub(1, 4), mark:sub(5, 7), uuid:sub(20))
end

-- Does the CID carry the mark of the cpi's director?
function marks.is_on(cpi, cid)
  local mark = digits(cpi)
  if not mark then return false end
  return cid:sub(-12) == mark:sub(1, 12) or cid:find("%-" .. mark:sub(1, 4) .. "%-4" .. mark:sub(5, 7) .. "$") ~= nil
end

return marks

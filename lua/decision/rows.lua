-- What several decisions have in common: the description of a zone, how an answer's row is recognised, which numbers it may
-- have, what became of the others.

local rows = {}

rows.zone = {
  { "id", "string", "CloudStack's id" },
  { "name", "string", "its name" },
}

-- The one of the facts' rows that has the answer's id, or nil: what is used is never a policy's own table.
function rows.like(answer, list)
  if type(answer) ~= "table" then return nil end
  for _, row in ipairs(list or {}) do
    if row.id == answer.id then return row end
  end
end

-- Is the value of an answer's field a number that the field's row allows? The row has `least` and `most`. Neither NaN nor
-- infinity is any. An optional one may be absent.
function rows.fits(value, row)
  if value == nil then return row.optional == true end
  if math.type(value) == nil or not (value >= row.least and value <= row.most) then return false end
  return row[2] == "number" or math.tointeger(value) ~= nil
end

-- What such a number must be, for a message.
function rows.range(row, unit)
  return ("its %s must be a %s of %s from %s to %s"):format(row[1], row[2] == "integer" and "whole number" or "number", unit,
    row.least, row.most)
end

-- weigh(list, chosen, lack) -> { { name, rank, why }, ... }: what became of each row. rank is its place among the
-- chosen, or nil; lack(row) says what is too little in it, or nil.
function rows.weigh(list, chosen, lack)
  local ranks, weighed = {}, {}
  for rank, row in ipairs(chosen) do ranks[row.id] = rank end
  for i, row in ipairs(list) do
    local rank = ranks[row.id]
    weighed[i] = { name = row.name, rank = rank, why = not rank and (lack(row) or "is large enough; the policy left it out") or nil }
  end
  return weighed
end

return rows

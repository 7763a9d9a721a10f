-- What several decisions have in common: the description of a zone, and how an answer's row is recognised.

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

return rows

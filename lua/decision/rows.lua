-- What several decisions have in common: the description of a zone, how an answer's row is recognised, what became of
-- the others.

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

-- "Did you mean ...?": the known word nearest to an unknown one.

-- Edits (insert, delete, replace, swap of neighbours) between two short words.
local function distance(a, b)
  local rows = {}
  for i = 0, #a do rows[i] = { [0] = i } end
  for j = 0, #b do rows[0][j] = j end
  for i = 1, #a do
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
      local swapped = i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j)
      if swapped then best = math.min(best, rows[i - 2][j - 2] + 1) end
      rows[i][j] = best
    end
  end
  return rows[#a][#b]
end

local LONGEST = 64 -- a hostile key of a megabyte is not worth a suggestion

-- The word of the list nearest to `word`, or nil when none is near (more than a third of it differs).
local function nearest(word, words)
  if #word > LONGEST then return nil end
  local best, edits
  for _, candidate in ipairs(words) do
    local d = distance(word:lower(), candidate:lower())
    if not edits or d < edits or (d == edits and candidate < best) then best, edits = candidate, d end
  end
  if edits and edits <= math.max(1, #word // 3) then return best end
end

-- " (did you mean 'x'?)", or "" when nothing is near; for the end of a message.
local function suggestion(word, words)
  local best = nearest(word, words)
  return best and (" (did you mean '%s'?)"):format(best) or ""
end

return { nearest = nearest, suggestion = suggestion }

-- Exact names and ids. CloudStack's name filters differ by version (substring before 4.18, any case after),
-- and its names are not unique: what a list answers is compared here, and two matches are an error.

local errors = require "errors"

local exact = {}

local ID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

-- Has the text the form of CloudStack's ids?
function exact.is_id(text)
  return text:find(ID) ~= nil
end

local LONGEST = 255 -- bytes of a name; CloudStack refuses to look for a longer one

-- The list parameters that ask for it: by id where it looks like one, else by name. Nothing has a longer name than
-- CloudStack takes, so what is found for its beginning is none either.
function exact.filter(wanted)
  if exact.is_id(wanted) then return { id = wanted } end
  return { name = #wanted <= LONGEST and wanted or wanted:sub(1, utf8.offset(wanted, 0, LONGEST + 1) - 1) }
end

-- The rows with that id or exactly that name, each id once.
function exact.all(rows, wanted)
  local matches, seen = {}, {}
  for _, row in ipairs(rows) do
    if (row.name == wanted or row.id == wanted) and not seen[row.id] then
      seen[row.id] = true
      matches[#matches + 1] = row
    end
  end
  return matches
end

-- The only row with that id or exactly that name; nil when there is none. `what` names the kind of thing in
-- the message about several; described(row), where it is given, says what distinguishes one from another. Rows of the same id (a
-- template in several zones) count once.
function exact.one(rows, wanted, what, described)
  local matches = exact.all(rows, wanted)
  if #matches <= 1 then return matches[1] end
  local ids = {}
  for i, row in ipairs(matches) do ids[i] = described and described(row) or row.id end
  table.sort(ids)
  error(errors.cloud("%s '%s' is ambiguous, CloudStack has %d: %s", what, wanted, #matches, table.concat(ids, ", ")))
end

-- The names of rows, sorted, for "there are: a, b".
function exact.names(rows)
  local names, seen = {}, {}
  for _, row in ipairs(rows) do
    local name = tostring(row.name)
    if not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  table.sort(names)
  return #names == 0 and "none" or table.concat(names, ", ", 1, math.min(#names, 20)) .. (#names > 20 and ", ..." or "")
end

return exact

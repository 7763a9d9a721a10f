-- A table on paper: columns as wide as their widest cell, two blanks between them, the last one as long as it is.

local function width_of(text) return utf8.len(text) or #text end

-- columns(paper, headings, rows): a row is a list of texts, nil or "" for an empty cell; a column in which every cell is empty is
-- left out. Cells may hold what others have named: what a terminal acts on is escaped before they are measured.
return function(paper, headings, rows)
  local clean, widths, is_empty = paper.host.console.clean, {}, {}
  for at, heading in ipairs(headings) do widths[at], is_empty[at] = width_of(heading), true end
  local cells = {}
  for i, row in ipairs(rows) do
    cells[i] = {}
    for at = 1, #headings do
      local text = clean(tostring(row[at] or ""))
      cells[i][at] = text
      widths[at] = math.max(widths[at], width_of(text))
      is_empty[at] = is_empty[at] and text == ""
    end
  end
  local function line(row, colour)
    local parts = {}
    for at = 1, #headings do
      if not is_empty[at] then parts[#parts + 1] = row[at] .. (" "):rep(widths[at] - width_of(row[at])) end
    end
    local text = table.concat(parts, "  "):gsub(" +$", "")
    paper:line("%s", colour and paper:tint(colour, text) or text)
  end
  line(headings, "bold")
  for _, row in ipairs(cells) do line(row) end
end

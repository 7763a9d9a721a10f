-- The table of the bench: rows as they are measured on stdout, and all of them as Markdown at the end.
--
--   report.section "title"
--   report.row { what, measured = "0.9 ms", against = "/bin/true, 0.6 ms", value = 1.5, unit = "x", at_most = 1.5 }
-- value is what the goal is about; at_most or at_least is the goal, none where a row only informs.

local report = { missed = 0 }

local sections = {}

function report.section(title)
  sections[#sections + 1] = { title = title }
  print("\n" .. title)
end

local function number(value, unit)
  return (math.type(value) == "integer" and "%d %s" or "%.2f %s"):format(value, unit)
end

local function goal_of(row)
  if row.at_most then return ("at most %g %s"):format(row.at_most, row.unit), row.value <= row.at_most end
  if row.at_least then return ("at least %g %s"):format(row.at_least, row.unit), row.value >= row.at_least end
  return "", nil
end

function report.row(row)
  local goal, met = goal_of(row)
  local verdict = met == nil and "" or met and "met" or "MISSED"
  if met == false then report.missed = report.missed + 1 end
  local value = row.value and number(row.value, row.unit) or ""
  table.insert(sections[#sections], { row[1], row.measured or value, row.against or "", row.measured and value or "", goal, verdict })
  print(("  %-46s %-22s %-34s %-9s %-20s %s"):format(row[1], row.measured or value, row.against or "",
    row.measured and value or "", goal, verdict))
end

-- A line of words below the section's rows.
function report.note(text)
  table.insert(sections[#sections], text)
  print("  " .. text)
end

-- Everything, as tables of Markdown.
function report.markdown()
  local out = {}
  for _, section in ipairs(sections) do
    out[#out + 1] = ("### %s\n"):format(section.title)
    local has_table, notes = false, {}
    for _, row in ipairs(section) do
      if type(row) == "string" then
        notes[#notes + 1] = row .. "\n"
      else
        if not has_table then out[#out + 1] = "| what | measured | against | | goal | |\n|---|---|---|---|---|---|" end
        has_table = true
        out[#out + 1] = "| " .. table.concat(row, " | ") .. " |"
      end
    end
    out[#out + 1] = (has_table and "\n" or "") .. table.concat(notes, "\n")
  end
  return table.concat(out, "\n")
end

return report

-- cpi help [man]: what the program takes, as text or as a manual page.

local command = require "operator.command"
local usage = require "usage"

-- Text cut into lines of at most `width` characters.
local function wrapped(text, width)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and #line + #word + 1 > width then
      lines[#lines + 1], line = line, ""
    end
    line = line == "" and word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return lines
end

-- ---------------------------------------------------------------------------------------------------------
-- text

local function add_pairs(out, title, rows)
  out[#out + 1] = "\n" .. title .. ":"
  for _, row in ipairs(rows) do
    local indent = #row[1] > 24 and "\n" .. (" "):rep(28) or (" "):rep(26 - #row[1])
    out[#out + 1] = "  " .. row[1] .. indent .. table.concat(wrapped(row[2], 70), "\n" .. (" "):rep(28))
  end
end

-- A row per command, and below it one per option of its own.
local function commands()
  local rows = {}
  for _, one in ipairs(usage.commands) do
    rows[#rows + 1] = { one.arguments == "" and one.name or one.name .. " " .. one.arguments, one.summary }
    for _, option in ipairs(one.options or {}) do rows[#rows + 1] = { "  " .. option[1], option[2] } end
  end
  return rows
end

local function text()
  local out = { ("%s: %s"):format(usage.name, usage.summary), "" }
  for i, line in ipairs(usage.synopsis) do out[#out + 1] = (i == 1 and "usage: " or "       ") .. line end
  for _, paragraph in ipairs(usage.description) do
    out[#out + 1] = "\n" .. table.concat(wrapped(paragraph, 98), "\n")
  end
  add_pairs(out, "options", usage.options)
  add_pairs(out, "commands", commands())
  add_pairs(out, "environment", usage.environment)
  add_pairs(out, "exit codes", usage.exit_codes)
  return table.concat(out, "\n") .. "\n"
end

-- ---------------------------------------------------------------------------------------------------------
-- manual page

local function roff(value)
  return (value:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"))
end

local function add_section(out, title, rows)
  out[#out + 1] = ".SH " .. title
  for _, row in ipairs(rows) do
    out[#out + 1] = (".TP\n.B %s\n%s"):format(roff(row[1]), roff(row[2]))
  end
end

local function manual(version)
  local out = { ('.TH CPI 1 "" "cloudstack_cpi %s"'):format(version),
    ".SH NAME", ("%s \\- %s"):format(usage.name, roff(usage.summary)), ".SH SYNOPSIS" }
  for i, line in ipairs(usage.synopsis) do out[#out + 1] = (i > 1 and ".br\n" or "") .. ".B " .. roff(line) end
  out[#out + 1] = ".SH DESCRIPTION"
  for i, paragraph in ipairs(usage.description) do out[#out + 1] = (i > 1 and ".PP\n" or "") .. roff(paragraph) end
  add_section(out, "OPTIONS", usage.options)
  add_section(out, "COMMANDS", commands())
  add_section(out, "ENVIRONMENT", usage.environment)
  add_section(out, "EXIT STATUS", usage.exit_codes)
  out[#out + 1] = ".SH SEE ALSO\n" .. roff(usage.see_also)
  return table.concat(out, "\n") .. "\n"
end

return command.new("help", function(host, words, _, refuse)
  if #words > 1 or words[1] and words[1] ~= "man" then refuse() end
  host.console.write(words[1] and manual(host.version) or text())
  return 0
end)

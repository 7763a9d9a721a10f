-- What the program or one of its commands takes, as text for a terminal.

local examples = require "operator.examples"
local usage = require "operator.usage"

local usage_text = {}

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

local function add_pairs(out, title, rows)
  out[#out + 1] = "\n" .. title .. ":"
  for _, row in ipairs(rows) do
    local indent = #row[1] > 24 and "\n" .. (" "):rep(28) or (" "):rep(26 - #row[1])
    out[#out + 1] = "  " .. row[1] .. indent .. table.concat(wrapped(row[2], 70), "\n" .. (" "):rep(28))
  end
end

-- A command and its arguments, as they are typed.
local function synopsis(one)
  return one.arguments == "" and one.name or one.name .. " " .. one.arguments
end
usage_text.synopsis = synopsis

-- An option as it is typed: "--verbose, -v".
local function shown(option)
  return option.letter and ("%s, -%s"):format(option[1], option.letter) or option[1]
end

-- { what is typed, what it does } per option.
local function option_rows(options)
  local rows = {}
  for i, option in ipairs(options) do rows[i] = { shown(option), option[2] } end
  return rows
end

-- { what is typed, what it does } per command, and below it one per option of its own.
local function command_rows()
  local rows = {}
  for _, one in ipairs(usage.commands) do
    rows[#rows + 1] = { synopsis(one), one.summary }
    for _, option in ipairs(one.options or {}) do rows[#rows + 1] = { "  " .. shown(option), option[2] } end
  end
  return rows
end

-- command(name) -> what one command takes, or nil where there is none of that name.
function usage_text.command(name)
  for _, one in ipairs(usage.commands) do
    if one.name == name then
      local out = { ("usage: cpi [--config FILE] %s\n"):format(synopsis(one)), table.concat(wrapped(one.summary, 98), "\n") }
      if one.options then add_pairs(out, "options", option_rows(one.options)) end
      if examples[name] then add_pairs(out, "examples", examples[name]) end
      return table.concat(out, "\n") .. "\n"
    end
  end
end

-- program() -> what the program takes.
function usage_text.program()
  local out = { ("%s: %s"):format(usage.name, usage.summary), "" }
  for i, line in ipairs(usage.synopsis) do out[#out + 1] = (i == 1 and "usage: " or "       ") .. line end
  for _, paragraph in ipairs(usage.description) do
    out[#out + 1] = "\n" .. table.concat(wrapped(paragraph, 98), "\n")
  end
  add_pairs(out, "options", usage.options)
  add_pairs(out, "commands", command_rows())
  add_pairs(out, "environment", usage.environment)
  add_pairs(out, "exit codes", usage.exit_codes)
  return table.concat(out, "\n") .. "\n"
end

return usage_text

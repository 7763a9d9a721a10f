-- cpi help [man | COMMAND]: what the program or one of its commands takes, as text or as a manual page.

local command = require "operator.command"
local examples = require "operator.examples"
local spelling = require "base.spelling"
local usage = require "operator.usage"
local usage_text = require "operator.usage_text"

local function roff(value)
  return (value:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"))
end

local function add_section(out, title, rows)
  out[#out + 1] = ".SH " .. title
  for _, row in ipairs(rows) do
    out[#out + 1] = (".TP\n.B %s\n%s"):format(roff(row[1]), roff(row[2]))
  end
end

-- Each command, its options set in below it.
local function add_commands(out)
  out[#out + 1] = ".SH COMMANDS"
  for _, one in ipairs(usage.commands) do
    out[#out + 1] = (".TP\n.B %s\n%s"):format(roff(usage_text.synopsis(one)), roff(one.summary))
    if one.options then
      out[#out + 1] = ".RS"
      for _, row in ipairs(one.options) do out[#out + 1] = (".TP\n.B %s\n%s"):format(roff(row[1]), roff(row[2])) end
      out[#out + 1] = ".RE"
    end
  end
end

local function add_examples(out)
  local rows = {}
  for _, one in ipairs(usage.commands) do
    for _, row in ipairs(examples[one.name] or {}) do rows[#rows + 1] = row end
  end
  add_section(out, "EXAMPLES", rows)
end

local function manual(version)
  local out = { ('.TH CPI 1 "" "cloudstack_cpi %s"'):format(version),
    ".SH NAME", ("%s \\- %s"):format(usage.name, roff(usage.summary)), ".SH SYNOPSIS" }
  for i, line in ipairs(usage.synopsis) do out[#out + 1] = (i > 1 and ".br\n" or "") .. ".B " .. roff(line) end
  out[#out + 1] = ".SH DESCRIPTION"
  for i, paragraph in ipairs(usage.description) do out[#out + 1] = (i > 1 and ".PP\n" or "") .. roff(paragraph) end
  add_section(out, "OPTIONS", usage.options)
  add_commands(out)
  add_section(out, "ENVIRONMENT", usage.environment)
  add_section(out, "EXIT STATUS", usage.exit_codes)
  add_examples(out)
  out[#out + 1] = ".SH SEE ALSO\n" .. roff(usage.see_also)
  return table.concat(out, "\n") .. "\n"
end

-- There is no such command; src/main.c comes here with what it does not know.
local function refuse_name(name)
  if name:find "^[%l_]+$" and package.searchpath("verbs." .. name, package.path) then
    error(command.refusal("%s is a verb of BOSH's: `cpi call %s ...` asks it", name, name))
  end
  local names = {}
  for i, one in ipairs(usage.commands) do names[i] = one.name end
  error(command.refusal("there is no command '%s'%s; `cpi --help` lists them", name, spelling.suggestion(name, names)))
end

return command.new("help", function(host, words, _, refuse)
  local topic = words[1]
  local text = topic == nil and usage_text.program() or topic == "man" and manual(host.version) or usage_text.command(topic)
  if #words > 1 then refuse() elseif not text then refuse_name(topic) end
  host.console.write(text)
  return 0
end)

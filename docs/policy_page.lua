-- cpi-policy(7) from lua/decisions: what is decided, from which facts, what may be answered, and what ours does.
--   lua5.4 docs/policy_page.lua VERSION >cpi-policy.7

package.path = "lua/?.lua;" .. package.path

local function roff(text)
  return (text:gsub("`", ""):gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("\n([.'])", "\n\\&%1"):gsub("^([.'])", "\\&%1"))
end

local function add_facts(out, rows, prefix, with_common)
  for _, row in ipairs(rows) do
    if row.common and not with_common then goto next end
    local name, kind = prefix .. row[1], row[2]
    out[#out + 1] = (".TP\n.BR %s \" (%s%s)\"\n%s"):format(roff(name), roff(kind:gsub('"', "'")),
      row.optional and ", optional" or "", roff(row[3]))
    if row.fields then add_facts(out, row.fields, name .. (kind == "object[]" and "[]." or ".")) end
    ::next::
  end
end

-- The facts that several decisions have, described once.
local function common_section()
  local out, seen, rows = { ".SH FACTS OF EVERY DECISION" }, {}, {}
  for _, name in ipairs(require "decisions") do
    for _, row in ipairs(require("decisions." .. name).facts) do
      if row.common and not seen[row] then rows[#rows + 1], seen[row] = row, true end
    end
  end
  add_facts(out, rows, "", true)
  return table.concat(out, "\n")
end

-- The rows of a Markdown table, each a line "left: right".
local function without_tables(text)
  return (text:gsub("\n|[%-|]+|", ""):gsub("\n|%s*([^|\n]-)%s*|%s*([^|\n]-)%s*|", "\n.br\n%1: %2"))
end

local function paragraphs(text)
  return (roff(text):gsub("\n\\&%.br\n", "\n.br\n"):gsub("\n\n+", "\n.PP\n"):gsub("\n%.PP\n%.br\n", "\n.PP\n"))
end

local function section(name)
  local decision = require("decisions." .. name)
  local out = { ".SH " .. name, roff(decision.summary .. " " .. decision.asked) }
  add_facts(out, decision.facts, "")
  out[#out + 1] = ".PP\nAnswer: " .. paragraphs(without_tables(decision.answer.text))
  out[#out + 1] = ".PP\nOurs: " .. paragraphs(decision.ours)
  return table.concat(out, "\n")
end

local INTRODUCTION = {
  "A policy is a Lua file that takes a decision: lua/policies/NAME.lua is ours, NAME.lua in policies.directory is the "
    .. "site's and replaces it. It returns { api = 1, decide = function(facts, default) ... end }; facts is a copy, "
    .. "default is ours.",
  "A policy can name assert error ipairs next pairs select tonumber tostring type and the libraries math string table "
    .. "utf8, and nothing else. It has 10,000,000 steps and 32 MB. A blank file is not a policy; a broken one is an error "
    .. "that names it. A value in cloud_properties wins over every policy.",
}

print(('.TH CPI\\-POLICY 7 "" "cloudstack_cpi %s"'):format(arg[1]))
print ".SH NAME\ncpi\\-policy \\- decisions that a site may take over\n.SH DESCRIPTION"
for i, paragraph in ipairs(INTRODUCTION) do print((i > 1 and ".PP\n" or "") .. roff(paragraph)) end
print(common_section())
for _, name in ipairs(require "decisions") do print(section(name)) end
print ".SH SEE ALSO\ncpi(1)"

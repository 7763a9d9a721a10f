-- What lua/decisions says, for those who read and for editors: the section "Decisions" of lua/policies/README.md,
-- and lua/meta/cpi.lua. `make contract` writes both; spec/decisions_spec.lua holds them to it.
--   lua5.4 docs/policy_contract.lua write

package.path = "lua/?.lua;" .. package.path

local contract = {}

local function decisions()
  local list = {}
  for i, name in ipairs(require "decisions") do
    list[i] = require("decisions." .. name)
    list[i].name = name
  end
  return list
end

-- Words in lines of at most `width` bytes. A line break that is there stays; tables and code are not touched.
local function filled(text, width, indent)
  local out = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local current = ""
    if #line <= width or line:find "^|" then
      out[#out + 1] = line
    else
      for word in line:gmatch "%S+" do
        if current ~= "" and #current + #word + 1 > width then
          out[#out + 1], current = current, ""
        end
        current = current == "" and word or current .. " " .. word
      end
      out[#out + 1] = current
    end
  end
  return table.concat(out, "\n" .. (indent or ""))
end

-- ---------------------------------------------------------------------------------------------------------
-- the tables of the README

-- `"a"|"b"` in a table's cell would end it.
local function type_text(row)
  local text = row[2]:gsub("object%[%]", "list"):gsub("|", " or ")
  return row.optional and text .. ", optional" or text
end

local function add_rows(out, rows, prefix)
  for _, row in ipairs(rows) do
    local text = row[3] .. (row.open and "; a row has whatever else the server sent" or "")
    out[#out + 1] = ("| `%s%s` | %s | %s |"):format(prefix, row[1], type_text(row), text)
    if row.fields then add_rows(out, row.fields, prefix .. row[1] .. (row[2] == "object[]" and "[]." or ".")) end
  end
end

local function section(decision)
  local out = { "### " .. decision.name, "", filled(decision.summary .. " " .. decision.asked, 115), "",
    "| fact | type | what it is |", "|---|---|---|" }
  add_rows(out, decision.facts, "")
  out[#out + 1] = "\nAnswer: " .. filled(decision.answer.text, 115)
  out[#out + 1] = "\nOurs: " .. filled(decision.ours, 109)
  return table.concat(out, "\n")
end

-- The generated part of lua/policies/README.md, between its two marks.
function contract.readme()
  local parts = {}
  for i, decision in ipairs(decisions()) do parts[i] = section(decision) end
  return table.concat(parts, "\n\n")
end

-- ---------------------------------------------------------------------------------------------------------
-- annotations for editors

-- "`x`" and line breaks are for pages, not for an editor's tooltip.
local function plain(text)
  return (text:gsub("`", ""):gsub("%s*\n%s*", " "))
end

local function class_of(decision, field)
  return ("cpi.%s.%s"):format(decision.name, field)
end

-- The types of an answer name classes of their decision by their short names.
local function answer_type(decision, kinds)
  local out = {}
  for kind in kinds:gmatch "[^|]+" do
    local word, list = kind:match "^([%l_]+)(.*)$"
    local is_class = word and (list == "" or list == "[]") and not ("string number integer boolean false nil"):find(word, 1, true)
    out[#out + 1] = is_class and class_of(decision, word) .. list or kind
  end
  return table.concat(out, "|")
end

local function add_class(out, decision, name, rows)
  local nested = {}
  out[#out + 1] = ("\n---@class %s%s"):format(class_of(decision, name), rows.open and ": { [string]: any }" or "")
  for _, row in ipairs(rows.fields) do
    local kind = row[2]
    if row.fields then
      nested[#nested + 1] = row
      kind = kind:gsub("object", class_of(decision, row[1]))
    else
      kind = answer_type(decision, kind)
    end
    out[#out + 1] = ("---@field %s%s %s %s"):format(row[1], row.optional and "?" or "", kind, plain(row[3]))
  end
  for _, row in ipairs(nested) do add_class(out, decision, row[1], row) end
end

local function add_decision(out, decision)
  out[#out + 1] = ("\n-- %s: %s"):format(decision.name, plain(decision.summary))
  add_class(out, decision, "facts", { fields = decision.facts })
  if decision.answer.fields then add_class(out, decision, "answer", { fields = decision.answer.fields }) end
  local facts, answers = class_of(decision, "facts"), class_of(decision, "answers")
  out[#out + 1] = ("\n---@alias %s %s"):format(answers, answer_type(decision, decision.answer.type))
  out[#out + 1] = ("\n---@class %s"):format(class_of(decision, "policy"))
  out[#out + 1] = "---@field api 1"
  out[#out + 1] = ("---@field decide fun(facts: %s, default: fun(facts: %s): %s?, string?): %s?, string?"):format(facts, facts,
    answers, answers)
end

-- lua/meta/cpi.lua as lua-language-server reads it.
function contract.annotations()
  local out = { "---@meta cpi", "-- Facts and answers of policies, for editors. Written by `make contract` from lua/decisions.",
    "-- luacheck: max_line_length 400" }
  for _, decision in ipairs(decisions()) do add_decision(out, decision) end
  return table.concat(out, "\n") .. "\n"
end

-- ---------------------------------------------------------------------------------------------------------

contract.README, contract.META = "lua/policies/README.md", "lua/meta/cpi.lua"
contract.FROM, contract.TO = "<!-- from lua/decisions, by `make contract` -->\n", "\n<!-- end -->\n"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

-- The page with its generated part renewed.
function contract.page()
  local text = read(contract.README)
  local from = select(2, text:find(contract.FROM, 1, true))
  local to = text:find(contract.TO, 1, true)
  assert(from and to, contract.README .. " has lost its marks")
  return text:sub(1, from) .. "\n" .. contract.readme() .. "\n" .. text:sub(to)
end

if arg and arg[1] == "write" then
  write(contract.README, contract.page())
  write(contract.META, contract.annotations())
end

return contract

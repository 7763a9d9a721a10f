-- What lua/decisions says, for those who read and for editors: the section "Decisions" of lua/policies/README.md,
-- lua/meta/facts.lua and lua/meta/cpi.lua. `make contract` writes them; spec/decisions_spec.lua holds them to it.
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

local function add_rows(out, rows, prefix, with_common)
  for _, row in ipairs(rows) do
    if row.common and not with_common then goto next end
    local text = row[3] .. (row.open and "; a row has whatever else the server sent" or "")
    out[#out + 1] = ("| `%s%s` | %s | %s |"):format(prefix, row[1], type_text(row), text)
    if row.fields then add_rows(out, row.fields, prefix .. row[1] .. (row[2] == "object[]" and "[]." or ".")) end
    ::next::
  end
end

-- The facts that several decisions have, described once.
local function common_section(list)
  local out, seen, rows, without = {}, {}, {}, {}
  for _, decision in ipairs(list) do
    local has_instance = false
    for _, row in ipairs(decision.facts) do
      if row.common and not seen[row] then rows[#rows + 1], seen[row] = row, true end
      has_instance = has_instance or row.common and row[1] == "deployment"
    end
    if not has_instance then without[#without + 1] = ("`%s`"):format(decision.name) end
  end
  out[1] = "### Facts of every decision\n"
  out[2] = filled(("Every decision has `now`. Those over a VM or a disk have the others too, as far as they are known; %s have none "
    .. "of them. `create_vm` knows them by `env.bosh`; a decision over what exists, or over a disk for a VM, knows them by the tags "
    .. "that BOSH set on it. A VM that is compiled on has no deployment of its own, and `create-env` says nothing.\n\n"
    .. "`counts` and `limits` cost a request. They are asked for where the site's policy says that it needs them, "
    .. "`return { api = 1, needs = { \"counts\" }, decide = decide }`, by `create_vm` and `create_disk`, in the decisions before "
    .. "something is made. VMs that other requests are making at the same moment are not counted: "
    .. "[the guide](../../docs/policies.md#what-to-know-before-writing-one) says what to do."):format(
    table.concat(without, " and ")), 115) .. "\n"
  out[3] = "| fact | type | what it is |\n|---|---|---|"
  add_rows(out, rows, "", true)
  return table.concat(out, "\n")
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
  local list = decisions()
  for i, decision in ipairs(list) do parts[i] = section(decision) end
  table.insert(parts, 1, common_section(list))
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
    local is_plain = word and ("string number integer boolean false true nil any table"):find(word, 1, true)
    local is_class = word and (list == "" or list == "[]") and not is_plain
    out[#out + 1] = is_class and class_of(decision, word) .. list or kind
  end
  return table.concat(out, "|")
end

-- The classes that hold the facts which every decision has, and which those over a VM or a disk have besides.
local ANY, INSTANCE = "cpi.facts", "cpi.facts.of_an_instance"

local function field(row, kind)
  return ("---@field %s%s %s %s"):format(row[1], row.optional and "?" or "", kind, plain(row[3]))
end

local function add_class(out, decision, name, rows, parent)
  local nested = {}
  out[#out + 1] = ("\n---@class %s%s"):format(class_of(decision, name), rows.open and ": { [string]: any }" or parent or "")
  for _, row in ipairs(rows.fields) do
    if row.fields then nested[#nested + 1] = row end
    local kind = row.fields and row[2]:gsub("object", class_of(decision, row[1])) or answer_type(decision, row[2])
    if not row.common then out[#out + 1] = field(row, kind) end
  end
  for _, row in ipairs(nested) do
    if not row.common then add_class(out, decision, row[1], row) end
  end
end

local function has_instance(decision)
  for _, row in ipairs(decision.facts) do
    if row.common and row[1] == "deployment" then return true end
  end
  return false
end

-- The facts that several decisions have: classes that those of each decision inherit from.
local function add_common(out, list)
  local seen, nested, of = {}, {}, { [ANY] = {}, [INSTANCE] = {} }
  for _, decision in ipairs(list) do
    for _, row in ipairs(decision.facts) do
      if row.common and not seen[row] then
        seen[row] = true
        table.insert(of[row[1] == "now" and ANY or INSTANCE], field(row, row.fields and ANY .. "." .. row[1] or row[2]))
        if row.fields then nested[#nested + 1] = row end
      end
    end
  end
  for _, class in ipairs { ANY, INSTANCE } do
    out[#out + 1] = ("\n---@class %s%s"):format(class, class == INSTANCE and ": " .. ANY or "")
    table.move(of[class], 1, #of[class], #out + 1, out)
  end
  for _, row in ipairs(nested) do add_class(out, { name = "facts" }, row[1], row) end
end

local function add_facts(out, decision)
  out[#out + 1] = ("\n-- %s: %s"):format(decision.name, plain(decision.summary))
  add_class(out, decision, "facts", { fields = decision.facts }, ": " .. (has_instance(decision) and INSTANCE or ANY))
end

local function add_policy(out, decision)
  if decision.answer.fields then add_class(out, decision, "answer", { fields = decision.answer.fields }) end
  local facts, answers = class_of(decision, "facts"), class_of(decision, "answers")
  out[#out + 1] = ("\n---@alias %s %s"):format(answers, answer_type(decision, decision.answer.type))
  out[#out + 1] = ("\n---@class %s"):format(class_of(decision, "policy"))
  out[#out + 1] = "---@field api 1"
  for _, row in ipairs(decision.facts) do
    if row[1] == "counts" then out[#out + 1] = '---@field needs? ("counts"|"limits")[] facts that cost a request' end
  end
  out[#out + 1] = ("---@field decide fun(facts: %s, default: fun(facts: %s): %s?, string?): %s?, string?"):format(facts, facts,
    answers, answers)
end

contract.README, contract.FACTS, contract.META = "lua/policies/README.md", "lua/meta/facts.lua", "lua/meta/cpi.lua"

-- annotations() -> { [path] = text }: lua/meta/facts.lua and lua/meta/cpi.lua as lua-language-server reads them.
function contract.annotations()
  local list, limit = decisions(), "-- luacheck: max_line_length 400"
  local facts = { "---@meta facts", "-- Facts of policies, for editors. Written by `make contract` from lua/decisions.", limit }
  local policies = { "---@meta cpi", "-- Policies and their answers, for editors; the facts are in facts.lua. Written by `make contract` "
    .. "from lua/decisions.", limit }
  add_common(facts, list)
  for _, decision in ipairs(list) do
    add_facts(facts, decision)
    policies[#policies + 1] = ("\n-- %s: %s"):format(decision.name, plain(decision.summary))
    add_policy(policies, decision)
  end
  policies[#policies + 1] = "\n-- What tests call `facts`: of each decision its example, with changes."
  policies[#policies + 1] = "\n---@class cpi.test.facts"
  for _, decision in ipairs(list) do
    policies[#policies + 1] = ("---@field %s fun(changes?: table): %s"):format(decision.name, class_of(decision, "facts"))
  end
  return { [contract.FACTS] = table.concat(facts, "\n") .. "\n", [contract.META] = table.concat(policies, "\n") .. "\n" }
end

-- ---------------------------------------------------------------------------------------------------------

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
  for path, text in pairs(contract.annotations()) do write(path, text) end
end

return contract

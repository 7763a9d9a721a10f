-- cpi-policy(7) from the policies themselves: the comment at the head of each says what is decided, from which
-- facts, and what may be answered.
--   lua5.4 docs/policy_page.lua VERSION lua/policies/*.lua >cpi-policy.7

local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"))
end

-- The comment lines at the head of a file, without their dashes.
local function head_of(path)
  local lines = {}
  for line in io.lines(path) do
    local text = line:match "^%-%- ?(.*)$"
    if not text then break end
    lines[#lines + 1] = text
  end
  assert(#lines > 0, path .. " has no comment at its head")
  return lines
end

-- Prose is filled; from the first indented line on (facts and answer) the text stays as it is written.
local function section(path)
  local out, is_verbatim = { ".SH " .. path:match "([%w_]+)%.lua$" }, false
  for _, line in ipairs(head_of(path)) do
    if not is_verbatim and line:find "^%s" then
      is_verbatim = true
      out[#out + 1] = ".PP\n.nf"
    end
    out[#out + 1] = roff(line)
  end
  if is_verbatim then out[#out + 1] = ".fi" end
  return table.concat(out, "\n")
end

local INTRODUCTION = {
  "A policy is a Lua file that takes a decision: lua/policies/NAME.lua is ours, NAME.lua in policies.directory is the "
    .. "site's and replaces it. It returns { api = 1, decide = function(facts, default) ... end }; facts is a copy, "
    .. "default is ours.",
  "A policy can name assert error ipairs next pairs select tonumber tostring type and the libraries math string table "
    .. "utf8, and nothing else. It has 10,000,000 steps and 32 MB. A blank file is no file; a broken one is an error "
    .. "that names it. A value in cloud_properties wins over every policy.",
}

print(('.TH CPI\\-POLICY 7 "" "cloudstack_cpi %s"'):format(arg[1]))
print ".SH NAME\ncpi\\-policy \\- decisions that a site may take over\n.SH DESCRIPTION"
for i, paragraph in ipairs(INTRODUCTION) do print((i > 1 and ".PP\n" or "") .. roff(paragraph)) end
for i = 2, #arg do print(section(arg[i])) end
print ".SH SEE ALSO\ncpi(1)"

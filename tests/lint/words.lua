-- Wordings that may not come back: lua5.4 tests/lint/words.lua [TREE]. Prints what has one, a line each, with what to write
-- instead. Looked at are the pages, and the files of the folders below; a folder joins the list when it is clean.

local tree = arg[1] or "."

local CLEAN = {
  "lua/base", "lua/cloudstack", "lua/commands", "lua/daemons", "lua/decision", "lua/decisions", "lua/meta",
  "lua/operator", "lua/workshop", "lua/policies", "lua/disks", "lua/made", "lua/registry", "lua/request", "lua/setup", "lua/sim",
  "lua/sim.lua", "lua/stemcell", "lua/verbs", "lua/vm", "lua/cpi.lua", "lua/decisions.lua", "lua/errors.lua",
  "lua/policy.lua", "src", "bosh-release/jobs", "bosh-release/ops", "config", "docs", "demo", "README.md", "CHANGES.md",
  "CONTRIBUTING.md", "Makefile",
}

-- Headings of docs/errors.md quote messages; those of folders that are not clean yet stay as their code has them.
local QUOTES = { ["docs/errors.md"] = true }

-- A pattern over a line in lower case with a blank before and after it, and what to write. `but` is a pattern of what is
-- good: the words that it matches are taken out of the line first.
local WORDINGS = {
  { "%f[%a](is no [%a'/-]+)", 'write "is not a"', but = "%f[%a]there is no " },
  { "%f[%a](are no [%a'/-]+)", 'write "are not"', but = "%f[%a]there are no " },
  { "%f[%a](was no [%a'/-]+)", 'write "was not a"', but = "%f[%a]there was no " },
  { "%f[%a](were no [%a'/-]+)", 'write "were not"', but = "%f[%a]there were no " },
  { "%f[%a](tells?)%f[%A]", 'write "reports", "says", "shows" or "distinguishes"' },
  { "%f[%a](told)%f[%A]", 'write "reported", "described" or "learns"' },
  { "[.:;] (who %l+)", "name the subject: which process, user or person" },
  { "%-%-+ (who %l+)", "name the subject: which process, user or person" },
  { "^ *| *(who %l+)", "name the subject: which process, user or person" },
  { "[;,] (answers) %l", 'a function "returns"' },
  { "function that (answers)", 'a function "returns"' },
  { "(answers whether)", 'a function "returns"' },
  { "(answers nil)", 'a function "returns"' },
  { "(answers true)", 'a function "returns"' },
  { "(waited for for)", 'write "the wait took N s"' },
  { "%f[%a](a https?)%f[%A]", 'write "an http"' },
}

-- What is good although a pattern finds it.
local GOOD = { "is no longer", "are no longer", "is no more than", "are no more than" }

local function files()
  local list = {}
  for _, place in ipairs(CLEAN) do
    local pipe = assert(io.popen(("find '%s/%s' -type f 2>/dev/null | LC_ALL=C sort"):format(tree, place)))
    for path in pipe:lines() do list[#list + 1] = path:sub(#tree + 2) end
    pipe:close()
  end
  return list
end

local function prepared(line)
  line = " " .. line:lower() .. " "
  for _, good in ipairs(GOOD) do line = line:gsub(good, " ") end
  return line
end

local function check_line(path, number, line)
  for _, one in ipairs(WORDINGS) do
    local found = (one.but and line:gsub(one.but, " ") or line):match(one[1])
    if found then print(("%s:%d: '%s': %s"):format(path, number, found, one[2])) end
  end
end

for _, path in ipairs(files()) do
  local number = 0
  for line in io.lines(tree .. "/" .. path) do
    number = number + 1
    -- Quotes of messages in a page are as the code has them.
    if QUOTES[path] then line = line:gsub("`[^`]*`", "``") end
    check_line(path, number, prepared(line))
  end
end

-- Where the decisions of lua/decisions are listed by name: lua/decisions.lua, the templates of the BOSH job, the table of
-- examples in docs/policies.md. `make contract` writes them; spec/decisions_spec.lua checks that they are up to date.
--   lua5.4 docs/decision_places.lua write

local places = {}

local JOB = "bosh-release/jobs/cloudstack_cpi"
local TEMPLATE = "<%%= Hash.try_convert(p('cloudstack.policies', {}))&.fetch('%s', nil) %%>\n"

local function read(path)
  local file = io.open(path)
  local text = file and file:read "a"
  if file then file:close() end
  return text
end

local function lines_of(command)
  local list, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

-- The names of the files of lua/decisions, in the order of the alphabet.
local function by_name()
  local names = lines_of "cd lua/decisions && LC_ALL=C ls *.lua"
  for i, file in ipairs(names) do names[i] = file:match "^(.*)%.lua$" end
  return names
end

-- The same in the order of the documents: as lua/decisions.lua has them, a new one last.
local function in_order()
  local exists, list = {}, {}
  for _, name in ipairs(by_name()) do exists[name] = true end
  for name in assert(read "lua/decisions.lua"):gmatch '"([%l_]+)"' do
    if exists[name] then list[#list + 1], exists[name] = name, nil end
  end
  for _, name in ipairs(by_name()) do
    if exists[name] then list[#list + 1] = name end
  end
  return list
end

-- The text of a file whose lines between two patterns are replaced by others.
local function replaced(path, from, to, lines)
  local text = assert(read(path))
  local first = assert(select(2, text:find(from)), path .. " has lost the place of the decisions")
  local last = assert(text:find(to, first), path .. " has lost the end of the decisions")
  return text:sub(1, first) .. table.concat(lines) .. text:sub(last)
end

local function list_of_decisions()
  local lines = {}
  for i, name in ipairs(in_order()) do lines[i] = ('  "%s",\n'):format(name) end
  return replaced("lua/decisions.lua", "return {\n", "}\n", lines)
end

local function templates_of_job()
  local lines = {}
  for i, name in ipairs(by_name()) do lines[i] = ("  policies/%s.lua.erb: policies/%s.lua\n"):format(name, name) end
  return replaced(JOB .. "/spec", "A blank one is not a policy%.\n", "\npackages:", lines)
end

local function names_in_configuration()
  local lines, line = {}, "   "
  for _, name in ipairs(by_name()) do
    if #line + #name + 1 > 119 then
      lines[#lines + 1], line = line .. "\n", "   "
    end
    line = line .. " " .. name
  end
  lines[#lines + 1] = line .. "\n"
  return replaced(JOB .. "/templates/config/cpi.json.erb", "\n  decisions = %%w%[\n", "  %]\n", lines)
end

-- A row for each decision that has an example: the first line of the example says which case it is for.
local function table_of_examples()
  local lines = {}
  for _, name in ipairs(in_order()) do
    local text = read(("config/policies/%s.lua.example"):format(name))
    if text then
      local case = assert(text:match "^%-%- (%u[^\n]*)%.\n", name .. ".lua.example: its first line is not a sentence")
      lines[#lines + 1] = ("| [%s](../config/policies/%s.lua.example) | %s |\n"):format(name, name, case)
    end
  end
  return replaced("docs/policies.md", "| file | the case |\n|%-%-%-|%-%-%-|\n", "\n## ", lines)
end

-- files() -> { [path] = the text that it should have, or false where it should not be there }
function places.files()
  local files = {
    ["lua/decisions.lua"] = list_of_decisions(), [JOB .. "/spec"] = templates_of_job(),
    [JOB .. "/templates/config/cpi.json.erb"] = names_in_configuration(), ["docs/policies.md"] = table_of_examples(),
  }
  for _, file in ipairs(lines_of("ls " .. JOB .. "/templates/policies")) do
    files[JOB .. "/templates/policies/" .. file] = false
  end
  for _, name in ipairs(by_name()) do
    files[("%s/templates/policies/%s.lua.erb"):format(JOB, name)] = TEMPLATE:format(name)
  end
  return files
end

if arg and arg[1] == "write" then
  for path, text in pairs(places.files()) do
    if text then
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
    else
      assert(os.remove(path))
    end
  end
end

return places

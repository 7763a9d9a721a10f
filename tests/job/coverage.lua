-- Every property of the job and every key of cloud_properties, with a test that uses it: lua5.4 tests/job/coverage.lua
-- prints the list, and ends with 1 when something has none. tests/job/coverage_spec.lua sees to it that nothing has.

package.path = "./lua/?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local job = require "job"

-- The one that renders each property, holds it against the CPI's settings, and gives it a wrong value.
local FOR_EACH = "tests/job/properties_spec.lua: a property"

-- Where tests of cloud_properties are, by whose they are.
local SPECS = {
  vm = "spec/verbs/create_vm* spec/vm spec/verbs/calculate* spec/cloudstack", disk = "spec/verbs/create_disk* spec/verbs/*_disk_spec.lua",
  network = "spec/vm spec/verbs/create_vm* spec/verbs/*network*", stemcell = "spec/verbs/create_stemcell* spec/stemcell",
}

local function lines_of(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

-- Every test of these directories: { file, title, text }.
local function tests_in(directories)
  local tests = {}
  for path in job.run("find " .. directories .. " -name '*_spec.lua' | sort"):gmatch "[^\n]+" do
    local current
    for _, line in ipairs(lines_of(path)) do
      local title = line:match '^%s*it%(%(?"(.-)"' or line:match '^%s*it "(.-)"' or line:match '^describe%("(.-)"'
      if title then
        current = { file = path, title = title, text = {} }
        tests[#tests + 1] = current
      end
      if current then current.text[#current.text + 1] = line end
    end
  end
  for _, test in ipairs(tests) do test.text = table.concat(test.text, "\n") end
  return tests
end

-- The first test in which the name is used as a key or a word of its own.
local function test_of(name, tests)
  for _, test in ipairs(tests) do
    for _, pattern in ipairs { "%f[%w_]" .. name .. "%s*=", "[\"'%.%]]" .. name .. "%f[^%w_.]" } do
      if test.text:find(pattern) then return ("%s: %s"):format(test.file, test.title) end
    end
  end
end

-- { "vm", "disk", ... = { keys } } as the code reads them.
local function cloud_properties()
  local found = {}
  for path in job.run "grep -rl properties_of_a_ lua":gmatch "[^\n]+" do
    local text = table.concat(lines_of(path), "\n")
    for kind, table_text in text:gmatch "local properties_of_a_(%l+) = (%b{})" do
      local keys = {}
      for key in table_text:gmatch '([%l_]+) = "' do keys[#keys + 1] = key end
      table.sort(keys)
      found[kind] = keys
    end
  end
  return found
end

local coverage = {}

-- list() -> { { what, name, test, more } }: `test` covers it (nil when nothing does), `more` is one of its effect.
function coverage.list()
  local rows, effects = {}, tests_in "spec tests/lifecycle tests/job"
  for i = #effects, 1, -1 do
    if effects[i].file:find "config/" or effects[i].file:find "properties_spec" then table.remove(effects, i) end
  end
  local names = {}
  for name in pairs(job.spec().properties) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    rows[#rows + 1] = { "property", name, FOR_EACH, test_of(name:gsub("%.", "%%."), effects) or test_of(name:match "[^.]+$", effects) }
  end
  for kind, keys in pairs(cloud_properties()) do
    local mine = tests_in(SPECS[kind] or "spec/vm spec/verbs spec/cloudstack")
    for _, key in ipairs(keys) do rows[#rows + 1] = { "cloud_properties of a " .. kind, key, test_of(key, mine) } end
  end
  return rows
end

if arg and arg[0] and arg[0]:find "coverage%.lua$" then
  local missing = 0
  for _, row in ipairs(coverage.list()) do
    print(("%-28s %-42s %s%s"):format(row[1], row[2], row[3] or "NO TEST", row[4] and "; " .. row[4] or ""))
    if not row[3] then missing = missing + 1 end
  end
  os.exit(missing == 0 and 0 or 1)
end

return coverage

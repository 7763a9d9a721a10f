-- Every property of the job and every key of cloud_properties, with a test of what it does: `make coverage` prints the list,
-- and ends with 1 when something has none. tests/job/coverage_spec.lua sees to it that nothing has.
--
-- That a property is rendered, means to the CPI what the manifest says, and is refused when it is of a wrong kind,
-- tests/job/properties_spec.lua shows of each. Here counts a test that gives it, or expects it, for what it does. It is found by
-- its text, so the list says where to look, and not that the test is a good one.

package.path = "./lua/?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local job = require "job"
local settings = require "setup.settings"

-- Properties without an effect: what is tested of them is the warning.
local LEGACY = "tests/job/properties_spec.lua: of an earlier release reaches the CPI, which warns"

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

-- Every test of these directories: { file, title, text }; after them what goes before the first test of each file, where the
-- tables of cases are.
local function tests_in(directories)
  local tests, before = {}, {}
  for path in job.run("find " .. directories .. " -name '*_spec.lua' | sort"):gmatch "[^\n]+" do
    local current = { file = path, title = "its cases", text = {} }
    before[#before + 1] = current
    for _, line in ipairs(lines_of(path)) do
      local title = line:match '^%s*it%(%(?"(.-)"' or line:match '^%s*it "(.-)"' or line:match '^describe%("(.-)"'
      if title then
        current = { file = path, title = title, text = {} }
        tests[#tests + 1] = current
      end
      current.text[#current.text + 1] = line
    end
  end
  table.move(before, 1, #before, #tests + 1, tests)
  for _, test in ipairs(tests) do test.text = table.concat(test.text, "\n") end
  return tests
end

local function titled(test) return ("%s: %s"):format(test.file, test.title) end

-- The first test in which the name is used as a key or a word of its own.
local function test_of(name, tests)
  for _, test in ipairs(tests) do
    for _, pattern in ipairs { "%f[%w_]" .. name .. "%s*=", "[\"'%.%]]" .. name .. "%f[^%w_.]" } do
      if test.text:find(pattern) then return titled(test) end
    end
  end
end

-- Whether a text speaks of a property: by "section.key" (or "section.other, section.key = "), by section = { key = ...,
-- or, of a section that all tests leave out, by key = alone.
local function speaks_of(text, section, key)
  if text:find("%f[%w_]" .. section .. "%." .. key .. "%f[^%w_]") then return true end
  for inside in text:gmatch("%f[%w_]" .. section .. "%s*=%s*(%b{})") do
    if inside:find("%f[%w_]" .. key .. "%s*=") then return true end
  end
  return (section == "cloudstack" or section == "calculate") and text:find("%f[%w_]" .. key .. "%s*=[^=]") ~= nil
end

local function test_of_property(name, tests)
  local section, key = name:match "([%w_]+)%.([%w_]+)$"
  for _, test in ipairs(tests) do
    if section and speaks_of(test.text, section, key) or not section and test.text:find("%f[%w_]" .. name .. "%s*=") then
      return titled(test)
    end
  end
end

local coverage = {}

-- The keys of tables that a pattern finds in the files that a command lists, as sets by what the pattern's first capture
-- says, or by `kind`.
local function add_keys(found, command, pattern, kind)
  for path in job.run(command):gmatch "[^\n]+" do
    for first, second in table.concat(lines_of(path), "\n"):gmatch(pattern) do
      local set = found[kind or first] or {}
      found[kind or first] = set
      for key in (second or first):gmatch '([%l_]+) = "' do set[key] = true end
    end
  end
end

-- cloud_properties() -> { "vm", "disk", ... = { keys } } as the code reads them: tables of a verb's own, and those of the
-- aspects of a VM.
function coverage.cloud_properties()
  local found, lists = {}, {}
  add_keys(found, "grep -rl properties_of_a_ lua", "local properties_of_a_(%l+) = (%b{})")
  add_keys(found, "ls lua/vm/*.lua lua/disks/*.lua", "properties = (%b{})", "vm")
  for kind, set in pairs(found) do
    lists[kind] = {}
    for key in pairs(set) do table.insert(lists[kind], key) end
    table.sort(lists[kind])
  end
  return lists
end

-- Tests of what properties do: not those that go through all properties, whatever they are.
local function tests_of_effects()
  local effects = tests_in "spec tests/lifecycle tests/job tests/hostile tests/server"
  for i = #effects, 1, -1 do
    local file = effects[i].file
    for _, name in ipairs { "config/", "properties_spec", "doctor_spec", "secrets_spec", "settings_spec", "compatibility_spec" } do
      if file:find(name, 1, true) then
        table.remove(effects, i)
        break
      end
    end
  end
  return effects
end

-- list(properties) -> { { what, name, test } }: `test` covers it, nil when nothing does. properties: as in the job's spec.
function coverage.list(properties)
  local rows, effects, names = {}, tests_of_effects(), {}
  for name in pairs(properties) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    rows[#rows + 1] = { "property", name, settings.legacy[name] and LEGACY or test_of_property(name, effects) }
  end
  for kind, keys in pairs(coverage.cloud_properties()) do
    local mine = tests_in(SPECS[kind] or "spec/vm spec/verbs spec/cloudstack")
    for _, key in ipairs(keys) do rows[#rows + 1] = { "cloud_properties of a " .. kind, key, test_of(key, mine) } end
  end
  return rows
end

if arg and arg[0] and arg[0]:find "coverage%.lua$" then
  local missing = 0
  for _, row in ipairs(coverage.list(job.spec().properties)) do
    print(("%-29s %-42s %s"):format(row[1], row[2], row[3] or "NO TEST"))
    if not row[3] then missing = missing + 1 end
  end
  os.exit(missing == 0 and 0 or 1)
end

return coverage

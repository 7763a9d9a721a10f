-- Documents that say what the code has: held against the code, so that neither moves alone.

local settings = require "setup.settings"
local text_file = require "text_file"

local SECRET = "cloudstack.secret_access_key" -- the host's, in no schema

local function output_lines(command)
  local lines, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

local function sorted_keys(set)
  local keys = {}
  for key in pairs(set) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- "| `name` | default | ..." -> { name = default }
local function properties_told(text)
  local told = {}
  for name, default in text:gmatch "\n| `([%w_.]+)` | ([^|]-) |" do
    if settings.schema[name] or name:find "%." or default:find "^`" then
      assert.is_nil(told[name], name .. " stands twice")
      told[name] = default
    end
  end
  return told
end

local function default_told(rule)
  if rule.required then return "required" end
  local value = rule[2]
  if value == nil then return "none" end
  if value == "" then return "empty" end
  return ("`%s`"):format(type(value) == "string" and ('"%s"'):format(value) or tostring(value))
end

-- Everything under a heading, up to the next of its rank.
local function section(text, heading)
  local from = select(2, text:find("\n" .. heading .. "\n", 1, true))
  assert(from, heading .. " is missing")
  local rank = heading:match "^#+"
  return text:sub(from, (text:find("\n" .. rank .. " ", from, true) or #text + 1) - 1)
end

describe("the operator's guides", function()
  local configure, install, day2 = text_file.read "docs/configure.md", text_file.read "docs/install.md", text_file.read "docs/day2.md"

  it("have every property with its default, and no other", function()
    local wanted = { [SECRET] = "required" }
    for name, rule in pairs(settings.schema) do wanted[name] = default_told(rule) end
    assert.same(wanted, properties_told(section(configure, "## Configuration")))
  end)

  it("have the permissions that the code has (`make contract` writes them)", function()
    local is, wanted = dofile("docs/permissions_table.lua").texts()
    assert.equal(wanted, is)
  end)

  it("have every CloudStack command that the code sends, and no other", function()
    local sent, told = {}, {}
    local sources = output_lines("find lua -name '*.lua' | grep -v -e lua/sim -e lua/trial -e lua/permissions -e lua/meta "
      .. "-e lua/decisions -e lua/cloudstack/replies")
    for _, path in ipairs(sources) do
      for name in text_file.read(path):gmatch '"(%l+%u%w+)"' do sent[name] = true end
    end
    for name in section(install, "## Permissions"):gmatch "%f[%w](%l+%u%w+)" do told[name] = true end
    assert.same(sorted_keys(sent), sorted_keys(told))
  end)

  it("have every command of the program", function()
    local wanted, found = {}, {}
    for _, one in ipairs(require("operator.usage").commands) do wanted[one.name] = true end
    for name in section(day2, "## Commands"):gmatch "`cpi (%l+)" do found[name] = true end
    for name in pairs(wanted) do assert.is_true(found[name], "cpi " .. name) end
    found.man = nil
    for name in pairs(found) do assert.is_true(wanted[name], "cpi " .. name) end
  end)

  it("tell the truth about what is not there", function()
    for name in section(day2, "## Not supported yet"):gmatch "([%l_]+)[%l_, ]*: NotImplemented" do
      assert.is_nil(io.open("lua/verbs/" .. name .. ".lua"), name)
    end
  end)
end)

-- ---------------------------------------------------------------------------------------------------------
-- docs/errors.md: its headings quote messages, "…" for what varies

-- Source text in which each message stands in one piece, its placeholders as "…".
local function messages_of(path)
  local text = text_file.read(path)
  text = text:gsub('"%s*%.%.%s*"', ""):gsub("\\\"", '"')
  if path:find "%.c$" then text = text:gsub('"%s*\n%s*"', "") end
  return (text:gsub("%%[%d.*]*[hlzjt]*%a", "…"):gsub("%%%%", "%%"))
end

-- Raised only where the code itself is at fault.
local BUGS = { ["a … without an id"] = true }

-- The longest run of a message's own words: what somebody would search for.
local function words_of(message)
  local longest = ""
  for part in (message .. "…"):gsub("%f[%w']: ", "…"):gsub(": ", "…"):gmatch "(.-)…" do
    part = part:gsub("^[^%w']+", ""):gsub("[^%w']+$", "")
    if #part > #longest then longest = part end
  end
  return longest
end

describe("docs/errors.md", function()
  local page = text_file.read "docs/errors.md"

  it("quotes messages that the code has", function()
    local sources = {}
    for _, path in ipairs(output_lines "find lua src -name '*.lua' -o -name '*.c' | grep -v -e /sim -e /server/guest") do
      sources[#sources + 1] = messages_of(path)
    end
    local all, count, unknown = table.concat(sources, "\n"), 0, {}
    for quoted in page:gmatch "\n### `([^\n]-)`" do
      count = count + 1
      if not all:find(quoted, 1, true) then unknown[#unknown + 1] = quoted end
    end
    assert.same({}, unknown)
    assert.is_true(count > 20)
  end)

  it("is searchable by the words of every error and warning that the scripts raise", function()
    local flat, count, missing = page:gsub("%s+", " "), 0, {}
    for _, path in ipairs(output_lines "find lua -name '*.lua' | grep -v -e lua/sim -e lua/trial -e lua/meta") do
      local text = messages_of(path)
      for _, pattern in ipairs { 'errors%.[%l_]+%s*%(?%s*"([^"\n]+)"', 'log%.warn%s*%(?%s*"([^"\n]+)"' } do
        for message in text:gmatch(pattern) do
          count = count + 1
          if not BUGS[message] and not flat:find(words_of(message), 1, true) then
            missing[#missing + 1] = ("%s: %s"):format(path, message)
          end
        end
      end
    end
    assert.same({}, missing)
    assert.is_true(count > 150)
  end)

  it("is searchable by what the programs say of their surroundings", function()
    local flat, count, missing = page:gsub("%s+", " "), 0, {}
    for _, path in ipairs { "src/base/store.c", "src/base/liveness.c", "src/config.c", "src/server/daemon.c", "src/server/main.c" } do
      for message in messages_of(path):gmatch 'why_size,[^"\n]*"([^"\n]+)"' do
        count = count + 1
        if not flat:find(words_of(message), 1, true) then missing[#missing + 1] = ("%s: %s"):format(path, message) end
      end
    end
    assert.same({}, missing)
    assert.is_true(count > 3)
  end)

  it("has a section for every class of error", function()
    for class in text_file.read "lua/errors.lua":gmatch 'kind%(?%s*"(%u%w+)"' do
      assert.truthy(page:find("`" .. class .. "`", 1, true), class)
    end
  end)
end)

-- ---------------------------------------------------------------------------------------------------------
-- docs/simulator.md: its code runs; docs/policies.md is walked through by tests/lifecycle/walkthrough_spec.lua

local function lua_blocks(path)
  local blocks = {}
  for code in text_file.read(path):gmatch "\n```lua\n(.-)\n```" do blocks[#blocks + 1] = code end
  return blocks
end

describe("docs/simulator.md", function()
  local blocks = lua_blocks "docs/simulator.md"

  it("has a world that works", function()
    local world = assert(load(blocks[1]))()
    local made = require("sim").new { host = require "host_native", world = world }
    assert.equal("4.19.1.0", made.state().version)
  end)

  for i = 2, #blocks do
    it(("has an example that works (%d)"):format(i - 1), function() assert(load(blocks[i], "=example " .. i))() end)
  end

  it("has an example of each way to test", function() assert.equal(5, #blocks) end)

  it("has every fault, and no other", function()
    local known, told = {}, {}
    for name in text_file.read("lua/sim/faults.lua"):gmatch "effects%.([%l_]+)" do known[name] = true end
    for name in section(text_file.read "docs/simulator.md", "## Make things go wrong"):gmatch "\n| `([%l_]+)` |" do
      told[name] = true
    end
    assert.same(sorted_keys(known), sorted_keys(told))
  end)
end)

-- The anchors of a page's headings, as GitHub makes them: lower case, blanks as dashes, punctuation left out; the second
-- heading of the same words gets "-1".
local function anchors_of(text)
  local anchors = {}
  for heading in ("\n" .. text):gmatch "\n#+ ([^\n]+)" do
    local anchor, again = heading:lower():gsub("[^%w_ \128-\255-]", ""):gsub(" ", "-"), 0
    local first = anchor
    while anchors[anchor] do
      again = again + 1
      anchor = first .. "-" .. again
    end
    anchors[anchor] = true
  end
  return anchors
end

local function is_there(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

describe("the documents", function()
  it("name only targets of make that there are", function()
    local makefile = "\n" .. text_file.read "Makefile"
    for _, path in ipairs(output_lines "ls README.md docs/*.md") do
      for name in text_file.read(path):gmatch "`make ([%l%-]+)`" do
        assert.truthy(makefile:find("\n" .. name .. ":", 1, true), ("%s: make %s"):format(path, name))
      end
    end
  end)

  it("link only to files and headings that there are", function()
    local links = 0
    for _, path in ipairs(output_lines "ls *.md docs/*.md lua/*/README.md") do
      for link, anchor in text_file.read(path):gmatch "%]%(([^)#]*)#?([^)]*)%)" do
        if not link:find "^%a+:" then
          local target = link == "" and path or (path:match "^(.*/)" or "") .. link
          local words = ("%s links to %s#%s"):format(path, link, anchor)
          assert.truthy(is_there(target), words)
          if anchor ~= "" then assert.is_true(anchors_of(text_file.read(target))[anchor] == true, words) end
          links = links + 1
        end
      end
    end
    assert.is_true(links > 100)
  end)

  it("have all their parts in their list of contents, in order", function()
    for _, path in ipairs { "docs/errors.md", "docs/install.md", "docs/configure.md", "docs/day2.md" } do
      local text, wanted, found = text_file.read(path), {}, {}
      for heading in text:gmatch "\n## ([^\n]+)" do wanted[#wanted + 1] = heading end
      for title in assert(text:match "\nContents:(.-)\n\n", path):gmatch "%[([^%]]+)%]" do found[#found + 1] = title end
      assert.same(wanted, found, path)
    end
  end)

  it("have the rooms that the lint has (`make contract` writes them), and say what is in each", function()
    local is, wanted = dofile("docs/rooms_table.lua").texts()
    assert.equal(wanted, is)
    assert.is_nil(is:match "\n| `[%w_]+` | [^|]* |%s*|\n")
  end)

  it("name only files of the code that there are", function()
    local named = 0
    for _, path in ipairs { "CONTRIBUTING.md", "docs/architecture.md" } do
      for name in text_file.read(path):gmatch "`([%l_]+/[%w_/.-]+%.%l+)`" do
        if not name:find "%u" and not name:find "^vm/" then
          named = named + 1
          assert.is_true(is_there(name), ("%s names %s"):format(path, name))
        end
      end
    end
    assert.is_true(named > 20)
  end)

  it("that the code, the job and the tests name are there", function()
    local named = "grep -rnoE 'docs/[a-z0-9_]+\\.md' lua src config bosh-release/jobs bosh-release/ops tests spec Makefile"
    for _, line in ipairs(output_lines(named)) do
      local path = line:match "docs/[%w_]+%.md$"
      if not line:find "^spec/across/documents_spec" then assert.truthy(is_there(path), line) end
    end
  end)
end)

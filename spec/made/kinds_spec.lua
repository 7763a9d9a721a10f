-- The table of kinds: every row is whole, and whatever is made, tagged or named anywhere in lua/ has a row.

local kinds = require "made.kinds"
local kinds_of_belongings = require "made.kinds_of_belongings"
local text_file = require "tests.support.text_file"

-- What a field may hold.
local function is_text(value) return type(value) == "string" and value ~= "" end
local function is_text_or_false(value) return value == false or is_text(value) end
local function is_function(value) return type(value) == "function" end
local function is_phase(value) return value == "leftovers" or value == "orphans" end

local FIELDS = {
  name = is_text, in_gc = is_text, in_names = is_text_or_false, in_cloudstack = is_text_or_false, phase = is_phase,
  list = is_function, find = is_function, is_used = is_function, is_wanted = is_function, judge = is_function, remove = is_function,
}
local MORE_OF_BELONGINGS = { request_by_id = is_function, command = is_text_or_false, role = is_text_or_false }

local function files()
  local pipe, list = assert(io.popen "find lua -name '*.lua' | sort"), {}
  for path in pipe:lines() do list[#list + 1] = { path = path, text = text_file.read(path) } end
  pipe:close()
  return list
end

-- { [what the pattern captures] = the first file that has it } over lua/, and how many there are.
local function captured(...)
  local found, count = {}, 0
  for _, file in ipairs(files()) do
    for _, pattern in ipairs { ... } do
      for word in file.text:gmatch(pattern) do
        count = count + (found[word] and 0 or 1)
        found[word] = found[word] or file.path
      end
    end
  end
  return found, count
end

local function set_of(field)
  local set = {}
  for _, kind in ipairs(kinds) do set[kind[field]] = true end
  return set
end

local function assert_rows(found, set)
  for word, path in pairs(found) do assert.is_true(set[word], ("%s: '%s' has no row in made/kinds.lua"):format(path, word)) end
end

describe("the table of kinds", function()
  it("has every field in every row, and no other", function()
    local is_belonging = {}
    for _, kind in ipairs(kinds_of_belongings) do is_belonging[kind] = true end
    for _, kind in ipairs(kinds) do
      for field, is_right in pairs(FIELDS) do
        assert.is_true(is_right(kind[field]), ("%s: %s"):format(tostring(kind.name), field))
      end
      for field, is_right in pairs(MORE_OF_BELONGINGS) do
        assert.equal(is_belonging[kind] or false, is_right(kind[field]), ("%s: %s"):format(kind.name, field))
      end
      for field in pairs(kind) do
        assert.is_truthy(FIELDS[field] or MORE_OF_BELONGINGS[field], ("%s: %s is not a field"):format(kind.name, field))
      end
    end
  end)

  it("has the names that entries of earlier journals have", function()
    for _, name in ipairs { "vm", "disk", "stemcell", "network", "snapshot", "address", "load balancer", "firewall rule",
      "affinity group" } do
      assert.equal(name, kinds[name] and kinds[name].name)
    end
    assert.equal(10, #kinds)
  end)

  it("has a row for whatever is opened in the journal", function()
    local found, count = captured('journal%.open%s*%(?%s*{%s*kind%s*=%s*"([^"]+)"', 'belongs%.open%(%s*"([^"]+)"')
    assert_rows(found, set_of "name")
    assert.equal(9, count)
    local by_name = captured 'journal%.open%s*%(?%s*{%s*(kind%s*=%s*[^"%s])'
    assert.same({ ["kind = k"] = "lua/made/new_belongings.lua" }, by_name) -- the words of belongs.open
  end)

  it("has a row for whatever a VM is given", function()
    local set = {}
    for _, kind in ipairs(kinds_of_belongings) do set[kind.name] = true end
    local found, count = captured('belongs%.add%(%s*"([^"]+)"', 'belongs%.ask%(%s*"([^"]+)"')
    assert_rows(found, set)
    assert.equal(3, count)
  end)

  it("has a row for whatever is named or tagged", function()
    local named, names = captured 'naming%.of%(cpi, "([^"]+)"'
    assert_rows(named, set_of "in_names")
    assert.equal(6, names)
    local tagged, types = captured('tags%.create_request%(cpi, "([^"]+)"', 'tags%.delete_request%(cpi, "([^"]+)"',
      'tags%.merge%(cpi, "([^"]+)"')
    assert_rows(tagged, set_of "in_cloudstack")
    assert.is_true(types >= 3)
  end)
end)

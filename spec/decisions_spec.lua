-- lua/decisions as a whole: complete, true, and said the same everywhere.

local contract = dofile "docs/policy_contract.lua"
local decision_places = dofile "docs/decision_places.lua"
local facts = require "decision.facts"
local native = require "host_native"
local policy = require "policy"
local text_file = require "text_file"

local function output_lines(command)
  local lines, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

local names = require "decisions"

-- The text of a verb and of everything that it requires, directly or not; a verb that talks to CloudStack has the
-- client's too, which cpi.lua gives it.
local function path_of(verb)
  local seen, texts = {}, {}
  local function visit(module)
    local path = "lua/" .. module:gsub("%.", "/") .. ".lua"
    if seen[path] then return end
    seen[path] = true
    local text = text_file.read(path)
    texts[#texts + 1] = text
    for inner in text:gmatch 'require%s*%(?"([%w_.]+)"' do visit(inner) end
    if text:find "cpi%.cloudstack" then visit "cloudstack.client" end
  end
  visit("verbs." .. verb)
  return table.concat(texts, "\n")
end

describe("the list of decisions", function()
  it("has what lua/decisions has, and a policy for each", function()
    local wanted = {}
    for i, name in ipairs(names) do wanted[i] = name .. ".lua" end
    table.sort(wanted)
    assert.same(wanted, output_lines "cd lua/decisions && ls *.lua")
    assert.same(wanted, output_lines "cd lua/policies && ls *.lua")
  end)

  it("is what verbs ask for, and nothing else", function()
    local asked, known = {}, {}
    for _, path in ipairs(output_lines "find lua -name '*.lua'") do
      for name in text_file.read(path):gmatch 'decide%s*%(?"([%l_]+)"' do asked[name] = true end
    end
    for _, name in ipairs(names) do known[name] = true end
    assert.same(known, asked)
  end)
end)

for _, name in ipairs(names) do
  describe("the decision " .. name, function()
    local decision = require("decisions." .. name)

    it("is on the path of the verbs that it names, and of no other", function()
      local wanted, found = {}, {}
      for _, verb in ipairs(decision.verbs) do wanted[verb] = true end
      assert.is_true(#decision.verbs > 0)
      for _, file in ipairs(output_lines "ls lua/verbs") do
        local verb = file:match "^(.*)%.lua$"
        if path_of(verb):find('decide%s*%(?"' .. name .. '"') then found[verb] = true end
      end
      assert.same(wanted, found)
    end)

    it("has an example without a text that says nothing", function()
      local function look(value, path)
        assert.are_not.equal("", value, path)
        for key, inner in pairs(type(value) == "table" and value or {}) do look(inner, ("%s.%s"):format(path, key)) end
      end
      look(decision.example, name)
    end)

    it("has an example that is as it describes its facts, and that ours answers", function()
      assert.same({}, facts.problems(decision, decision.example))
      local decide = policy.new { sandbox = native.policy, ours = "lua/policies", directory = function() end }
      assert.is_not_nil(decide(name, decision.example))
    end)

    it("says all that the documents need", function()
      for _, key in ipairs { "summary", "asked", "ours" } do assert.equal("string", type(decision[key]), key) end
      assert.equal("string", type(decision.answer.type))
      assert.equal("string", type(decision.answer.text))
      assert.equal("function", type(decision.match))
    end)
  end)
end

describe("what costs a request", function()
  -- The decisions whose needs a verb looks up, by the place where they stand.
  local PLACES = { create_vm = { "lua/verbs/create_vm.lua", "lua/vm/admission.lua" }, create_disk = { "lua/verbs/create_disk.lua" } }

  it("is looked up for every decision that describes it, by the verbs that make something", function()
    for _, name in ipairs(names) do
      local decision, has = require("decisions." .. name), false
      for _, row in ipairs(decision.facts) do has = has or row[1] == "counts" end
      for _, verb in ipairs(has and decision.verbs or {}) do
        local found = not PLACES[verb]
        for _, path in ipairs(PLACES[verb] or {}) do found = found or text_file.read(path):find('"' .. name .. '"', 1, true) ~= nil end
        assert.is_true(found, ("%s of %s"):format(name, verb))
      end
    end
  end)
end)

describe("a verb that asks for no decision", function()
  it("loads none", function()
    for _, name in ipairs(names) do package.loaded["decisions." .. name] = nil end
    assert.is_false(require("operator.trial").new({ host = native }).call("has_vm", "cpivm-1"))
    for _, name in ipairs(names) do assert.is_nil(package.loaded["decisions." .. name], name) end
  end)
end)

describe("what is written from lua/decisions", function()
  it("is up to date; `make contract` writes it", function()
    assert.equal(contract.page(), text_file.read(contract.README))
    for path, wanted in pairs(contract.annotations()) do assert.equal(wanted, text_file.read(path)) end
    for path, wanted in pairs(decision_places.files()) do
      assert.is_true(wanted ~= false, path .. " belongs to no decision")
      assert.equal(wanted, text_file.read(path), path)
    end
  end)

  it("is in cpi-policy(7) too", function()
    local page = table.concat(output_lines "lua5.4 docs/policy_page.lua 1.2.3", "\n")
    assert.truthy(page:find('.TH CPI\\-POLICY 7 "" "cloudstack_cpi 1.2.3"', 1, true))
    assert.is_nil(page:find("`", 1, true))
    for _, name in ipairs(names) do
      assert.truthy(page:find("\n.SH " .. name .. "\n", 1, true), name)
      for _, row in ipairs(require("decisions." .. name).facts) do
        assert.truthy(page:find("\n.BR " .. row[1] .. " ", 1, true), name .. "." .. row[1])
      end
    end
  end)

  it("names each class of an editor once", function()
    local seen = {}
    for _, text in pairs(contract.annotations()) do
      for class in text:gmatch "@class ([%w_.]+)" do
        assert.is_nil(seen[class], class)
        seen[class] = true
      end
    end
  end)
end)

-- What no policy should answer, and one that goes wrong might.
local function hostile_answers()
  local endless, deep = {}, {}
  endless.self, endless[1] = endless, endless
  local at = deep
  for _ = 1, 1000 do
    at[1], at.a = {}, "x"
    at = at[1]
  end
  local long = {}
  for i = 1, 10000 do long[i] = { id = "x" .. i } end
  return { false, true, 0, -1, 0 / 0, 1 / 0, "", "\0", "\xff\xfe", ("x"):rep(100000), {}, { {} }, { false }, { 1, 2 }, { [0] = 1 },
    { [1.5] = 1 }, { id = {} }, { id = 5 }, { name = {} }, { [{}] = {} }, endless, deep, long, print, { print }, { tags = print },
    { tags = { [5] = "x" } }, { tags = { x = {} } }, { answer = {} }, { answer = "wait", deadline = 0 / 0 }, { after = 0 / 0 },
    { after = {} }, { strategy = {} }, { strategy = "wait", deadline = {} }, { display_name = {} }, { display_name = "\0" },
    { display_name = ("x"):rep(100000) }, { how = {} }, { how = "register", url = {} }, { how = "upload", details = 5 },
    { how = "upload", details = { x = {} } }, { order = {} }, { zone = {} }, { host = {} }, { offering = {} }, { size = 0 / 0 },
    { size = -1 }, { type = {} }, { name = "x", type = 5 } }
end

describe("an answer that makes no sense", function()
  for _, name in ipairs(names) do
    it("is told of in words, or fits, whatever it is: " .. name, function()
      local decision = require("decisions." .. name)
      for i, answer in ipairs(hostile_answers()) do
        local ok, matched, why = pcall(decision.match, answer, decision.example)
        assert.is_true(ok, ("no. %d: %s"):format(i, tostring(matched)))
        if matched == nil then assert.equal("string", type(why), "no. " .. i) end
        for _, value in pairs(type(matched) == "table" and matched or {}) do
          assert.is_true(value == value and type(value) ~= "function", ("no. %d passes"):format(i))
        end
      end
    end)
  end
end)

describe("the spec of a decision", function()
  it("spoils a whole answer, field by field", function()
    for _, name in ipairs(names) do
      local text = text_file.read(("spec/decisions/%s_spec.lua"):format(name))
      assert.truthy(text:find('spoils(it, "' .. name .. '"', 1, true), name .. ": tests/support/decision.lua has `spoils`")
    end
  end)
end)

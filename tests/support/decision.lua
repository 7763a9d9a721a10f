-- What is taken as a decision's answer, and what is refused: rows of a table become specs.
--   decision.answers(it, "failed_vm", {
--     good = { { "keep", "keep" }, ... },            an answer, and what the CPI makes of it
--     bad = { { "maybe", "it must be" }, ... },      an answer, and words of the refusal
--     facts = { ... },                               else the decision's own example
--   })

local errors = require "errors"
local native = require "host_native"
local policy = require "policy"

local decision = {}

-- A decide() whose policies are functions or whole values: ours, and the site's where there is one.
function decision.decider(name, ours, site)
  local function file(directory, value)
    if value == nil then return end
    local path = directory .. "/" .. name .. ".lua"
    return path, type(value) == "function" and { api = 1, decide = value } or value
  end
  return policy.new {
    ours = "ours", directory = function() return "site" end, log = { warn = function() end },
    sandbox = {
      call = function(f, ...) return f(...) end,
      load = function(directory) return file(directory, directory == "ours" and ours or site) end,
    },
  }
end

-- What our own policy says of these facts, in the sandbox: its answer, and its reason where there is none.
function decision.ours(name, facts)
  local _, file = native.policy.load("lua/policies", name)
  return native.policy.call(file.decide, facts)
end

-- The error value that f raises.
function decision.failure(f, ...)
  local ok, failure = pcall(f, ...)
  assert(not ok, "nothing was raised")
  assert(errors.is(failure), tostring(failure))
  return failure
end

local function unused() error "nobody asks ours" end

function decision.answers(it, name, rows)
  local assert = require "luassert"
  local facts = rows.facts or require("decisions." .. name).example
  for i, row in ipairs(rows.good) do
    it(("an answer of %s is taken (%d)"):format(name, i), function()
      assert.same(row[2], decision.decider(name, unused, function() return row[1] end)(name, facts))
    end)
  end
  for _, row in ipairs(rows.bad) do
    it(("an answer of %s is refused: %s"):format(name, row[2]), function()
      local failure = decision.failure(decision.decider(name, unused, function() return row[1] end), name, facts)
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      local head = ("policy %s (site/%s.lua): not an answer it may give: "):format(name, name)
      assert.equal(head, failure.message:sub(1, #head))
      assert.truthy(failure.message:find(row[2], 1, true), failure.message)
    end)
  end
end

-- The answers of a decision that sees an order before anything is made, and may change its cloud_properties.
function decision.of_an_order(it, name)
  local order = { cloud_properties = { cpu = 1 } }
  decision.answers(it, name, {
    good = { { order, order }, { { cloud_properties = {}, networks = {} }, { cloud_properties = {} } } },
    bad = {
      { true, "it must be { cloud_properties = { ... } }" }, { {}, "it must be { cloud_properties" },
      { { cloud_properties = "x" }, "it must be { cloud_properties" },
      { { cloud_properties = { "x" } }, "a table of values by their names" },
      { { cloud_properties = { cpu = 0 / 0 } }, "its cloud_properties.cpu is not a finite number" },
      { { cloud_properties = { zone = "\xff" } }, "its cloud_properties.zone is not UTF-8" },
    },
  })
end

-- The whole answer of such a decision: the order as it is.
function decision.as_ordered(facts) return { cloud_properties = facts.cloud_properties } end

local function is_number(row) return row[2] == "number" or row[2] == "integer" end

-- Are all numbers in the value finite, and within what the field of their name allows?
local function check_numbers(assert, value, fields, path)
  for key, inner in pairs(type(value) == "table" and value or {}) do
    local row = fields[key]
    if math.type(inner) then
      assert.is_true(inner - inner == 0, path .. key .. " is not finite")
      if row then assert.is_true(inner >= row.least and inner <= row.most, path .. key .. " is out of bounds") end
    elseif key ~= "offering" then -- the facts' own row
      check_numbers(assert, inner, fields, path .. tostring(key) .. ".")
    end
  end
end

-- The bounds of a number, what is next to them, and numbers that are none.
local function edges(row)
  return { row.least, row.most, row.least - 1, row.most + 1, 0, -1, 1e300, -1e300, math.maxinteger, math.mininteger, 1 / 0,
    -1 / 0, 0 / 0, 5e-324 }
end

local WRONG_TYPES = { false, true, 0, 1.5, 0 / 0, 1 / 0, "", "x", {}, { {} }, { 0 / 0 }, { a = 0 / 0 }, { a = {} }, print }

-- Spoils a whole answer one field at a time: numbers stay within their bounds, and what is refused is refused in words.
-- whole(facts) returns a good answer to the decision's example, with everything in it that its answers may have.
function decision.spoils(it, name, whole)
  local assert = require "luassert"
  local described, fields = require("decisions." .. name), {}
  for _, row in ipairs(described.answer.fields or {}) do
    if is_number(row) then fields[row[1]] = row end
  end

  local function spoilt(field, value)
    local answer = whole(described.example)
    answer[field] = value
    return answer
  end

  it("has numbers within the bounds of its description", function()
    local base, why = described.match(whole(described.example), described.example)
    assert.is_not_nil(base, why)
    for field, row in pairs(fields) do
      assert.is_true(math.type(row.least) ~= nil and math.type(row.most) ~= nil and row.least <= row.most, field)
      assert.truthy(row[3]:find(("%s to %s"):format(row.least, row.most), 1, true), field .. " must say its bounds")
      for _, value in ipairs(edges(row)) do
        check_numbers(assert, (described.match(spoilt(field, value), described.example)), fields, ("%s = %s: "):format(field, value))
      end
    end
  end)

  it("is refused in words when a field has the wrong type", function()
    for _, row in ipairs(described.answer.fields or {}) do
      for _, value in ipairs(WRONG_TYPES) do
        local ok, matched, why = pcall(described.match, spoilt(row[1], value), described.example)
        assert.is_true(ok, ("%s = %s: %s"):format(row[1], tostring(value), tostring(matched)))
        if matched == nil then assert.equal("string", type(why)) end
        check_numbers(assert, matched, fields, "")
      end
    end
  end)
end

return decision

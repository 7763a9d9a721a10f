-- What is taken as a decision's answer, and what is refused: rows of a table become specs.
--   decision.answers(it, "failed_vm", {
--     good = { { "keep", "keep" }, ... },            an answer, and what the CPI makes of it
--     bad = { { "maybe", "it must be" }, ... },      an answer, and words of the refusal
--     facts = { ... },                               else the decision's own example
--   })

local errors = require "errors"
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

return decision

-- The sequential steps of the verbs that the bench measures are those of tests/bench/steps.lua, each with its reason there.

local listed = dofile "tests/bench/steps.lua"
local steps = require "steps"

describe("the sequential steps of", function()
  for _, row in ipairs(listed) do
    it(("%s %s are those that have a reason"):format(row[1], row[2]), function()
      local seen = steps.of(row)
      assert.equal(#row[3], #seen, table.concat(seen, " | "))
      for i, step in ipairs(row[3]) do
        assert.is_true(#step[2] > 0)
        -- Another question in the same wave is no step.
        for command in step[1]:gmatch "%a+" do assert.truthy(seen[i]:find(command, 1, true), seen[i]) end
      end
    end)
  end

  it("every verb are listed", function()
    local known = {}
    for _, row in ipairs(listed) do known[row[1]] = true end
    for _, verb in ipairs(steps.verbs()) do assert.is_true(known[verb], verb) end
  end)
end)

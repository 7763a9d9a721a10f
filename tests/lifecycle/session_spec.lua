-- docs/session.md against what its commands print: the page is recorded, and its words may not move away from the program's.

local text_file = require "text_file"
local session = dofile "docs/session.lua"

-- Ids, dates, times, ages and counts of requests are other ones each time, and so are the widths of columns that hold them.
local function shape_of(text)
  text = text:gsub("^.-\nin zone ", "in zone ") -- what doctor finds is another spec's
  text = text:gsub("%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+", "ID"):gsub("%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%+0000", "DATE")
  text = text:gsub("%d+%.%d s", "T s"):gsub("%d+ s\n", "AGE\n"):gsub("%d+ s,", "AGE,"):gsub("%d+ requests", "N requests")
  text = text:gsub("10%.0%.0%.%d+", "IP")
  return (text:gsub(" +", " "))
end

describe("docs/session.md", function()
  it("is what the commands print", function()
    local page, at, steps = text_file.read "docs/session.md", 1, 0
    session.play(function(step)
      steps = steps + 1
      local from, to, printed = page:find("\n```console\n%$ [^\n]+\n(.-)```\n", at)
      assert.truthy(from, "the page has no step for " .. step.typed)
      assert.equal(shape_of(page:sub(from, to):match "%$ ([^\n]+)"), shape_of(step.typed))
      assert.equal(shape_of(printed), shape_of(session.settled(step.printed, step)), "`make session` records it anew")
      at = to
    end)
    assert.is_nil(page:find("```console", at, true))
    assert.is_true(steps >= 5)
  end)
end)

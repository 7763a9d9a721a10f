local moment = require "base.moment"

describe("a moment", function()
  -- Each as `date -u -d @SECONDS` has it.
  for seconds, text in pairs {
    [0] = "1970-01-01 00:00:00 4", [951782399] = "2000-02-28 23:59:59 1", [951782400] = "2000-02-29 00:00:00 2",
    [1709164800] = "2024-02-29 00:00:00 4", [1764453600] = "2025-11-29 22:00:00 6", [1764540000] = "2025-11-30 22:00:00 7",
    [1767225599] = "2025-12-31 23:59:59 3", [1767225600] = "2026-01-01 00:00:00 4", [4102444800] = "2100-01-01 00:00:00 5",
  } do
    it("has the fields of the calendar: " .. text, function()
      local it = moment.of(seconds + 0.75)
      assert.equal(text, ("%04d-%02d-%02d %02d:%02d:%02d %d"):format(it.year, it.month, it.day, it.hour, it.minute, it.second, it.weekday))
      assert.equal(seconds, it.time)
      assert.equal(("%sT%sZ"):format(text:sub(1, 10), text:sub(12, 19)), moment.text(seconds))
      assert.equal(seconds, moment.seconds(it.year, it.month, it.day, it.hour, it.minute, it.second))
      for _, value in pairs(it) do assert.equal("integer", math.type(value)) end
    end)
  end
end)

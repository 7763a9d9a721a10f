local ages = require "operator.ages"

describe("an age", function()
  it("is said in the largest unit of which there are two", function()
    for seconds, words in pairs { [0] = "0 s", [119] = "119 s", [120] = "2 min", [7199] = "119 min", [7200] = "2 h", [172799] = "47 h",
      [172800] = "2 d", [86400 * 400] = "400 d", [-5] = "0 s", [1.5] = "1 s" } do
      assert.equal(words, ages.words(seconds))
    end
    assert.equal("-", ages.words(nil))
  end)

  it("is counted from CloudStack's date, and a date to come counts as now", function()
    assert.equal(60, ages.of("1970-01-01T00:01:00+0000", 120))
    assert.equal(0, ages.of("1970-01-01T01:00:00+0000", 120))
    assert.is_nil(ages.of("yesterday", 120))
    assert.is_nil(ages.of(nil, 120))
  end)
end)

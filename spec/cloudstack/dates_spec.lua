local dates = require "cloudstack.dates"

describe("CloudStack's dates", function()
  for text, seconds in pairs {
    ["1970-01-01T00:00:00+0000"] = 0, ["2026-11-24T02:07:16+0000"] = 1795486036, ["2024-02-29T23:59:59+0000"] = 1709251199,
    ["2024-03-01T01:00:00+0200"] = 1709247600, ["2000-12-31T22:00:00-0130"] = 978305400, ["1999-12-31T23:59:59+00:00"] = 946684799,
  } do
    it("are seconds since 1970: " .. text, function() assert.equal(seconds, dates.seconds(text)) end)
  end

  it("are nil where they are none", function()
    for _, text in ipairs { "", "2026-11-24", "2026-11-24T02:07:16", 7 } do assert.is_nil(dates.seconds(text)) end
    assert.is_nil(dates.seconds(nil))
  end)
end)

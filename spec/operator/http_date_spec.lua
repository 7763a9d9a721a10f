local utc = require("operator.http_date").utc

describe("a date of HTTP", function()
  it("is seconds since 1970", function()
    for _, seconds in ipairs { 0, 951782399, 951782400, 1709164800, 1709251199, 1767225600, 4107542400 } do
      assert.equal(seconds, utc(os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds)))
    end
  end)

  it("is nothing where it is none", function()
    for _, text in ipairs { "", "yesterday", "Thu, 26 Nov 2026", "Thu, 26 Foo 2026 11:00:00 GMT", "Thu, 26 Nov 2026 11:00:00 CET" } do
      assert.is_nil(utc(text))
    end
  end)
end)

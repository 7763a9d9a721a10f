local rows = require "decision.rows"

local a, b = { id = "1", name = "a" }, { id = "2", name = "b" }

describe("an answer's row", function()
  it("is the facts' own one of that id, never the policy's", function()
    assert.equal(b, rows.like({ id = "2", name = "forged" }, { a, b }))
    assert.is_nil(rows.like({ id = "3" }, { a, b }))
    assert.is_nil(rows.like("2", { a, b }))
    assert.is_nil(rows.like({ id = "2" }, nil))
  end)
end)

describe("an answer's number", function()
  local whole, any = { "size", "integer", least = 1, most = 10 }, { "after", "number", least = 0, most = 10, optional = true }

  it("is in its range, whole where it must be", function()
    for _, value in ipairs { 1, 10, 5.0 } do assert.is_true(rows.fits(value, whole), tostring(value)) end
    for _, value in ipairs { 0, 11, 5.5, "5", 0 / 0, math.huge, {} } do assert.is_false(rows.fits(value, whole), tostring(value)) end
    for _, value in ipairs { 0, 0.5, 10 } do assert.is_true(rows.fits(value, any), tostring(value)) end
    for _, value in ipairs { -0.1, 10.1, 0 / 0, math.huge, true } do assert.is_false(rows.fits(value, any), tostring(value)) end
  end)

  it("may be absent where it is optional only", function()
    assert.is_true(rows.fits(nil, any))
    assert.is_false(rows.fits(nil, whole))
  end)

  it("is described with its unit and range", function()
    assert.equal("its size must be a whole number of GB from 1 to 10", rows.range(whole, "GB"))
    assert.equal("its after must be a number of seconds from 0 to 10", rows.range(any, "seconds"))
  end)
end)

describe("what became of the candidates", function()
  it("is their rank, or what they lack, or that the policy left them out", function()
    local c = { id = "3", name = "c" }
    assert.same({ { name = "a", why = "has too little" }, { name = "b", rank = 1 },
      { name = "c", why = "is large enough; the policy left it out" } },
      rows.weigh({ a, b, c }, { b }, function(row) return row == a and "has too little" or nil end))
  end)
end)

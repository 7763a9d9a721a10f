local tables = require "base.tables"

describe("tables", function()
  it("have their keys in the order of their texts", function()
    assert.same({ "a", "b", "c" }, tables.sorted_keys { c = 1, a = 2, b = 3 })
    assert.same({ 10, 2, "x" }, tables.sorted_keys { x = 1, [2] = 1, [10] = 1 })
    assert.same({}, tables.sorted_keys {})
  end)

  it("are copied with all that is in them", function()
    local inner = { 1, 2 }
    local given = { list = inner, text = "x", no = false }
    local twin = tables.copy(given)
    assert.same(given, twin)
    assert.are_not.equal(given, twin)
    assert.are_not.equal(inner, twin.list)
    assert.equal(7, tables.copy(7))
  end)

  it("are the same where all that is in them is", function()
    for _, pair in ipairs { { 1, 1 }, { {}, {} }, { { a = { 1, 2 } }, { a = { 1, 2 } } }, { "x", "x" } } do
      assert.is_true(tables.same(pair[1], pair[2]))
    end
    for _, pair in ipairs { { 1, "1" }, { {}, { 1 } }, { { 1 }, {} }, { { a = { 1, 2 } }, { a = { 1, 3 } } }, { {}, 1 },
      { { a = false }, {} } } do
      assert.is_false(tables.same(pair[1], pair[2]))
    end
  end)

  it("have a place for a value, where it is in the list", function()
    local one = {}
    assert.same({ 2, 1 }, { tables.place({ {}, one }, one), tables.place({ "a", "a" }, "a") })
    assert.is_nil(tables.place({ {} }, one))
    assert.is_nil(tables.place({}, nil))
  end)

  it("are laid over each other without an edit of either", function()
    local base, more = { a = 1, b = 2 }, { b = 3, c = 4 }
    assert.same({ a = 1, b = 3, c = 4 }, tables.with(base, more))
    assert.same({ { a = 1, b = 2 }, { b = 3, c = 4 } }, { base, more })
    assert.same({ a = 1, b = 2 }, tables.with(base))
  end)
end)

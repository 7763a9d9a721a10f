local collation = require "base.collation"

describe("the database's comparison", function()
  for _, pair in ipairs { { "Deployment", "deployment" }, { "e", "é" }, { "e ", "E" }, { "ÀÖÜ", "aou" }, { "Ж", "ж" }, { "Σ", "σ" },
    { "œuvre", "Œuvre" } } do
    local is_same = pair[1] ~= "œuvre" -- a pair that is further apart than those of the table
    it(("takes %s and %s for %s"):format(pair[1], pair[2], is_same and "one" or "two"), function()
      assert.equal(is_same, collation.same(pair[1], pair[2]))
    end)
  end

  it("takes every accented letter for its plain one", function()
    assert.equal("acdeghijklnorstuwyz", collation.fold "ÀÇĎÉĜĤÌĴĶĽÑÒŘŚŢÙŴÝŹ")
  end)

  it("tells other texts apart", function()
    assert.is_false(collation.same("a", "b"))
    assert.is_false(collation.same(" a", "a"))
    assert.is_false(collation.same("a_b", "a-b"))
  end)

  it("leaves what is not UTF-8 as it is", function() assert.equal("\xff\xe9a", collation.fold "\xff\xe9A") end)
end)

local spelling = require "base.spelling"

describe("spelling", function()
  local known = { "compute_offering", "disk", "disk_offering", "ram" }

  it("suggests the nearest known word", function()
    assert.equal("compute_offering", spelling.nearest("compte_offering", known))
    assert.equal("compute_offering", spelling.nearest("compute-offering", known))
    assert.equal("ram", spelling.nearest("rma", known))
  end)

  it("suggests nothing that is far away", function()
    assert.is_nil(spelling.nearest("zzzzzz", known))
    assert.equal("", spelling.suggestion("x", {}))
  end)

  it("does not compare absurdly long words", function()
    assert.is_nil(spelling.nearest(("disk"):rep(100000), known))
  end)
end)

local changes = require "cloudstack.volume_changes"

describe("a volume's size", function()
  it("may change with nothing else where the offering and the version let it", function()
    local fixed, strict, custom = {}, { disksizestrictness = true }, { iscustomized = true }
    assert.same({ false, true, false, true }, { changes.may_grow(fixed, "4.15.0.0"), changes.may_grow(fixed, "4.18.0.0"),
      changes.may_grow(strict, "4.18.0.0"), changes.may_grow(custom, "4.11.0.0") })
  end)
end)

describe("offerings alike", function()
  it("have the kind of storage, the tags and the strictness in common", function()
    local own = { id = "1", storagetype = "shared", tags = "a, b" }
    local twin = { id = "2", storagetype = "shared", tags = "b,a" }
    local rows = { own, twin, { id = "3", storagetype = "local", tags = "a,b" }, { id = "4", storagetype = "shared" },
      { id = "5", storagetype = "shared", tags = "a,b", disksizestrictness = true } }
    assert.same({ own, twin }, changes.alike(rows, own))
  end)
end)

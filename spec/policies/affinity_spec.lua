local ours = require("tests.support.decision").ours

describe("our policy of affinity", function()
  it("adds the group of the instance group where the site switched that on", function()
    assert.same({ { name = "bosh-web", type = "host anti-affinity" } },
      ours("affinity", { names = {}, auto = "bosh-web", auto_type = "host anti-affinity" }))
  end)

  it("adds nothing where it is off, or the manifest names groups", function()
    assert.same({}, ours("affinity", { names = {} }))
    assert.same({}, ours("affinity", { names = { "mine" }, auto = "bosh-web", auto_type = "host affinity" }))
  end)
end)

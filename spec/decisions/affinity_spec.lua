local decision = require "tests.support.decision"

-- n groups.
local function groups(n)
  local list = {}
  for i = 1, n do list[i] = { name = "g" .. i } end
  return list
end

describe("affinity", function()
  decision.answers(it, "affinity", {
    good = {
      { groups(32), groups(32) }, { "none", {} }, { {}, {} }, { { name = "a" }, { { name = "a" } } },
      { { { name = "a", type = "host affinity" }, { name = "a" } }, { { name = "a", type = "host affinity" } } },
    },
    bad = { { groups(33), "it has more than 32 groups" }, { true, "it must be a list of" },
      { { { name = "" } }, "its entry 1 has no name" },
      { { { name = "a", type = 5 } }, "its entry 1 has a type that is not a string" }, { { "a" }, "its entry 1 has no name" } },
  })
end)

describe("an answer of affinity", function()
  decision.spoils(it, "affinity", function() return { name = "x", type = "host affinity" } end)
end)

describe("our policy of affinity", function()
  it("adds the group of the instance group where the site switched that on", function()
    assert.same({ { name = "bosh-web", type = "host anti-affinity" } },
      decision.ours("affinity", { names = {}, auto = "bosh-web", auto_type = "host anti-affinity" }))
  end)

  it("adds nothing where it is off, or the manifest names groups", function()
    assert.same({}, decision.ours("affinity", { names = {} }))
    assert.same({}, decision.ours("affinity", { names = { "mine" }, auto = "bosh-web", auto_type = "host affinity" }))
  end)
end)

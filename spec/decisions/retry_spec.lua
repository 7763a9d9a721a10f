local decision = require "tests.support.decision"

describe("retry", function()
  decision.answers(it, "retry", {
    good = {
      { { after = 3 }, { after = 3 } },
      { 0.5, { after = 0.5 } },
      { { after = 1e9 }, { after = 600 } },
      { { after = 1 / 0 }, { after = 600 } },
      { 0, { after = 0.1 } }, -- no loop without a rest
      { { after = 5e-324 }, { after = 0.1 } },
      { false, {} },
    },
    bad = {
      { { after = -1 }, "after" },
      { { after = "soon" }, "after" },
      { 0 / 0, "after" },
      { true, "after" },
    },
  })

  it("stops for nil, with or without a reason", function()
    assert.same({}, decision.decider("retry", function() return nil, "enough" end)("retry", {}))
  end)
end)

describe("an answer of retry", function()
  decision.spoils(it, "retry", function() return { after = 5 } end)
end)

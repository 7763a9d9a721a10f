local ours = require("tests.support.decision").ours

describe("our policy of disk", function()
  it("leaves every order as it is", function()
    local order = { cloud_properties = { cpu = 1, policy = { a = 1 } } }
    assert.same(order, (ours("disk", order)))
  end)
end)

local ours = require("tests.support.decision").ours

describe("our policy of expunge", function()
  it("expunges at once where the account may and the site wants it", function()
    assert.same({ strategy = "now" }, ours("expunge", { may_expunge = true, wanted = true }))
  end)

  it("else gives the address away first", function()
    assert.same({ strategy = "release" }, ours("expunge", { may_expunge = false, wanted = true }))
    assert.same({ strategy = "release" }, ours("expunge", { may_expunge = true, wanted = false }))
  end)
end)

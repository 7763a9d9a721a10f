local ours = require("tests.support.decision").ours

describe("our policy of failed_vm", function()
  it("destroys what could not be made", function() assert.equal("destroy", ours("failed_vm", { attempt = 1 })) end)
end)

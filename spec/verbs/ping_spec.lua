local fake = require "tests.support.fake"

describe("ping", function()
  it("answers pong, and asks nobody", function()
    local cpi <close> = fake.cpi {}
    assert.equal("pong", require "verbs.ping"(cpi))
  end)
end)

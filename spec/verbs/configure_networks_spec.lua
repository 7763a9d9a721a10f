local fake = require "tests.support.fake"

describe("configure_networks", function()
  it("is NotSupported: the director then recreates the VM", function()
    local cpi <close> = fake.cpi {}
    assert.equal("Bosh::Clouds::NotSupported", fake.failure(require "verbs.configure_networks", cpi, "cpivm-1", {}).type)
  end)
end)

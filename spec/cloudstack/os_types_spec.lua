local fake = require "tests.support.fake"
local os_types = require "cloudstack.os_types"

describe("an OS type", function()
  it("is asked for by its description, from the cache where that has it", function()
    assert.same({ "listOsTypes", { description = "Ubuntu" }, rows = "ostype", cached = true }, os_types.request "Ubuntu")
  end)

  it("is the one of exactly that description", function()
    local rows = { { id = "1", description = "Ubuntu 22.04 LTS" }, { id = "2", description = "Ubuntu" } }
    assert.equal("2", os_types.pick(rows, "Ubuntu").id)
  end)

  it("that is not there is a CloudError that names the setting", function()
    local failure = fake.failure(os_types.pick, { { id = "1", description = "ubuntu" } }, "Ubuntu")
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("OS type 'Ubuntu' is not in CloudStack (cloudstack.stemcell.os_type)", failure.message)
  end)
end)

local fake = require "tests.support.fake"
local security_groups = require "cloudstack.security_groups"

local rows = { { id = "1", name = "Web" }, { id = "2", name = "ssh" } }

describe("security groups", function()
  it("are picked by id, or by name in any case", function()
    assert.equal("1", security_groups.pick(rows, "web").id)
    assert.equal("2", security_groups.pick(rows, "2").id)
  end)

  it("that are not there are refused with those that are", function()
    local message = fake.failure(security_groups.pick, rows, "wep").message
    assert.equal("security group 'wep' is not in CloudStack (did you mean 'Web'?); there are: Web, ssh", message)
  end)
end)

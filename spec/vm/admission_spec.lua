local admission = require("vm.admission").admit
local fake = require "tests.support.fake"

local KNOWN = { cpu = "count", ram = "count", root_disk_size = "megabytes", policy = "object" }

local function order(more)
  local one = {
    stemcell_cid = "cpitemplate-1", properties = { cpu = 2, ram = 1024 }, given_properties = { CPU = 2, ram = 1024 }, disk_cids = { "d" },
    given_networks = { b = { type = "dynamic", cloud_properties = { Name = "net" } }, a = { type = "manual", ip = "10.0.0.5" }, c = "odd" },
    instance = { group = "bosh-cf-web", deployment = "cf", instance_group = "web", tags = { stage = "x" }, policy = { tier = "gold" } },
  }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

describe("a VM's admission", function()
  it("leaves the order alone, and asks nobody, where the site has no file", function()
    local cpi <close> = fake.cpi {}
    local one = order()
    package.loaded["decisions.vm"] = nil
    assert.equal(one, admission(cpi, one, KNOWN))
    assert.is_nil(package.loaded["decisions.vm"])
  end)

  it("has the whole order among its facts", function()
    local facts
    local cpi <close> = fake.cpi { policies = { vm = function(given)
      facts, given.now = given, nil
      return given
    end } }
    admission(cpi, order(), KNOWN)
    assert.same({
      stemcell_cid = "cpitemplate-1", cloud_properties = { cpu = 2, ram = 1024 }, disks = { "d" },
      networks = { { name = "a", type = "manual", ip = "10.0.0.5", cloud_properties = {} },
        { name = "b", type = "dynamic", cloud_properties = { name = "net" } } },
      group = "bosh-cf-web", deployment = "cf", instance_group = "web", tags = { stage = "x" }, policy = { tier = "gold" },
    }, facts)
  end)

  it("changes what is to be made", function()
    local cpi <close> = fake.cpi { policies = { vm = function(facts, default)
      local answer = default(facts)
      answer.cloud_properties.root_disk_size = 20480
      return answer
    end } }
    assert.same({ cpu = 2, ram = 1024, root_disk_size = 20480 }, admission(cpi, order(), KNOWN).properties)
  end)

  it("refuses in the site's words", function()
    local cpi <close> = fake.cpi { policies = { vm = function(facts) return nil, facts.deployment .. " is frozen" end } }
    local failure = fake.failure(admission, cpi, order(), KNOWN)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("policy vm (site/vm.lua): cf is frozen", failure.message)
  end)
end)

local fake = require "tests.support.fake"
local network_range = require "base.network_range"

describe("the range of a new network", function()
  it("is the director's, with its gateway or the first address", function()
    assert.same({ cidr = "10.7.1.0/24", gateway = "10.7.1.254", netmask = "255.255.255.0" },
      network_range.of({ range = "10.7.1.0/24", gateway = "10.7.1.254" }, nil, {}))
    assert.equal("10.7.1.1", network_range.of({ range = "10.7.1.0/24" }, nil, {}).gateway)
  end)

  it("is the first free block of the size that is asked for", function()
    assert.equal("10.0.0.0/24", network_range.of({ netmask_bits = 24 }, nil, {}).cidr)
    assert.equal("10.0.2.0/24", network_range.of({ netmask_bits = 24 }, nil, { "10.0.0.0/24", "10.0.1.0/25" }).cidr)
    assert.equal("10.1.0.0/16", network_range.of({ netmask_bits = 16 }, nil, { "10.0.200.0/24" }).cidr)
    assert.equal("10.90.0.128/25", network_range.of({ netmask_bits = 25 }, "10.90.0.0/24", { "10.90.0.0/26" }).cidr)
  end)

  for what, case in pairs {
    ["no range"] = { { range = "10.7.1.0" }, "range must be an IPv4 network" },
    ["a range without room"] = { { range = "10.7.1.0/30" }, "at least 8 addresses" },
    ["a gateway outside"] = { { range = "10.7.1.0/24", gateway = "10.7.2.1" }, "is not an address inside 10.7.1.0/24" },
    ["a gateway that is the broadcast address"] = { { range = "10.7.1.0/24", gateway = "10.7.1.255" }, "is not an address inside" },
    ["neither range nor size"] = { {}, "neither 'range' nor 'netmask_bits'" },
    ["a size that is none"] = { { netmask_bits = 31 }, "from 8 to 29" },
    ["a size in text"] = { { netmask_bits = "24" }, "from 8 to 29" },
    ["a VPC that is full"] = { { netmask_bits = 24 }, "no block of /24 is free in 10.90.0.0/24", "10.90.0.0/24", { "10.90.0.0/25" } },
  } do
    it("is refused: " .. what, function()
      local failure = fake.failure(network_range.of, case[1], case[3], case[4] or {})
      assert.equal("Bosh::Clouds::CloudError", failure.type)
      assert.truthy(failure.message:find(case[2], 1, true), failure.message)
    end)
  end
end)

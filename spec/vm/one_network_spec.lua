local fake = require "tests.support.fake"
local one_network = require "vm.one_network"

local null = fake.json.null

local function read(given) return one_network("a", given, null) end
local function manual(ip, more)
  local given = { type = "manual", ip = ip, netmask = "255.255.255.0", cloud_properties = { name = "net" } }
  for key, value in pairs(more or {}) do given[key] = value end
  return given
end

describe("one of BOSH's networks", function()
  it("is one address without a prefix, and with the longest", function()
    for _, more in ipairs { {}, { prefix = "32" }, { prefix = 32 }, { prefix = "" }, { prefix = null } } do
      local network = read(manual("10.0.0.5", more))
      assert.same({ 4, 32, "10.0.0.5" }, { network.family, network.prefix, network.ip })
    end
    local network = read(manual("2001:DB8:0::5", { prefix = "128" }))
    assert.same({ 6, 128, "2001:db8::5" }, { network.family, network.prefix, network.ip })
  end)

  it("is a block with a shorter one", function()
    assert.equal(28, read(manual("10.0.0.16", { prefix = "28" })).prefix)
    assert.equal(80, read(manual("2001:db8:7::", { prefix = "80" })).prefix)
  end)

  it("that is dynamic is IPv6 where its prefix or its netmask says so", function()
    assert.equal(4, read({ type = "dynamic", prefix = "32" }).family)
    assert.equal(4, read({ type = "dynamic" }).family)
    assert.equal(6, read({ type = "dynamic", prefix = "128" }).family)
    assert.equal(6, read({ type = "dynamic", netmask = "ffff:ffff:ffff:ffff::" }).family)
  end)

  it("may be of a group, which the director sends as a text", function()
    assert.equal("1", read(manual("10.0.0.5", { nic_group = "1" })).group)
    assert.equal("0", read(manual("10.0.0.5", { nic_group = 0 })).group)
    assert.is_nil(read(manual("10.0.0.5", { nic_group = "" })).group)
    assert.is_nil(read(manual("10.0.0.5", { nic_group = null })).group)
  end)

  for what, case in pairs {
    ["a prefix that is none"] = { manual("10.0.0.5", { prefix = "x" }), "CpiError",
      "'prefix' must be a number of bits such as 32, got 'x'" },
    ["a prefix of no bits"] = { manual("10.0.0.0", { prefix = "0" }), "CpiError", "'prefix' must be a number of bits" },
    ["a prefix of parts of bits"] = { manual("10.0.0.0", { prefix = 28.5 }), "CpiError", "'prefix' must be a number of bits" },
    ["an IPv6 prefix of an IPv4 address"] = { manual("10.0.0.5", { prefix = "64" }), "CpiError",
      "a prefix of 64 bits is too long for 10.0.0.5" },
    ["a prefix beyond all"] = { manual("2001:db8::", { prefix = "129" }), "CpiError", "'prefix' must be a number of bits" },
    ["a block that begins in its middle"] = { manual("10.0.0.17", { prefix = "28" }), "CpiError",
      "address 10.0.0.17 is not the first one of a block with the prefix 28, 10.0.0.16 is" },
    ["a dynamic block"] = { { type = "dynamic", prefix = "28" }, "NotSupported", "only a manual network can be more than one address" },
    ["a vip that is a block"] = { { type = "vip", ip = "192.0.2.0", prefix = "30" }, "NotSupported", "is a vip one and has the prefix 30" },
    ["a group that is no text"] = { manual("10.0.0.5", { nic_group = {} }), "CpiError", "'nic_group' must be a text" },
  } do
    it("is refused: " .. what, function()
      local failure = fake.failure(read, case[1])
      assert.equal("Bosh::Clouds::" .. case[2], failure.type)
      assert.truthy(failure.message:find(case[3], 1, true), failure.message)
    end)
  end
end)

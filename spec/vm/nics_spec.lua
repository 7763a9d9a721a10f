local fake = require "tests.support.fake"
local nics = require "vm.nics"
local one_network = require "vm.one_network"

local A, B = { id = "n1", name = "net-a" }, { id = "n2", name = "net-b" }
local FRESH = { n1 = "02:00:00:00:00:0a", n2 = "02:00:00:00:00:0b" }

local function network(name, target, given, mac)
  local full = { type = "manual", netmask = "255.255.255.0", cloud_properties = {} }
  for key, value in pairs(given) do full[key] = value end
  local read = one_network(name, full, fake.json.null)
  read.target, read.mac = target, mac
  return read
end

local function group(...)
  local fresh = {}
  for _, one in ipairs { ... } do fresh[one.name] = FRESH[one.target.id] end
  return nics.group({ ... }, fresh)
end

local function names(nic)
  local list = {}
  for i, one in ipairs(nic.networks) do list[i] = one.name end
  return table.concat(list, " ")
end

describe("the addresses that a NIC is to have", function()
  it("are its own and the further ones, each in its network", function()
    local list = group(network("a", A, { ip = "10.0.0.5" }), network("b", A, { ip = "10.0.0.6", prefix = "32" }))
    assert.same({ { ip = "10.0.0.5", target = A }, { ip = "10.0.0.6", target = A, is_further = true } }, nics.wanted(list[1]))
    assert.same({}, nics.wanted { target = A, more = {} })
  end)
end)

describe("networks in two networks of CloudStack", function()
  it("have a NIC each, in their order", function()
    local list = group(network("b", B, { ip = "10.1.0.5" }), network("a", A, { ip = "10.0.0.5" }))
    assert.same({ "b", "10.1.0.5", B }, { list[1].name, list[1].ip, list[1].target })
    assert.same({ "a", "10.0.0.5", A }, { list[2].name, list[2].ip, list[2].target })
    assert.same({ {}, {} }, { list[1].more, list[2].more })
    assert.is_nil(list[1].mac)
  end)

  it("can't be of one group", function()
    local failure = fake.failure(group, network("a", A, { ip = "10.0.0.5", nic_group = "1" }),
      network("b", B, { ip = "10.1.0.5", nic_group = "1" }))
    assert.equal("networks 'a' and 'b' have the nic_group '1', and are in two networks of CloudStack, 'net-a' and 'net-b': a NIC is "
      .. "in one", failure.message)
  end)

  it("have MACs of their own", function()
    local failure = fake.failure(group, network("a", A, { ip = "10.0.0.5" }, "02:00:00:00:00:01"),
      network("b", B, { ip = "10.1.0.5" }, "02:00:00:00:00:01"))
    assert.equal("networks 'a' and 'b' have the same MAC 02:00:00:00:00:01; every NIC has its own", failure.message)
  end)
end)

describe("networks in one network of CloudStack", function()
  it("share a NIC with one MAC, of one group, of two or of none", function()
    for _, groups in ipairs { { "1", "1" }, { "1", "2" }, {} } do
      local list = group(network("a", A, { ip = "10.0.0.5", nic_group = groups[1] }), network("b", A, { ip = "10.0.0.6",
        nic_group = groups[2] }))
      assert.equal(1, #list)
      assert.same({ "10.0.0.5", { { address = "10.0.0.6", network = "b" } } }, { list[1].ip, list[1].more })
      assert.same({ "02:00:00:00:00:0a", true }, { list[1].mac, list[1].has_fresh_mac })
    end
  end)

  it("stand where the first of them does", function()
    local list = group(network("a", A, { ip = "10.0.0.5" }), network("b", B, { ip = "10.1.0.5" }), network("c", A, { ip = "10.0.0.6" }))
    assert.same({ "a c", "b" }, { names(list[1]), names(list[2]) })
  end)

  it("have the MAC of one of them, and can't have two", function()
    local list = group(network("a", A, { ip = "10.0.0.5" }), network("b", A, { ip = "10.0.0.6" }, "02:00:00:00:00:01"))
    assert.same({ "02:00:00:00:00:01", false }, { list[1].mac, list[1].has_fresh_mac })
    list = group(network("a", A, { ip = "10.0.0.5" }, FRESH.n1), network("b", A, { ip = "10.0.0.6" }, FRESH.n1))
    assert.same({ FRESH.n1, true }, { list[1].mac, list[1].has_fresh_mac })
    local failure = fake.failure(group, network("a", A, { ip = "10.0.0.5" }, "02:00:00:00:00:01"),
      network("b", A, { ip = "10.0.0.6" }, "02:00:00:00:00:02"))
    assert.equal("networks 'a' and 'b' share the NIC in 'net-a' and have two MACs, 02:00:00:00:00:01 and 02:00:00:00:00:02; a NIC "
      .. "has one", failure.message)
  end)

  it("give it the gateway's address for its own", function()
    local list = group(network("a", A, { ip = "10.0.0.5" }), network("b", A, { ip = "10.0.0.6", default = { "dns", "gateway" } }))
    assert.same({ "b a", "10.0.0.6" }, { names(list[1]), list[1].ip })
  end)

  it("give it a single address for its own before a block's", function()
    local list = group(network("a", A, { ip = "10.0.0.16", prefix = "30" }), network("b", A, { ip = "10.0.0.6" }))
    assert.same({ "b a", "10.0.0.6" }, { names(list[1]), list[1].ip })
    assert.same({ "10.0.0.16", "10.0.0.17", "10.0.0.18", "10.0.0.19" },
      { list[1].more[1].address, list[1].more[2].address, list[1].more[3].address, list[1].more[4].address })
  end)

  it("give it none of its own where one is dynamic: CloudStack chooses that", function()
    local list = group(network("a", A, { ip = "10.0.0.5", default = { "gateway" } }), network("b", A, { type = "dynamic" }))
    assert.equal("b a", names(list[1]))
    assert.is_nil(list[1].ip)
    assert.same({ { address = "10.0.0.5", network = "a" } }, list[1].more)
  end)

  it("of IPv6 come last, and are never its own", function()
    local list = group(network("a", A, { ip = "2001:db8::5", default = { "gateway" } }), network("b", A, { ip = "10.0.0.6" }))
    assert.same({ "b a", "10.0.0.6", { { address = "2001:db8::5", network = "a" } } }, { names(list[1]), list[1].ip, list[1].more })
    list = group(network("a", A, { ip = "10.0.0.5" }), network("b", A, { type = "dynamic", prefix = "128" }))
    assert.same({ "10.0.0.5", {} }, { list[1].ip, list[1].more })
  end)

  it("can't have an address twice, in whatever spelling", function()
    local failure = fake.failure(group, network("a", A, { ip = "10.0.0.16", prefix = "28" }), network("b", A, { ip = "10.0.0.20" }))
    assert.equal("networks 'b' and 'a' both have address 10.0.0.20", failure.message)
    failure = fake.failure(group, network("a", A, { ip = "10.0.0.5" }), network("b", A, { ip = "2001:db8::5" }),
      network("c", A, { ip = "2001:DB8:0::5" }))
    assert.equal("networks 'b' and 'c' both have address 2001:db8::5", failure.message)
  end)

  it("can't both be dynamic", function()
    local failure = fake.failure(group, network("a", A, { type = "dynamic" }), network("b", A, { type = "dynamic" }))
    assert.equal("Bosh::Clouds::NotSupported", failure.type)
    assert.truthy(failure.message:find("'a' and 'b' share the NIC in 'net-a' and are both dynamic IPv4 ones", 1, true), failure.message)
    assert.equal(1, #group(network("a", A, { type = "dynamic" }), network("b", A, { type = "dynamic", prefix = "128" })))
  end)
end)

describe("a block alone on its NIC", function()
  it("has its first address for the NIC's own", function()
    local list = group(network("a", A, { ip = "10.0.0.16", prefix = "28" }))
    assert.same({ "10.0.0.16", 15, "10.0.0.31" }, { list[1].ip, #list[1].more, list[1].more[15].address })
    assert.is_nil(list[1].mac)
  end)
end)

local fake = require "tests.support.fake"
local network_limits = require "vm.network_limits"
local one_network = require "vm.one_network"

local plain = { id = "n1", name = "plain", zoneid = "z1", cidr = "10.0.0.0/24" }
local dual = { id = "n2", name = "dual", zoneid = "z1", cidr = "10.7.1.0/24", ip6cidr = "2001:db8:7::/64", ip6gateway = "2001:db8:7::1" }
local elsewhere = { id = "n3", name = "far", zoneid = "z2", ip6cidr = "2001:db8:8::/64" }
local found = { networks = { plain, dual, elsewhere }, zone = { id = "z1" }, can = { version = "4.23.0.0" } }

local function check(given, target, more)
  more = more or {}
  local cpi <close> = fake.cpi { settings = more.settings }
  local network = one_network("a", given, fake.json.null)
  network.target = target
  network_limits.check(cpi, network, more.found or found)
  return true
end

local function refused(...) return fake.failure(check, ...).message end
local function v6(ip, prefix) return { type = "manual", ip = ip, prefix = prefix or "128" } end
local function v4(ip, prefix) return { type = "manual", ip = ip, prefix = prefix or "32" } end

describe("an IPv6 network of BOSH", function()
  it("needs a network of CloudStack that has it, and is told which have", function()
    assert.is_true(check(v6 "2001:db8:7::5", dual))
    assert.equal("network 'a' is an IPv6 one, and network 'plain' of CloudStack has no IPv6; those of the zone that have: dual",
      refused(v6 "2001:db8:7::5", plain))
    local without = { networks = { plain, elsewhere }, zone = found.zone, can = found.can }
    assert.equal("network 'a' is an IPv6 one, and network 'plain' of CloudStack has no IPv6; no network of the zone has",
      refused(v6 "2001:db8:7::5", plain, { found = without }))
  end)

  it("has an address of the network's prefix, and not the router's", function()
    for _, ip in ipairs { "2001:db8:8::5", "2001:db8:7:1::5", "2001:DB8:7:0::1" } do
      assert.truthy(refused(v6(ip), dual):find("is not one that a VM can have in network 'dual' (2001:db8:7::/64, gateway 2001:db8:7::1)",
        1, true), ip)
    end
    assert.is_true(check({ type = "dynamic", prefix = "128" }, dual))
  end)

  it("needs CloudStack 4.12", function()
    local old = { networks = found.networks, zone = found.zone, can = { version = "4.11.3.0" } }
    assert.equal("network 'a' is an IPv6 one; CloudStack 4.11.3.0 has no IPv6 addresses that a VM can be given; that needs 4.12",
      refused(v6 "2001:db8:7::5", dual, { found = old }))
    old.can.version = "4.12.0.0"
    assert.is_true(check(v6 "2001:db8:7::5", dual, { found = old }))
    assert.is_true(check(v4 "10.7.1.5", dual, { found = { can = { version = "4.9.0" } } }))
  end)

  it("does not go without IPv4", function()
    local function nic(...)
      local networks = {}
      for i, given in ipairs { ... } do networks[i] = one_network("n" .. i, given, fake.json.null) end
      return { target = dual, networks = networks }
    end
    assert.equal("network 'n1' is IPv6 alone, and CloudStack gives every NIC an IPv4 address: add an IPv4 network in network 'dual', "
      .. "manual or dynamic", fake.failure(network_limits.check_nic, nic(v6 "2001:db8:7::5")).message)
    assert.truthy(fake.failure(network_limits.check_nic, nic(v6 "2001:db8:7::5", v6 "2001:db8:7::6")).message
      :find("networks 'n1' and 'n2' are IPv6 alone", 1, true))
    network_limits.check_nic(nic(v4 "10.7.1.5", v6 "2001:db8:7::6"))
  end)

  it("follows from the MAC where the prefix has 64 bits", function()
    assert.equal("2001:db8:7:0:1c00:bfff:fe00:1c2", network_limits.by_mac { target = dual, mac = "1e:00:bf:00:01:c2" })
    assert.is_nil(network_limits.by_mac { target = dual })
    assert.is_nil(network_limits.by_mac { target = plain, mac = "1e:00:bf:00:01:c2" })
    assert.is_nil(network_limits.by_mac { target = { ip6cidr = "2001:db8::/48" }, mac = "1e:00:bf:00:01:c2" })
  end)
end)

describe("a block of addresses", function()
  it("has 16 of them at most, or as many as the property says", function()
    assert.is_true(check(v4("10.0.0.16", "28"), plain))
    assert.equal("network 'a': its prefix 27 is 32 addresses, which CloudStack gives a NIC one by one; 16 are the most "
      .. "(cloudstack.prefix_addresses)", refused(v4("10.0.0.32", "27"), plain))
    local raised = { settings = { cloudstack = { prefix_addresses = 32 } } }
    assert.is_true(check(v4("10.0.0.32", "27"), plain, raised))
    assert.truthy(refused(v4("10.0.0.0", "26"), plain, raised):find("is 64 addresses", 1, true))
  end)

  it("of IPv6 is the same", function()
    assert.is_true(check(v6("2001:db8:7::10", "124"), dual))
    assert.truthy(refused(v6("2001:db8:7:0:8000::", "80"), dual):find("its prefix 80 is 2^48 addresses", 1, true))
    assert.truthy(refused(v6("2001:db8:7:0:8000::", "65"), dual, { settings = { cloudstack = { prefix_addresses = 1000000 } } })
      :find("2^63 addresses", 1, true))
  end)
end)

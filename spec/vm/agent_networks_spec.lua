-- What the agent is told of shared NICs, as the agent of tests/support/agent_interfaces.lua takes it.

local agent_interfaces = require "tests.support.agent_interfaces"
local agent_networks = require "vm.agent_networks"
local fake = require "tests.support.fake"
local nics = require "vm.nics"
local one_network = require "vm.one_network"

local json = fake.json
local MAC, OTHER = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
local dual = { id = "n1", name = "dual", cidr = "10.7.1.0/24", netmask = "255.255.255.0", gateway = "10.7.1.1",
  ip6cidr = "2001:db8:7::/64", ip6gateway = "2001:db8:7::1" }
local far = { id = "n2", name = "far", cidr = "10.8.0.0/16", netmask = "255.255.0.0", gateway = "10.8.0.1" }
local GATEWAY = { "dns", "gateway" }

local function v4(ip, more)
  local given = { type = "manual", ip = ip, prefix = "32", netmask = "255.255.255.0", gateway = "10.7.1.1" }
  for key, value in pairs(more or {}) do given[key] = value end
  return given
end
local function v6(ip, more)
  return v4(ip, { prefix = "128", netmask = "ffff:ffff:ffff:ffff:0000:0000:0000:0000", gateway = "2001:db8:7::1",
    default = more and more.default, nic_group = more and more.nic_group })
end

-- given: { name = { target, network } } -> order, NICs. All NICs have MACs of ours.
local function planned(given, routes)
  local order, list, fresh, names = { networks = {}, routes = routes }, {}, {}, {}
  for name in pairs(given) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local network = one_network(name, given[name][2], json.null)
    order.networks[i] = network
    local twin = {}
    for key, value in pairs(network) do twin[key] = value end
    twin.target, twin.mac = given[name][1], given[name][1].id == dual.id and MAC or OTHER
    list[i], fresh[name] = twin, twin.mac
  end
  return order, nics.group(list, fresh)
end

-- What the agent makes of it: the interfaces, whether the kernel gets IPv6, the settings.
local function seen(given, vm, routes)
  local order, list = planned(given, routes)
  local settings = agent_networks.of(order, list, json, vm)
  local decoded = assert(json.decode(json.encode(settings)))
  local names = {}
  for at, nic in ipairs(list) do names[nic.mac] = "eth" .. at - 1 end
  local interfaces, has_ipv6 = agent_interfaces.of(decoded, names)
  return interfaces, has_ipv6, decoded
end

describe("two addresses of one NIC", function()
  it("are both set, by one MAC", function()
    local interfaces, _, settings = seen { a = { dual, v4("10.7.1.20", { default = GATEWAY }) }, b = { dual, v4 "10.7.1.21" } }
    assert.same({ eth0 = { addresses = { "10.7.1.20/24", "10.7.1.21/24" }, gateway = "10.7.1.1", routes = {} } }, interfaces)
    assert.same({ MAC, nil, "eth0:1" }, { settings.a.mac, settings.b.mac, settings.b.alias })
    assert.is_nil(settings.a.alias)
  end)

  it("have the gateway's network for their main one, and all routes there", function()
    local route = { Destination = "10.9.0.0", Gateway = "10.7.1.1", Netmask = "255.255.0.0" }
    local interfaces, _, settings = seen({ a = { dual, v4 "10.7.1.20" }, b = { dual, v4("10.7.1.21", { default = GATEWAY }) } }, nil,
      { a = json.array { route } })
    assert.same({ eth0 = { addresses = { "10.7.1.20/24", "10.7.1.21/24" }, gateway = "10.7.1.1",
      routes = { "10.9.0.0/16 by 10.7.1.1" } } }, interfaces)
    assert.same({ "eth0:1", MAC, nil }, { settings.a.alias, settings.b.mac, settings.a.routes })
  end)

  it("are on the interface of their NIC, wherever that stands", function()
    local interfaces = seen { a = { far, v4("10.8.0.5", { netmask = "255.255.0.0", default = GATEWAY }) }, b = { dual, v4 "10.7.1.20" },
      c = { dual, v4 "10.7.1.21" } }
    assert.same({ "10.7.1.20/24", "10.7.1.21/24" }, interfaces.eth1.addresses)
    assert.same({ "10.8.0.5/16" }, interfaces.eth0.addresses)
  end)

  it("have the network's netmask where BOSH sends none", function()
    local interfaces = seen { a = { dual, { type = "manual", ip = "10.7.1.20" } }, b = { dual, { type = "manual", ip = "10.7.1.21" } },
      c = { dual, { type = "manual", ip = "2001:db8:7::5" } } }
    assert.same({ "10.7.1.20/24", "10.7.1.21/24", "2001:db8:7::5/64" }, interfaces.eth0.addresses)
  end)

  it("of which one is a block have the block's first", function()
    local interfaces, _, settings = seen { a = { dual, v4 "10.7.1.20" }, b = { dual, v4("10.7.1.32", { prefix = "28" }) } }
    assert.same({ "10.7.1.20/24", "10.7.1.32/24" }, interfaces.eth0.addresses)
    assert.equal("28", settings.b.prefix)
  end)
end)

describe("IPv6 beside IPv4 on one NIC", function()
  it("is set where both have addresses", function()
    local interfaces = seen { a = { dual, v4("10.7.1.20", { default = GATEWAY }) }, b = { dual, v6 "2001:db8:7::20" } }
    assert.same({ eth0 = { addresses = { "10.7.1.20/24", "2001:db8:7::20/64" }, gateway = "10.7.1.1", routes = {} } }, interfaces)
  end)

  it("has the gateway where BOSH says so", function()
    local interfaces, has_ipv6 = seen { a = { dual, v4 "10.7.1.20" }, b = { dual, v6("2001:db8:7::20", { default = GATEWAY }) } }
    assert.same({ eth0 = { addresses = { "10.7.1.20/24", "2001:db8:7::20/64" }, gateway = "2001:db8:7::1", advertised = true,
      routes = {} } }, interfaces)
    assert.is_true(has_ipv6)
  end)

  it("that is dynamic has what follows from the MAC", function()
    local interfaces, _, settings = seen { a = { dual, v4("10.7.1.20", { default = GATEWAY }) },
      b = { dual, { type = "dynamic", prefix = "128" } } }
    assert.same({ "10.7.1.20/24", "2001:db8:7::ff:fe00:a/64" }, interfaces.eth0.addresses)
    assert.same({ "manual", "2001:db8:7::1" }, { settings.b.type, settings.b.gateway })
  end)

  it("comes by itself where both are dynamic", function()
    local interfaces, has_ipv6, settings = seen { a = { dual, { type = "dynamic", prefix = "32", default = GATEWAY } },
      b = { dual, { type = "dynamic", prefix = "128" } } }
    assert.same({ eth0 = { addresses = {}, dhcp = true, advertised = true, routes = {} } }, interfaces)
    assert.is_true(has_ipv6)
    assert.same({ MAC, MAC, "2001:db8:7::ff:fe00:a" }, { settings.a.mac, settings.b.mac, settings.b.ip })
  end)
end)

describe("a dynamic network that shares its NIC", function()
  local given = { a = { dual, { type = "dynamic", ip = "10.7.1.99", netmask = "255.0.0.0", default = GATEWAY } },
    b = { dual, v4 "10.7.1.21" } }
  local vm = { nic = { { networkid = "n1", ipaddress = "10.7.1.77", netmask = "255.255.255.0", gateway = "10.7.1.1", macaddress = MAC,
    ip6address = "2001:db8:7::77" } } }

  it("has its address once the VM is made, and not what the previous VM had", function()
    local _, list = planned(given)
    assert.is_true(agent_networks.needs_vm(list))
    local interfaces = seen(given, vm)
    assert.same({ eth0 = { addresses = { "10.7.1.21/24", "10.7.1.77/24" }, gateway = "10.7.1.1", routes = {} } }, interfaces)
  end)

  it("has the nameservers that DHCP would have brought, unless BOSH names some", function()
    local function dns_of(target, more)
      local network = { type = "dynamic" }
      for key, value in pairs(more or {}) do network[key] = value end
      local _, _, settings = seen({ a = { target, network }, b = { target, v4 "10.7.1.21" } }, vm)
      return settings.a.dns
    end
    local function like(more)
      local target = {}
      for key, value in pairs(dual) do target[key] = value end
      for key, value in pairs(more) do target[key] = value end
      return target
    end
    assert.same({ "10.7.1.1" }, dns_of(like { type = "Isolated", service = { { name = "Dns" } }, dns1 = "9.9.9.9" }))
    assert.same({ "9.9.9.9", "1.1.1.1" }, dns_of(like { type = "Shared", service = { { name = "Dns" } }, dns1 = "9.9.9.9",
      dns2 = "1.1.1.1" }))
    assert.same({ "9.9.9.9" }, dns_of(like { type = "Isolated", dns1 = "9.9.9.9" }))
    assert.same({}, dns_of(dual))
    assert.same({ "8.8.8.8" }, dns_of(dual, { dns = json.array { "8.8.8.8" } }))
  end)

  it("of IPv6 too, where it does not follow from the MAC", function()
    local odd = {}
    for key, value in pairs(dual) do odd[key] = value end
    odd.ip6cidr = "2001:db8:7::/60"
    local both = { a = { odd, v4 "10.7.1.20" }, b = { odd, { type = "dynamic", prefix = "128" } } }
    local _, list = planned(both)
    assert.is_true(agent_networks.needs_vm(list))
    local _, dynamic = planned { a = { odd, { type = "dynamic" } }, b = { odd, { type = "dynamic", prefix = "128" } } }
    assert.is_true(agent_networks.needs_vm(dynamic))
  end)

  it("is not waited for elsewhere", function()
    for _, one in ipairs {
      { a = { dual, { type = "dynamic" } } }, { a = { dual, v4 "10.7.1.20" }, b = { dual, v4 "10.7.1.21" } },
      { a = { dual, { type = "dynamic" } }, b = { far, { type = "dynamic" } } },
      { a = { dual, { type = "dynamic" } }, b = { dual, { type = "dynamic", prefix = "128" } } },
      { a = { dual, v4 "10.7.1.20" }, b = { dual, { type = "dynamic", prefix = "128" } } },
    } do
      local _, list = planned(one)
      assert.is_false(agent_networks.needs_vm(list))
    end
  end)
end)

describe("networks with NICs of their own", function()
  it("are as BOSH gave them, each with its MAC and its routes", function()
    local _, _, settings = seen({ a = { dual, v4("10.7.1.20", { default = GATEWAY }) }, b = { far, { type = "dynamic" } } }, nil,
      { b = json.array { { Destination = "10.9.0.0", Gateway = "10.8.0.1", Netmask = "255.255.0.0" } } })
    assert.same(v4("10.7.1.20", { default = GATEWAY, mac = MAC }), settings.a)
    assert.same({ type = "dynamic", mac = OTHER, routes = { { Destination = "10.9.0.0", Gateway = "10.8.0.1",
      Netmask = "255.255.0.0" } } }, settings.b)
  end)

  it("get the MACs that CloudStack gave, in lower case; those that share one know it", function()
    local _, list = planned { a = { dual, v4 "10.7.1.20" }, b = { dual, v4 "10.7.1.21" }, c = { far, v4 "10.8.0.5" } }
    list[2].mac = nil
    assert.same({ c = "02:00:00:00:00:ff" }, agent_networks.macs(list,
      { nic = { { networkid = "n2", macaddress = "02:00:00:00:00:FF" } } }))
  end)

  it("are answered with the MAC, and where a dynamic one is", function()
    local _, list = planned { a = { dual, { type = "dynamic", prefix = "32" } }, b = { dual, { type = "dynamic", prefix = "128" } } }
    local row = { networkid = "n1", ipaddress = "10.7.1.77", netmask = "255.255.255.0", gateway = "10.7.1.1",
      ip6address = "2001:db8:7::77" }
    assert.same({ mac = MAC, ip = "10.7.1.77", netmask = "255.255.255.0", gateway = "10.7.1.1" },
      agent_networks.answered(list[1], list[1].networks[1], row))
    assert.same({ mac = MAC, ip = "2001:db8:7::77", netmask = "ffff:ffff:ffff:ffff::", gateway = "2001:db8:7::1" },
      agent_networks.answered(list[1], list[1].networks[2], row))
    assert.same({ mac = MAC }, agent_networks.answered(list[1], one_network("m", v4 "10.7.1.5", json.null), row))
  end)
end)

local agent_networks = require "vm.agent_networks"
local fake = require "tests.support.fake"
local vm_networks = require "vm.networks"

local json = fake.json
local zone = { id = "z1", name = "zone1" }
local plain = { id = "n1", name = "net-a", zoneid = "z1", type = "Isolated", service = { { name = "UserData" } } }
local silent = { id = "n2", name = "net-b", zoneid = "z1", type = "L2", service = {} }

local can = { version = "4.23.0.0" }

local function manual(ip, name, more)
  local network = { type = "manual", ip = ip, netmask = "255.255.255.0", cloud_properties = { name = name } }
  for key, value in pairs(more or {}) do network[key] = value end
  return network
end

local function read(given) return vm_networks.read({ json = json }, { given_networks = given }) end

local function plan(given, options)
  local cpi <close> = fake.cpi(options or {})
  return vm_networks.plan(cpi, { networks = read(given) }, { networks = { plain, silent }, zone = zone, can = can })
end

describe("BOSH's networks", function()
  it("are read in the order of their names", function()
    local list = read { b = manual("10.0.0.6", "net-b"), a = manual("10.0.0.5", "net-a") }
    assert.same({ "a", "b" }, { list[1].name, list[2].name })
    assert.same({ "manual", "10.0.0.5", "net-a" }, { list[1].kind, list[1].ip, list[1].properties.name })
  end)

  it("without a type are manual with an address, dynamic without", function()
    local list = read { a = { ip = "10.0.0.5", cloud_properties = { name = "n" } }, b = { cloud_properties = { name = "n" } } }
    assert.same({ "manual", "dynamic" }, { list[1].kind, list[2].kind })
  end)

  it("that are dynamic do not ask for the address of the previous VM", function()
    assert.is_nil(read({ a = { type = "dynamic", ip = "10.0.0.9", cloud_properties = { name = "n" } } })[1].ip)
  end)

  it("that are manual have an address", function()
    for _, ip in ipairs { "10.0.0.256", "10.0.0", "fd00::5::1", "a/b", "10.0.0.5 " } do
      local failure = fake.failure(read, { a = manual(ip, "net-a") })
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      assert.equal(("network 'a': '%s' is not an IPv4 or IPv6 address"):format(ip), failure.message)
    end
  end)

  it("have cloud_properties in any case", function()
    assert.equal("n", read({ a = { type = "dynamic", cloud_properties = { Name = "n" } } })[1].properties.name)
  end)

  for what, case in pairs {
    ["no networks"] = { {}, "CpiError", "at least one network" },
    ["a list"] = { { {} }, "CpiError", "at least one network" },
    ["null"] = { json.null, "CpiError", "at least one network" },
    ["a string for a network"] = { { a = "x" }, "CpiError", "network 'a' must be an object" },
    ["nothing but a vip"] = { { a = { type = "vip", ip = "1.2.3.4" } }, "CpiError", "a network that is not a vip" },
    ["a MAC that is none"] = { { a = { type = "dynamic", cloud_properties = { name = "n", mac = "02:zz" } } }, "CloudError",
      "'mac' must be a unicast MAC" },
    ["a multicast MAC"] = { { a = { type = "dynamic", cloud_properties = { name = "n", mac = "03:00:00:00:00:01" } } },
      "CloudError", "'mac' must be a unicast MAC" },
    ["another type"] = { { a = { type = "magic" } }, "NotSupported", "'magic'" },
    ["a manual one without ip"] = { { a = { type = "manual", ip = json.null } }, "CpiError", "has no ip" },
    ["an unknown property"] = { { a = { type = "dynamic", cloud_properties = { nam = "x" } } }, "CloudError",
      "did you mean 'name'" },
  } do
    it("are refused: " .. what, function()
      local failure = fake.failure(read, case[1])
      assert.equal("Bosh::Clouds::" .. case[2], failure.type)
      assert.truthy(failure.message:find(case[3], 1, true), failure.message)
    end)
  end
end)

describe("the plan of the NICs", function()
  it("puts a network that serves metadata first", function()
    local nics = plan { a = manual("10.0.0.6", "net-b"), b = manual("10.0.0.5", "net-a") }
    assert.same({ "b", "a" }, { nics[1].name, nics[2].name })
    assert.equal(plain, nics[1].target)
  end)

  it("puts one that is undiscoverable last, whatever it serves", function()
    local nics = plan { a = manual("10.0.0.6", "net-b"),
      b = manual("10.0.0.5", "net-a", { cloud_properties = { name = "net-a", undiscoverable = true } }) }
    assert.same({ "a", "b" }, { nics[1].name, nics[2].name })
  end)

  it("gives several NICs MACs of their own, one none", function()
    local nics = plan { a = manual("10.0.0.6", "net-b"), b = manual("10.0.0.5", "net-a") }
    for _, nic in ipairs(nics) do
      assert.truthy(nic.mac:find "^02:%x%x:%x%x:%x%x:%x%x:%x%x$")
      assert.equal(nic.mac:lower(), nic.mac)
    end
    assert.not_equal(nics[1].mac, nics[2].mac)
    assert.is_nil(plan({ a = manual("10.0.0.5", "net-a") })[1].mac)
  end)

  it("follows the site's policy", function()
    local facts
    local nics = plan({ a = manual("10.0.0.5", "net-a", { default = { "dns", "gateway" } }), b = manual("10.0.0.6", "net-b") }, {
      policies = { networks = function(given)
        facts = given.networks
        return { order = { "b", "a" }, macs = { a = "02:00:00:00:00:0A" } }
      end },
    })
    assert.same({ "b", "a" }, { nics[1].name, nics[2].name })
    assert.equal("02:00:00:00:00:0a", nics[2].mac)
    assert.same({ "a", "manual", "10.0.0.5", true, true, true },
      { facts[1].name, facts[1].kind, facts[1].ip, facts[1].gateway, facts[1].dns, facts[1].network.serves_metadata })
    assert.is_false(facts[2].gateway)
  end)

  it("gives another try other random MACs, and leaves those of the manifest", function()
    local cpi <close> = fake.cpi {}
    local nics = vm_networks.plan(cpi, { networks = read { a = manual("10.0.0.5", "net-a"), b = manual("10.0.1.5", "net-b",
      { cloud_properties = { name = "net-b", mac = "02:00:5e:10:00:01" } }) } }, { networks = { plain, silent }, zone = zone, can = can })
    local first = agent_networks.macs(nics)
    assert.same(nics, vm_networks.renew(cpi, nil, nil, { networks = nics }, { number = 1 }))
    local second = agent_networks.macs(vm_networks.renew(cpi, nil, nil, { networks = nics }, { number = 2 }))
    assert.same(first, agent_networks.macs(nics))
    assert.truthy(first.a ~= second.a and second.a:find "^02:%x%x:")
    assert.equal("02:00:5e:10:00:01", second.b)
  end)

  it("takes the MAC of the manifest before the policy's, in lower case", function()
    local nics = plan { a = manual("10.0.0.5", "net-a"),
      b = { type = "dynamic", cloud_properties = { name = "net-b", mac = "02:AA:00:00:00:01" } } }
    assert.equal("02:aa:00:00:00:01", nics[2].mac)
    assert.not_equal("02:aa:00:00:00:01", nics[1].mac)
  end)

  it("wants the network named", function()
    assert.truthy(fake.failure(plan, { a = { type = "dynamic", cloud_properties = {} } }).message:find("must have 'name'", 1, true))
  end)

  it("refuses two networks of one name, and lists them", function()
    local cpi <close> = fake.cpi {}
    local twin = { id = "n3", name = "net-a", zoneid = "z1", service = {} }
    local failure = fake.failure(vm_networks.plan, cpi, { networks = read { a = manual("10.0.0.5", "net-a") } },
      { networks = { plain, twin }, zone = zone })
    assert.truthy(failure.message:find("n1, n3", 1, true), failure.message)
  end)

  it("says NetworkNotFound before anything is made", function()
    assert.equal("Bosh::Clouds::NetworkNotFound", fake.failure(plan, { a = manual("10.0.0.5", "nowhere") }).type)
  end)
end)

describe("the parameters of the NICs", function()
  local function parameters(nics, where) return vm_networks.parameters(nil, nil, { zone = where }, { networks = nics }) end

  it("keep the order, addresses and MACs, and never use networkids with ipaddress", function()
    assert.same({
      ["iptonetworklist[0].networkid"] = "n2", ["iptonetworklist[0].ip"] = "10.0.0.6", ["iptonetworklist[0].mac"] = "02:a",
      ["iptonetworklist[1].networkid"] = "n1",
    }, parameters({ { target = silent, ip = "10.0.0.6", mac = "02:a" }, { target = plain } }, zone))
  end)

  it("name no network in a basic zone", function()
    assert.same({ ipaddress = "10.0.0.6", macaddress = "02:a" },
      parameters({ { target = plain, ip = "10.0.0.6", mac = "02:a" } }, { networktype = "Basic" }))
  end)
end)

describe("two NICs with one MAC", function()
  it("are refused", function()
    local mac = "02:00:5e:10:00:01"
    local function one(name) return { type = "dynamic", cloud_properties = { name = name, mac = mac } } end
    local failure = fake.failure(plan, { a = one "net-a", b = one "net-b" })
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("networks 'a' and 'b' have the same MAC " .. mac .. "; every NIC has its own", failure.message)
  end)
end)

describe("the networks that create_vm answers", function()
  local function result(given, nic, vm, more)
    local order = { networks = read(given), routes = more and more.routes }
    local networks = {}
    for _, network in ipairs(order.networks) do
      if network.kind ~= "vip" then networks[#networks + 1] = network end
    end
    local nics = nic and { { name = networks[1].name, target = { id = "n" }, networks = networks, more = {}, mac = nic.mac } } or {}
    return vm_networks.result(order, { networks = nics }, vm, more and more.vips)
  end

  it("are those that came, each with its MAC", function()
    local given = { a = manual("10.0.0.5", "net-a", { prefix = "32" }) }
    assert.same(manual("10.0.0.5", "net-a", { prefix = "32", mac = "02:00:00:00:00:01" }),
      result(given, { mac = "02:00:00:00:00:01" }).a)
    assert.is_nil(given.a.mac)
  end)

  it("have their routes, and the addresses of vips", function()
    local given = { a = manual("10.0.0.5", "net-a"), public = { type = "vip", cloud_properties = { acquire = true } } }
    local answered = result(given, nil, nil, { routes = { a = { { Gateway = "10.0.0.1" } } }, vips = { public = "192.0.2.7" } })
    assert.same({ { Gateway = "10.0.0.1" } }, answered.a.routes)
    assert.same({ "10.0.0.5", "192.0.2.7" }, { answered.a.ip, answered.public.ip })
    assert.same({}, { given.a.routes, given.public.ip })
  end)

  it("tell the MACs that CloudStack gave, in lower case, and where a dynamic one is", function()
    local vm = { nic = { { networkid = "x", macaddress = "02:00:00:00:00:0A" }, { networkid = "n", ipaddress = "10.0.0.7",
      netmask = "255.255.255.0", gateway = "10.0.0.1", macaddress = "02:00:00:00:00:0B" } } }
    assert.equal("02:00:00:00:00:0b", result({ a = manual("10.0.0.5", "net-a") }, {}, vm).a.mac)
    local dynamic = result({ a = { type = "dynamic", ip = "10.0.0.99", cloud_properties = { name = "net-a" } } }, {}, vm).a
    assert.same({ "10.0.0.7", "255.255.255.0", "10.0.0.1", "02:00:00:00:00:0b" },
      { dynamic.ip, dynamic.netmask, dynamic.gateway, dynamic.mac })
  end)
end)

describe("a VM in networks without user data", function()
  it("is made, with a warning, where none of them has it", function()
    local t = require("operator.trial").new { host = require "host_native", world = { networks = { { name = "bare", zone = "zone1",
      type = "Isolated", cidr = "10.6.0.0/24", gateway = "10.6.0.1", account = "bosh", services = { "Dhcp", "Dns" } } } } }
    local function dynamic(name) return { type = "dynamic", cloud_properties = { name = name } } end
    local words = "warn no network of the VM offers user data (bare): its agent cannot get its settings from CloudStack"
    t.cid { networks = { a = dynamic "bare", b = dynamic "bosh-net" } }
    assert.is_nil(table.concat(t.log, "\n"):find("offers user data", 1, true))
    t.cid { networks = { a = dynamic "bare" } }
    assert.truthy(table.concat(t.log, "\n"):find(words, 1, true))
  end)
end)

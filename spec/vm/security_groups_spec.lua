-- Security groups, in a basic zone and in an advanced zone with groups, on a simulated CloudStack.

local native = require "host_native"
local trial = require "operator.trial"

local SERVICES = { "SecurityGroup", "UserData", "Dhcp", "Dns" }

local function zone_with(name, networktype, cidr)
  local stem = cidr:match "^(.*)%.0/24$"
  return { name = name, networktype = networktype, securitygroups = true },
    { name = name .. "-cluster", zone = name, hosts = { { name = name .. "-host" } }, pools = { { name = name .. "-pool" } } },
    { name = name .. "-net", zone = name, type = "Shared", cidr = cidr, gateway = stem .. ".1",
      range = { stem .. ".10", stem .. ".200" }, services = SERVICES }
end

local function cloud()
  local basic, basic_cluster, basic_net = zone_with("zonebasic", "Basic", "10.61.1.0/24")
  local advanced, advanced_cluster, advanced_net = zone_with("zonesg", "Advanced", "10.60.1.0/24")
  return trial.new { host = native, world = {
    zones = { basic, advanced }, clusters = { basic_cluster, advanced_cluster }, networks = { basic_net, advanced_net },
    security_groups = { { name = "web", account = "bosh" }, { name = "ssh", account = "bosh" } },
  } }
end

local function create(t, zone, network, properties)
  properties = properties or {}
  properties.compute_offering, properties.zone = "shared.small", zone
  return t.cid { cloud_properties = properties, networks = { default = network } }
end

local function refused(...)
  local ok, failure = pcall(create, ...)
  assert.is_false(ok, "nothing was raised")
  assert.is_table(failure, tostring(failure))
  return failure.message
end

local function groups_of(t, cid)
  for _, vm in ipairs(t.sim.state().vms) do
    if vm.name == cid then return vm.securitygroups end
  end
end

local function manual(ip, name, more)
  local properties = { name = name }
  for key, value in pairs(more or {}) do properties[key] = value end
  return { type = "manual", ip = ip, netmask = "255.255.255.0", gateway = "10.61.1.1", cloud_properties = properties }
end

describe("security groups", function()
  for zone, ip in pairs { zonebasic = "10.61.1.50", zonesg = "10.60.1.50" } do
    it("protect a VM in " .. zone .. ", with its address", function()
      local t = cloud()
      local cid = create(t, zone, manual(ip, zone .. "-net", { security_groups = { "ssh", "WEB" } }), { security_groups = { "web" } })
      assert.same({ "web", "ssh" }, (function(list) return { list[1], list[2] } end)(groups_of(t, cid)))
      assert.equal(ip, t.vm(cid).nic[1].ipaddress)
      t.call("delete_vm", cid)
      t.sim.advance(300)
      assert.equal(0, t.sim.state().left.vms)
    end)
  end

  it("are named by their ids as well", function()
    local t = cloud()
    local id = t.sim.state().securitygroups[1].id
    assert.same({ "web" }, { groups_of(t, create(t, "zonesg", manual("10.60.1.50", "zonesg-net"), { security_groups = { id } }))[1] })
  end)

  it("need not be named: CloudStack has a default one", function()
    local t = cloud()
    assert.equal("default", groups_of(t, create(t, "zonesg", manual("10.60.1.50", "zonesg-net")))[1])
  end)

  it("are not asked for where nobody wants one", function()
    local t = cloud()
    create(t, "zone1", { type = "dynamic", cloud_properties = { name = "bosh-net" } })
    for _, request in ipairs(t.requests()) do assert.not_equal("listSecurityGroups", request.command) end
  end)

  it("that are unknown are refused, with a suggestion", function()
    local message = refused(cloud(), "zonesg", manual("10.60.1.50", "zonesg-net"), { security_groups = { "wbe" } })
    assert.truthy(message:find("did you mean 'web'", 1, true), message)
  end)

  it("in a zone without groups are refused: CloudStack would ignore them", function()
    local message = refused(cloud(), "zone1", { type = "dynamic", cloud_properties = { name = "bosh-net" } },
      { security_groups = { "web" } })
    assert.truthy(message:find("zone 'zone1' has no security groups", 1, true), message)
  end)

  it("that are no list of names are refused", function()
    assert.truthy(refused(cloud(), "zonesg", manual("10.60.1.50", "zonesg-net"), { security_groups = { 7 } })
      :find("a list of names or ids", 1, true))
  end)

  it("and networks without them do not mix", function()
    local vm_groups = require "vm.security_groups"
    local ok, failure = pcall(vm_groups.plan, nil, { properties = { security_groups = { "web" } }, networks = {} },
      { zone = { name = "z", securitygroupsenabled = true }, security_groups = { { id = "g", name = "web" } } },
      { networks = { { target = { name = "isolated-net", service = {} } } } })
    assert.is_false(ok)
    assert.truthy(failure.message:find("network 'isolated-net' has no security groups", 1, true))
  end)
end)

describe("a basic zone", function()
  it("needs no network named", function()
    local t = cloud()
    local cid = create(t, "zonebasic", { type = "manual", ip = "10.61.1.50", cloud_properties = {} })
    assert.equal("10.61.1.50", t.vm(cid).nic[1].ipaddress)
  end)

  it("takes a fixed MAC", function()
    local t = cloud()
    local cid = create(t, "zonebasic", manual("10.61.1.50", nil, { mac = "02:00:00:00:00:AA" }))
    assert.equal("02:00:00:00:00:aa", t.vm(cid).nic[1].macaddress)
  end)

  it("tells that an address is taken, and nothing is left of the VM", function()
    local t = cloud()
    create(t, "zonebasic", manual("10.61.1.50"))
    local message = refused(t, "zonebasic", manual("10.61.1.50"))
    assert.truthy(message:find("Cannot acquire guest [IPv4 address='10.61.1.50']", 1, true), message)
    t.sim.advance(300)
    assert.equal(1, t.sim.state().left.vms)
  end)

  it("has one NIC for a VM", function()
    local t = cloud()
    local ok, failure = pcall(t.cid, { cloud_properties = { compute_offering = "shared.small", zone = "zonebasic" },
      networks = { a = manual("10.61.1.50"), b = manual("10.61.1.51") } })
    assert.is_false(ok)
    assert.truthy(failure.message:find("one address there before it runs, not 2", 1, true), failure.message)
  end)
end)

describe("security groups that are not texts", function()
  it("are refused with the place where they stand", function()
    local t = cloud()
    assert.equal("cloud_properties of the VM: 'security_groups' must be a list of names or ids",
      refused(t, "zonesg", manual("10.60.1.50", "zonesg-net"), { security_groups = { 5 } }))
    assert.equal("cloud_properties of network 'default': 'security_groups' must be a list of names or ids",
      refused(t, "zonesg", manual("10.60.1.50", "zonesg-net", { security_groups = { "" } })))
  end)
end)

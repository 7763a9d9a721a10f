-- Networks over HTTP, a process for each request: addresses, load balancers, security groups, tiers; nothing left.

local rig = require "rig"

local SERVICES = rig.json.array { "SecurityGroup", "UserData", "Dhcp", "Dns" }
local NIC = { type = "manual", ip = "10.0.0.20", netmask = "255.255.255.0", gateway = "10.0.0.1", default = { "dns", "gateway" },
  dns = { "10.0.0.1" }, cloud_properties = { name = "bosh-net" } }

local function request(method, ...)
  return { method = method, arguments = rig.json.array { ... }, api_version = 2,
    context = { director_uuid = "d-1", request_id = "cpi-1", vm = { stemcell = { api_version = 3 } } } }
end

local function send(cloud, method, ...)
  local run = cloud:cpi(request(method, ...))
  assert.equal(0, run.exit, run.stderr)
  assert.equal(1, run.line_count)
  return run.response
end

local function ask(cloud, method, ...)
  local response = send(cloud, method, ...)
  assert.equal(rig.json.null, response.error, method .. ": " .. rig.json.encode(response))
  return response.result
end

local function manual(ip)
  local twin = {}
  for key, value in pairs(NIC) do twin[key] = value end
  twin.ip = ip
  return twin
end

local function vm_request(cloud, networks, properties)
  properties.compute_offering = "shared.small"
  return request("create_vm", "agent-1", cloud:state().templates[1].name, properties, networks, rig.json.array {}, {})
end

local function create_vm(cloud, networks, properties)
  local one = vm_request(cloud, networks, properties or {})
  return ask(cloud, one.method, table.unpack(one.arguments))
end

local function nothing_left(cloud)
  cloud:expunge()
  for kind, count in pairs(cloud:state().left) do assert.equal(0, count, kind) end
  assert.equal("", cloud:journal())
end

local function by_name(rows, name)
  for _, row in ipairs(rows) do
    if row.name == name or row.address == name then return row end
  end
end

local WEB = { { name = "web", private_port = 8080, public_port = 80, open_firewall = true } }

for _, role in ipairs { "bosh", "admin" } do
  describe("two VMs with a vip and a load balancer, as " .. role, function()
    local world = {
      networks = { { name = "bosh-net", account = role }, { name = "bosh-net-2", account = role } },
      public_addresses = { { name = "192.0.2.50", account = role, network = "bosh-net" } },
    }

    it("live and leave nothing", function()
      local cloud <close> = rig.start { role = role, store = true, world = world }
      local first = create_vm(cloud, { default = manual "10.0.0.20", public = { type = "vip", ip = "192.0.2.50", cloud_properties = {
        firewall_rules = { { protocol = "tcp", start_port = 22, cidrs = { "10.0.0.0/8" } } } } } },
        { lbs = WEB, routes = { default = { { cidr = "10.9.0.0/16" } } } })
      local second = create_vm(cloud, { default = manual "10.0.0.21",
        public = { type = "vip", cloud_properties = { acquire = true } } }, { lbs = WEB })
      local state = cloud:state()
      assert.equal(first[1], by_name(state.publicaddresses, "192.0.2.50").virtualmachine)
      assert.equal(second[1], by_name(state.publicaddresses, second[2].public.ip).virtualmachine)
      assert.same({ first[1], second[1] }, by_name(state.loadbalancers, "web").members)
      assert.equal(2, #state.firewallrules)
      local settings = rig.json.decode(by_name(state.vms, first[1]).userdata_decoded)
      assert.same({ { Destination = "10.9.0.0", Gateway = "10.0.0.1", Netmask = "255.255.0.0" } }, settings.networks.default.routes)
      assert.same(settings.networks.default.routes, first[2].default.routes)
      for _, vm in ipairs { first, second } do
        ask(cloud, "delete_vm", vm[1])
        ask(cloud, "delete_vm", vm[1])
      end
      assert.is_nil(by_name(cloud:state().publicaddresses, "192.0.2.50").virtualmachine)
      nothing_left(cloud)
    end)
  end)
end

describe("a load balancer that several processes want at once", function()
  it("is made once, and joined by all", function()
    local cloud <close> = rig.start { world = { latency = { request = 0.02, jobs = { createLoadBalancerRule = 0.1 } } } }
    local first = create_vm(cloud, { default = manual "10.0.0.20" }) -- the network has its router from here on
    for i = 1, 3 do
      cloud:cpi_background(vm_request(cloud, { default = manual("10.0.0.3" .. i) }, { lbs = WEB }))
    end
    rig.wait(function()
      local rule = by_name(cloud:state().loadbalancers, "web")
      return rule and #rule.members == 3
    end, 30)
    local state = cloud:state()
    assert.equal(1, #state.loadbalancers)
    local members = state.loadbalancers[1].members
    for _, cid in ipairs(members) do ask(cloud, "delete_vm", cid) end
    ask(cloud, "delete_vm", first[1])
    cloud:expunge()
    for kind, count in pairs(cloud:state().left) do assert.equal(0, count, kind) end
  end)
end)

describe("a basic zone", function()
  local world = {
    zones = { { name = "basic", networktype = "Basic" } },
    clusters = { { name = "basic-cluster", zone = "basic", hosts = { { name = "basic-host" } }, pools = { { name = "basic-pool" } } } },
    networks = { { name = "basic-net", zone = "basic", type = "Shared", cidr = "10.61.1.0/24", gateway = "10.61.1.1",
      range = { "10.61.1.10", "10.61.1.200" }, services = SERVICES } },
    security_groups = { { name = "web", account = "bosh" } },
  }

  it("has VMs with addresses and security groups, and leaves nothing", function()
    local cloud <close> = rig.start { store = true, world = world, config = { cloudstack = { default_zone = "basic" } } }
    local vm = create_vm(cloud, { default = { type = "manual", ip = "10.61.1.20", netmask = "255.255.255.0", gateway = "10.61.1.1",
      cloud_properties = {} } }, { security_groups = { "web" } })
    local row = by_name(cloud:state().vms, vm[1])
    assert.equal("10.61.1.20", row.nics[1].address)
    assert.same({ "web" }, { row.securitygroups[1], row.securitygroups[2] })
    assert.is_true(ask(cloud, "has_vm", vm[1]))
    ask(cloud, "delete_vm", vm[1])
    nothing_left(cloud)
  end)
end)

describe("a tier of a VPC that BOSH makes", function()
  it("has a VM with a vip and a load balancer, and goes with them", function()
    local cloud <close> = rig.start { store = true, world = {
      vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } },
      public_addresses = { { name = "192.0.2.60", vpc = "vpc1" }, { name = "192.0.2.61", vpc = "vpc1" } } } }
    local network = ask(cloud, "create_network", { type = "manual", netmask_bits = 24,
      cloud_properties = { vpc = "vpc1", acl = "default_allow" } })
    assert.same({ range = "10.90.0.0/24", gateway = "10.90.0.1", reserved = {} }, network[2])
    local vm = create_vm(cloud, {
      default = { type = "manual", ip = "10.90.0.20", netmask = "255.255.255.0", gateway = "10.90.0.1", cloud_properties = network[3] },
      public = { type = "vip", ip = "192.0.2.60", cloud_properties = {} },
    }, { lbs = { { name = "web", private_port = 8080, public_port = 80, public_ip = "192.0.2.61" } } })
    local state = cloud:state()
    assert.equal(vm[1], by_name(state.publicaddresses, "192.0.2.60").virtualmachine)
    assert.equal(vm[1], by_name(state.loadbalancers, "web").members[1])
    local refused = send(cloud, "delete_network", network[1]).error
    assert.equal("Bosh::Clouds::CloudError", refused.type)
    assert.truthy(refused.message:find(vm[1], 1, true), refused.message)
    ask(cloud, "delete_vm", vm[1])
    cloud:expunge()
    ask(cloud, "delete_network", network[1])
    assert.equal("Bosh::Clouds::NetworkNotFound", send(cloud, "delete_network", network[1]).error.type)
    nothing_left(cloud)
  end)
end)

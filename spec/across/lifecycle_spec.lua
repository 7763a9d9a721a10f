-- A VM's life in every kind of cloud, in process: each version on each hypervisor, in every place and by every kind of account
-- that a CPI meets. After each nothing is left, once CloudStack has expunged what it keeps.

local native = require "host_native"
local trial = require "operator.trial"

local function manual(name, ip, gateway)
  return { default = { type = "manual", ip = ip, netmask = "255.255.255.0", gateway = gateway, default = { "dns", "gateway" },
    cloud_properties = { name = name } } }
end

local bosh_net = manual("bosh-net", "10.0.0.11", "10.0.0.1")

local function cloud(options)
  options.host = setmetatable({ images = { checksum = function() return "c0ffee" end, stat = function(path)
    return { size = 5000000, path = path, head = "an image" }
  end } }, { __index = native })
  return trial.new(options)
end

local function only_expunged_is_left(t)
  t.sim.advance(86400 * 3)
  for kind, count in pairs(t.sim.state().left) do assert.equal(0, count, kind) end
end

local stemcells = {
  XenServer = { hypervisor = "xen", disk_format = "vhdx" }, KVM = { hypervisor = "kvm", disk_format = "qcow2" },
  VMware = { hypervisor = "vmware", disk_format = "vmdk" },
}

local function create_stemcell(t, hypervisor)
  local image = stemcells[hypervisor or "XenServer"]
  return t.call("create_stemcell", "/tmp/image", { name = "s", version = "1", hypervisor = image.hypervisor,
    disk_format = image.disk_format, infrastructure = "cloudstack", architecture = "x86_64" })
end

-- What bosh create-env, a recreate, a resize, a snapshot and delete-env do.
-- parts: properties (of the VM), networks, disk (its cloud_properties), hypervisor.
local function life(t, parts)
  local properties = parts.properties or { compute_offering = "shared.medium", disk = 10000, affinity_group = "life" }
  local stemcell = create_stemcell(t, parts.hypervisor)
  local function create(disks)
    return t.cid { stemcell = stemcell, cloud_properties = properties, networks = parts.networks or bosh_net, disks = disks,
      env = { bosh = { group = "g" } } }
  end
  local vm = create {}
  t.call("set_vm_metadata", vm, { deployment = "d", job = "j" })
  local disk = t.call("create_disk", 4096, parts.disk or {}, vm)
  local hint = t.call("attach_disk", vm, disk)
  assert.is_not_nil(hint.path)
  t.call("set_disk_metadata", disk, { deployment = "d" })
  assert.same({ disk }, t.call("get_disks", vm))
  t.call("delete_snapshot", t.call("snapshot_disk", disk, { deployment = "d" }))
  t.call("reboot_vm", vm)
  t.call("detach_disk", vm, disk)
  t.call("resize_disk", disk, 6144)
  t.call("attach_disk", vm, disk)

  t.call("delete_vm", vm)
  assert.is_false(t.call("has_vm", vm))
  assert.is_true(t.call("has_disk", disk))
  vm = create { disk } -- with the address of the first, at once
  t.call("attach_disk", vm, disk)
  t.call("detach_disk", vm, disk)
  t.call("delete_disk", disk)
  t.call("delete_vm", vm)
  t.call("delete_vm", vm)
  t.call("delete_stemcell", stemcell)
  only_expunged_is_left(t)
end

-- The same with everything that a VM and a disk may have: two NICs, a vip with a firewall rule, a load balancer, affinity, an
-- ephemeral disk; a snapshot, growth, another offering; and a network and a stemcell of BOSH's own.
local function full_life(t)
  local json = native.json
  local stemcell = t.call("create_stemcell", "/tmp/image", { name = "s", version = "1", hypervisor = "xen", disk_format = "vhdx" })
  local made = t.call("create_network", { type = "manual", range = "10.200.0.0/24", gateway = "10.200.0.1", cloud_properties = {} })
  local networks = {
    a = bosh_net.default, b = { type = "manual", ip = "10.200.0.9", netmask = "255.255.255.0", gateway = "10.200.0.1",
      cloud_properties = { name = made[3].name } },
    public = { type = "vip", cloud_properties = { acquire = true, firewall_rules = { { start_port = 22, end_port = 23 } } } },
  }
  local vm = t.cid { stemcell = stemcell, networks = networks, env = { bosh = { group = "g" } }, cloud_properties = {
    cpu = 2, ram = 2000, disk = 10000, affinity_group = { "one", "two" }, key_name = "bosh",
    lbs = json.array { { name = "web", private_port = 8080, public_port = 80, open_firewall = true } } } }
  assert.same({ "10.0.0.11", "10.200.0.9" }, { t.vm(vm).nic[1].ipaddress, t.vm(vm).nic[2].ipaddress })
  local disk = t.call("create_disk", 4096, {}, vm)
  t.call("attach_disk", vm, disk)
  local snapshot = t.call("snapshot_disk", disk, { deployment = "d", job = "j", index = 0 })
  t.call("delete_snapshot", snapshot)
  t.call("delete_snapshot", snapshot)
  t.call("detach_disk", vm, disk)
  t.call("resize_disk", disk, 5000)
  assert.equal(5 * 1024 ^ 3, t.disk(disk).size)
  local ok, moved = pcall(t.call, "update_disk", disk, 6 * 1024, { disk_offering = "shared.custom" })
  assert.is_true(ok, tostring(moved))
  t.call("attach_disk", vm, disk)
  t.call("delete_vm", vm)
  t.call("delete_disk", disk)
  t.sim.advance(600) -- a network and a stemcell go when their VMs are expunged
  t.call("delete_network", made[1])
  t.call("delete_stemcell", stemcell)
  only_expunged_is_left(t)
end

local function merged(a, b)
  local out = {}
  for key, value in pairs(a) do out[key] = value end
  for key, value in pairs(b) do out[key] = value end
  return out
end

-- A zone of its own with security groups: in a world, and as a VM is put there.
local function grouped(networktype)
  local stem = "10.61.1."
  return {
    world = {
      zones = { { name = "grouped", networktype = networktype, securitygroups = true } },
      clusters = { { name = "grouped-cluster", zone = "grouped", hosts = { { name = "grouped-host1" }, { name = "grouped-host2" } },
        pools = { { name = "grouped-pool" } } } },
      networks = { { name = "grouped-net", zone = "grouped", type = "Shared", cidr = stem .. "0/24", gateway = stem .. "1",
        range = { stem .. "10", stem .. "200" }, services = { "SecurityGroup", "UserData", "Dhcp", "Dns" } } },
      security_groups = { { name = "web", account = "bosh" } },
    },
    settings = { cloudstack = { default_zone = "grouped" } },
    properties = { compute_offering = "shared.medium", disk = 10000, affinity_group = "life", security_groups = { "web" } },
    networks = manual("grouped-net", stem .. "50", stem .. "1"),
  }
end

local expunging = { ["allow.user.expunge.recover.vm"] = true }

local function project_of(owner, members)
  return {
    world = { projects = { { name = "platform", account = owner, members = members } }, networks = { { name = "project-net",
      zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", project = "platform" } } },
    settings = { cloudstack = { project = "platform" } }, networks = manual("project-net", "10.9.0.11", "10.9.0.1"),
  }
end

local function on_local_storage(clusters, networks)
  return {
    world = { clusters = clusters, networks = networks,
      service_offerings = { { name = "on.host", cpu = 1, mhz = 500, memory = 512, storage = "local" } } },
    properties = { compute_offering = "on.host", disk = 10000, ephemeral_disk_offering = "local.custom" },
    disk = { disk_offering = "local.custom" },
  }
end

-- A world with an administrator of the domain bosh, who calls.
local function under_a_chief(world)
  return { account = "chief", world = merged(world, { accounts = { { name = "chief", role = "domainadmin", domain = "bosh" } } }) }
end

-- What a cloud is like: changes to the world, who calls, the CPI's configuration, and what life() wants.
local situations = {
  ["as a user who may not expunge"] = {},
  ["as a user who may expunge"] = { world = { settings = expunging } },
  ["with a role that forbids to expunge, whatever CloudStack says"] = { store = true,
    world = { settings = expunging, accounts = { { name = "bosh", without = { "expungeVirtualMachine" } } } } },
  ["as a domain's administrator, for an account of the domain"] = merged(under_a_chief {},
    { settings = { cloudstack = { account = "bosh", domain = "bosh" } } }),
  ["as a domain's administrator, for himself"] = merged(under_a_chief { networks = { { name = "chief-net", zone = "zone1",
    type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", account = "chief" } } },
    { networks = manual("chief-net", "10.9.0.11", "10.9.0.1") }),
  ["as a domain's administrator, in a project of the domain"] = merged(project_of "bosh", under_a_chief(project_of("bosh").world)),
  ["as a root administrator, for another account"] = { account = "admin",
    settings = { cloudstack = { account = "bosh", domain = "bosh" } } },
  ["as a root administrator, in networks of his own"] = { account = "admin",
    world = { networks = { { name = "bosh-net", account = "admin" } } } },
  ["in a project"] = merged(project_of "bosh", { store = true }),
  ["as a member of a project that somebody else owns"] = project_of("other", { "bosh" }),
  ["in a basic zone with security groups"] = grouped "Basic",
  ["in an advanced zone with security groups"] = grouped "Advanced",
  ["with local storage only, as a root administrator"] = merged(on_local_storage({ { name = "cluster1", pools = {} },
    { name = "cluster2", pools = {} } }, { { name = "bosh-net", account = "admin" } }), { account = "admin" }),
  ["with local storage only, as a user, on the only host"] = on_local_storage { { name = "cluster1", pools = {},
    hosts = { { name = "cluster1-host2", absent = true } } }, { name = "cluster2", absent = true } },
}

-- 4.23 is what the simulator is modelled on, and what all other specs have: one hypervisor will do.
local hypervisors_of = { ["4.23.0.0-SNAPSHOT"] = { XenServer = true } }

describe("a VM's life", function()
  for _, version in ipairs { "4.11.3.0", "4.15.0.0", "4.18.0.0", "4.22.0.0", "4.23.0.0-SNAPSHOT" } do
    it("in CloudStack " .. version .. ", with all that a VM and a disk may have", function()
      full_life(cloud { world = { version = version } })
    end)

    for hypervisor in pairs(hypervisors_of[version] or stemcells) do
      for name, situation in pairs(situations) do
        it(("in CloudStack %s on %s, %s"):format(version, hypervisor, name), function()
          local parts = merged(situation, { hypervisor = hypervisor })
          life(cloud { store = parts.store, account = parts.account, settings = parts.settings,
            world = merged(parts.world or {}, { version = version, hypervisor = hypervisor }) }, parts)
        end)
      end
    end
  end

  it("in two zones with offerings and networks of their own", function()
    local world = {
      zones = { { name = "zone2" } },
      clusters = { { name = "z2", zone = "zone2", hosts = { { name = "z2-host" } }, pools = { { name = "z2-primary" } } } },
      networks = { { name = "net-two", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1", account = "bosh" } },
      service_offerings = { { name = "only.one", cpu = 1, mhz = 500, memory = 512, zone = "zone1" },
        { name = "only.two", cpu = 1, mhz = 500, memory = 512, zone = "zone2" } },
    }
    local t = cloud { world = world, settings = { cloudstack = { stemcell = { zones = { "zone1", "zone2" } } } } }
    life(t, { properties = { zone = "zone1", compute_offering = "only.one", disk = 1000 } })
    life(t, { properties = { zone = "zone2", compute_offering = "only.two", disk = 1000 },
      networks = manual("net-two", "10.8.0.11", "10.8.0.1") })
    local ok, failure = pcall(t.cid, { cloud_properties = { zone = "zone2", compute_offering = "only.one" },
      networks = manual("net-two", "10.8.0.11", "10.8.0.1") })
    assert.is_false(ok)
    assert.truthy(failure.message:find("service offering 'only.one' is for other zones than 'zone2'; there are: ", 1, true))
  end)

  it("of two CPIs of one director, each with a zone and an account of its own", function()
    local t = cloud { world = { networks = { { name = "others-net", zone = "zone1", type = "Isolated", cidr = "10.6.0.0/24",
      gateway = "10.6.0.1", account = "other" } } } }
    local send = t.host.cloudstack.send
    local key
    t.host.cloudstack.open = function(options) key = options.api_key end
    t.host.cloudstack.send = function(requests)
      if key == "key" then return send(requests) end
      return t.sim.send(requests, "other")
    end
    local mine = t.cid { networks = bosh_net }
    local request = t.request("has_vm", mine)
    request.context.api_key, t.host.config.has_secret = "key-of-other", function() return true, true end
    assert.is_false((require "cpi"(t.host, request)))
    assert.is_true(t.call("has_vm", mine))
  end)
end)

describe("a CPI without credentials", function()
  it("never says that a VM is deleted", function()
    local t = cloud {}
    t.host.config = { read = function() return {} end, has_secret = function() return false end, context = function() return {} end }
    for verb, arguments in pairs { delete_vm = { "cpivm-1" }, has_vm = { "cpivm-1" }, delete_disk = { "cpi-disk-1" } } do
      local failure = t.failure(verb, table.unpack(arguments))
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      for _, property in ipairs { "cloudstack.endpoint", "cloudstack.api_key", "cloudstack.secret_access_key" } do
        assert.truthy(failure.message:find(property .. " is missing", 1, true))
      end
    end
    assert.equal(0, #t.sim.requests)
  end)
end)

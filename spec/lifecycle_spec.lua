-- A VM's life in every kind of cloud, in process: versions, hypervisors, roles, a project, two zones, expunge forbidden. After
-- each nothing is left, once CloudStack has expunged what it keeps.

local native = require "host_native"
local trial = require "trial"

local function manual(name, ip, gateway)
  return { default = { type = "manual", ip = ip, netmask = "255.255.255.0", gateway = gateway, default = { "dns", "gateway" },
    cloud_properties = { name = name } } }
end

local bosh_net = manual("bosh-net", "10.0.0.11", "10.0.0.1")
local image_of = { XenServer = "xen", KVM = "kvm", VMware = "vmware" }

local function cloud(options)
  options.host = setmetatable({ http = { checksum = function() return "c0ffee" end, stat = function(path)
    return { size = 5000000, path = path, head = "an image" }
  end } }, { __index = native })
  return trial.new(options)
end

local function only_expunged_is_left(t)
  t.sim.advance(86400 * 3)
  for kind, count in pairs(t.sim.state().left) do assert.equal(0, count, kind) end
end

-- What bosh create-env, a recreate and delete-env do. parts: stemcell, networks, properties, and `place`: properties of disks.
local function life(t, parts)
  local properties = parts.properties or { compute_offering = "shared.medium", disk = 10000, affinity_group = "life" }
  local networks = parts.networks or bosh_net
  local function create(disks)
    return t.cid { stemcell = parts.stemcell, cloud_properties = properties, networks = networks, disks = disks,
      env = { bosh = { group = "g" } } }
  end
  local vm = create {}
  t.call("set_vm_metadata", vm, { deployment = "d", job = "j" })
  local disk = t.call("create_disk", 4096, {}, vm)
  local hint = t.call("attach_disk", vm, disk)
  assert.is_not_nil(hint.path)
  t.call("set_disk_metadata", disk, { deployment = "d" })
  assert.same({ disk }, t.call("get_disks", vm))
  t.call("reboot_vm", vm)

  t.call("delete_vm", vm)
  assert.is_false(t.call("has_vm", vm))
  assert.is_true(t.call("has_disk", disk))
  vm = create { disk } -- with the address of the first, at once
  t.call("attach_disk", vm, disk)
  t.call("detach_disk", vm, disk)
  t.call("delete_disk", disk)
  t.call("delete_vm", vm)
  t.call("delete_vm", vm)
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

local expunging = { settings = { ["allow.user.expunge.recover.vm"] = true } }

local function merged(a, b)
  local out = {}
  for key, value in pairs(a) do out[key] = value end
  for key, value in pairs(b) do out[key] = value end
  return out
end

describe("a VM's life", function()
  for _, version in ipairs { "4.11.3.0", "4.15.0.0", "4.18.0.0", "4.22.0.0", "4.23.0.0-SNAPSHOT" } do
    it("in CloudStack " .. version .. ", as a user who may not expunge", function()
      life(cloud { world = { version = version } }, {})
    end)

    it("in CloudStack " .. version .. ", with all that a VM and a disk may have", function()
      full_life(cloud { world = { version = version } })
    end)

    it("in CloudStack " .. version .. ", as a user who may", function()
      life(cloud { world = merged(expunging, { version = version }) }, {})
    end)
  end

  for hypervisor, word in pairs(image_of) do
    it("on " .. hypervisor .. ", with a stemcell of its own", function()
      local t = cloud { world = { hypervisor = hypervisor } }
      local format = ({ xen = "vhdx", kvm = "qcow2", vmware = "vmdk" })[word]
      local ok, stemcell = pcall(t.call, "create_stemcell", "/tmp/image", { name = "s", version = "1", hypervisor = word,
        disk_format = format, infrastructure = "cloudstack", architecture = "x86_64" })
      assert.is_true(ok, tostring(stemcell))
      local vm = t.cid { stemcell = stemcell, networks = bosh_net }
      assert.equal(hypervisor, t.vm(vm).hypervisor)
      t.call("delete_vm", vm)
      t.call("delete_stemcell", stemcell)
      life(t, {})
    end)
  end

  it("as a root administrator, for another account", function()
    life(cloud { account = "admin", settings = { cloudstack = { account = "bosh", domain = "bosh" } } }, {})
  end)

  it("as a domain's administrator, for an account of the domain and for himself", function()
    local world = { accounts = { { name = "chief", role = "domainadmin", domain = "bosh" } }, networks = { { name = "chief-net",
      zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", account = "chief" } } }
    life(cloud { account = "chief", world = world, settings = { cloudstack = { account = "bosh", domain = "bosh" } } }, {})
    life(cloud { account = "chief", world = world }, { networks = manual("chief-net", "10.9.0.11", "10.9.0.1") })
  end)

  it("as a domain's administrator, in a project of the domain", function()
    local world = { accounts = { { name = "chief", role = "domainadmin", domain = "bosh" } },
      projects = { { name = "platform", account = "bosh" } }, networks = { { name = "project-net",
      zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", project = "platform" } } }
    life(cloud { account = "chief", world = world, settings = { cloudstack = { project = "platform" } } },
      { networks = manual("project-net", "10.9.0.11", "10.9.0.1") })
  end)

  it("as a root administrator, in networks of his own", function()
    local own = { name = "bosh-net", account = "admin" }
    life(cloud { account = "admin", world = { networks = { own } } }, {})
  end)

  it("in a project", function()
    local world = { projects = { { name = "platform", account = "bosh" } }, networks = { { name = "project-net",
      zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", project = "platform" } } }
    life(cloud { world = world, store = true, settings = { cloudstack = { project = "platform" } } },
      { networks = manual("project-net", "10.9.0.11", "10.9.0.1") })
  end)

  it("as a member of a project that somebody else owns", function()
    local world = { projects = { { name = "platform", account = "other", members = { "bosh" } } }, networks = { {
      name = "project-net", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", project = "platform" } } }
    life(cloud { world = world, settings = { cloudstack = { project = "platform" } } },
      { networks = manual("project-net", "10.9.0.11", "10.9.0.1") })
  end)

  it("with a role that may not expunge, whatever CloudStack says", function()
    life(cloud { store = true, world = merged(expunging, { accounts = { { name = "bosh",
      without = { "expungeVirtualMachine" } } } }) }, {})
  end)

  it("in two zones with offerings and networks of their own", function()
    local world = {
      zones = { { name = "zone2" } },
      clusters = { { name = "z2", zone = "zone2", hosts = { { name = "z2-host" } }, pools = { { name = "z2-primary" } } } },
      networks = { { name = "net-two", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1", account = "bosh" } },
      service_offerings = { { name = "only.one", cpu = 1, mhz = 500, memory = 512, zone = "zone1" },
        { name = "only.two", cpu = 1, mhz = 500, memory = 512, zone = "zone2" } },
    }
    local t = cloud { world = world }
    life(t, { properties = { zone = "zone1", compute_offering = "only.one", disk = 1000 } })
    life(t, { properties = { zone = "zone2", compute_offering = "only.two", disk = 1000 },
      networks = manual("net-two", "10.8.0.11", "10.8.0.1") })
    local ok, failure = pcall(t.cid, { cloud_properties = { zone = "zone2", compute_offering = "only.one" },
      networks = manual("net-two", "10.8.0.11", "10.8.0.1") })
    assert.is_false(ok)
    assert.truthy(failure.message:find("service offering 'only.one' is not in CloudStack; there are: ", 1, true))
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
    request.context.api_key, t.host.config.has_secret = "key of other", function() return true, true end
    assert.is_false((require "cpi"(t.host, request)))
    assert.is_true(t.call("has_vm", mine))
  end)
end)

describe("a CPI without credentials", function()
  it("never says that a VM is deleted", function()
    local t = cloud {}
    t.host.config = { read = function() return {} end, has_secret = function() return false end }
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

-- What guests see: their user data and metadata, and the events for whoever plays them.
local cloud = require "spec.sim.cloud"

describe("a guest", function()
  local c, vm
  before_each(function()
    c = cloud.new()
    vm = c:vm("vm-a", { networkids = c.network["bosh-loop"], ipaddress = "127.0.0.30", userdata = "eyJhIjoxfQ==",
    keypair = "bosh" })
  end)

  local function get(path, client, query)
    local reply = c.sim.http { method = "GET", path = "/latest/" .. path, query = query or "", client = client
      or "127.0.0.30" }
    return reply.body, reply.status
  end

  it("reads its user data decoded, known by its address", function()
    assert.equal('{"a":1}', get "user-data")
    local _, status = get("user-data", "127.0.0.31")
    assert.equal(404, status)
    assert.equal('{"a":1}', get("user-data", "192.0.2.1", "vm=" .. vm.id))
  end)

  it("reads its metadata", function()
    assert.equal(vm.id, get "meta-data/instance-id")
    assert.equal("vm-a", get "meta-data/local-hostname")
    assert.equal("127.0.0.30", get "meta-data/local-ipv4")
    assert.equal("zone1", get "meta-data/availability-zone")
    assert.matches("^ssh%-rsa ", (get "meta-data/public-keys"))
    assert.matches("instance%-id\n", (get "meta-data/"))
    local _, status = get "meta-data/nothing"
    assert.equal(404, status)
  end)

  it("without a key reads no keys, without an error", function()
    c:vm("vm-b", { networkids = c.network["bosh-loop"], ipaddress = "127.0.0.31" })
    local body, status = get("meta-data/public-keys", "127.0.0.31")
    assert.same({ "", 200 }, { body, status })
    assert.equal("", get("user-data", "127.0.0.31"))
  end)

  it("that is stopped reads nothing", function()
    c:job("stopVirtualMachine", { id = vm.id })
    local _, status = get "user-data"
    assert.equal(404, status)
  end)

  it("is started, told of its disks and ended by events", function()
    local function names()
      local out = {}
      for i, event in ipairs(c.sim.events()) do
        assert.equal(vm.id, event.vm_id)
        out[i] = event.event
      end
      return out
    end
    local first = c.sim.events()[1]
    assert.equal("start", first.event)
    assert.equal("127.0.0.30", first.environment.VM_ADDRESSES)
    assert.matches("/latest/user%-data%?vm=" .. vm.id:gsub("%-", "%%-"), first.environment.VM_USERDATA_URL)
    local disk = c:volume("disk")
    c:attach(disk, vm)
    local attach = c.sim.events()[1]
    assert.equal("attach", attach.event)
    assert.same({ disk.id, "1" }, { attach.environment.VOLUME_ID, attach.environment.VOLUME_DEVICE })
    c:job("detachVolume", { id = disk.id })
    c:job("rebootVirtualMachine", { id = vm.id })
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.same({ "detach", "stop", "start", "stop" }, names())
    assert.same({}, c.sim.events())
  end)

  it("is described as its hypervisor has it", function()
    c = cloud.new { hypervisor = "KVM", networks = { { name = "drive", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24",
      gateway = "10.9.0.1", userdata = "ConfigDrive" } } }
    local other = c:vm("vm-c", { networkids = c.network["bosh-net"] .. "," .. c.network["bosh-net-2"] })
    local disk = c:volume("disk")
    c:attach(disk, other)
    local list = c.sim.events()
    local told, attach = list[1].environment, list[2].environment
    local first, second = other.nic[1], other.nic[2]
    assert.equal(("%s/%s/%s/24/10.0.0.1//,%s/%s/%s/24/10.0.1.1//"):format(first.macaddress, first.networkid, first.ipaddress,
      second.macaddress, second.networkid, second.ipaddress), told.VM_NICS)
    local root = c:rows("listVolumes", "volume", { virtualmachineid = other.id, type = "ROOT" })[1]
    local serial = root.id:gsub("%-", ""):sub(1, 20)
    assert.equal(("0/%s/%d/%s"):format(root.id, root.size, serial), told.VM_VOLUMES)
    assert.same({ tostring(other.cpunumber), tostring(other.memory), other.templateid, "", "" },
      { told.VM_CPUS, told.VM_MEMORY, told.VM_TEMPLATE, told.VM_IMAGE, told.VM_CONFIG_DRIVE })
    assert.same({ disk.id:gsub("%-", ""):sub(1, 20), tostring(disk.size) }, { attach.VOLUME_SERIAL, attach.VOLUME_SIZE })
    assert.truthy(attach.VM_VOLUMES:find("1/" .. disk.id, 1, true))
    c:vm("vm-d", { networkids = c.network.drive })
    assert.equal("yes", c.sim.events()[1].environment.VM_CONFIG_DRIVE)
  end)

  it("is described with the IPv6 address of each NIC, and its gateway", function()
    c = cloud.new { networks = { { name = "dual", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1",
      ip6cidr = "2001:db8::/64", ip6gateway = "2001:db8::1" } } }
    local nic = c:vm("vm-d", { networkids = c.network.dual }).nic[1]
    assert.equal(("%s/%s/%s/24/10.9.0.1/%s/2001:db8::1"):format(nic.macaddress, nic.networkid, nic.ipaddress, nic.ip6address),
      c.sim.events()[1].environment.VM_NICS)
  end)

  it("on XenServer has disks without serials", function()
    assert.matches("^0/%x+%-%x+%-%x+%-%x+%-%x+/%d+/$", c.sim.events()[1].environment.VM_VOLUMES)
  end)

  it("with a config drive reads nothing at the router", function()
    c = cloud.new { networks = { { name = "drive", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24",
      gateway = "10.9.0.1", userdata = "ConfigDrive" } } }
    local other = c:vm("vm-d", { networkids = c.network.drive, userdata = "eyJhIjoxfQ==" })
    local _, status = get("user-data", other.nic[1].ipaddress)
    assert.equal(404, status)
    local network = c:rows("listNetworks", "network", { id = c.network.drive })[1]
    for _, service in ipairs(network.service) do
      assert.equal(service.name == "UserData" and "ConfigDrive" or "VirtualRouter", service.provider[1].name)
    end
  end)

  it("hears of a volume that grows, and of no other", function()
    c = cloud.new { hypervisor = "KVM" }
    vm = c:vm "vm-e"
    local disk, other = c:volume("disk"), c:volume("other")
    c:attach(disk, vm)
    c.sim.events()
    c:job("resizeVolume", { id = other.id, size = 30 })
    assert.same({}, c.sim.events())
    c:job("resizeVolume", { id = disk.id, size = 30 })
    local event = c.sim.events()[1]
    assert.same({ "resize", disk.id, "1", ("%d"):format(30 << 30) }, { event.event, event.environment.VOLUME_ID,
      event.environment.VOLUME_DEVICE, event.environment.VOLUME_SIZE })
  end)

  it("begins anew on another host when a migration ends", function()
    local before = c:seen_vm(vm.id, "admin").hostname
    c.sim.events()
    c.sim.put_state { id = vm.id, state = "Migrating", seconds = 10 }
    assert.same({}, c.sim.events())
    c.sim.advance(11)
    local list = c.sim.events()
    assert.same({ "stop", "start" }, { list[1].event, list[2].event })
    local after = c:seen_vm(vm.id, "admin").hostname
    assert.not_equal(before, after)
    assert.equal(after, list[2].environment.VM_HOST)
  end)

  it("ends when everything is reset", function()
    c.sim.events()
    c.sim.reset()
    assert.equal("stop", c.sim.events()[1].event)
  end)
end)

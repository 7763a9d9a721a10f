-- A small Linux in the simulated cloud: its settings over the router, its NICs by MAC, its disks by the CPI's hints.
-- tests/guest/run puts it where it can live.

local cloud = require "tests.guest.cloud"
local rig = require "rig"

local GIGABYTE = 1 << 30
local ADDRESS, OTHER_ADDRESS, THIRD_ADDRESS, SIXTH_ADDRESS = "10.0.0.20", "10.0.1.20", "10.0.1.21", "2001:db8:4::20"
local WORLD = { networks = { { name = "dual-net", zone = "zone1", type = "Isolated", cidr = "10.0.4.0/24", gateway = "10.0.4.1",
  ip6cidr = "2001:db8:4::/64", ip6gateway = "2001:db8:4::1" } } }
local MARK = "the image that was uploaded"

describe("a guest of qemu", function()
  local c, vm, disk, hint

  local output_of = require("tests.support.shell").output_of

  local function ask(...) return c:ask(ADDRESS, ...) end

  local function call(method, ...)
    local run = c:cpi { method = method, arguments = { ... }, context = { director_uuid = "d", request_id = "1" }, api_version = 2 }
    assert.equal(rig.json.null, run.response and run.response.error, run.stdout .. run.stderr)
    return run.response.result
  end

  -- Waits until the line of shell prints that in the guest.
  local function eventually(wanted, line)
    local seen
    local ok = pcall(rig.wait, function()
      seen = ask(line)
      return seen == wanted
    end, 20)
    assert.is_true(ok, ("%s prints %q"):format(line, seen))
  end

  -- A template of a disk image that was pushed to the simulator.
  local function upload()
    local path = c.place .. "/root"
    os.execute(("printf '%s' >%s.raw && truncate -s 64M %s.raw && qemu-img convert -O qcow2 %s.raw %s.qcow2"):format(MARK, path, path,
      path, path))
    local zone, kind = c:api("listZones").zone[1], c:api("listOsTypes").ostype[1]
    local answer = c:api("getUploadParamsForTemplate", { name = "small", displaytext = "small", format = "QCOW2", hypervisor = "KVM",
      ostypeid = kind.id, zoneid = zone.id })
    local given = assert(answer.getuploadparams, answer.errortext)
    local body, result = c:curl(given.postURL:match "/upload/.*", ("-H 'X-signature: %s' -H 'X-metadata: %s' -H 'X-expires: %s' "
      .. "-F file=@%s.qcow2"):format(given.signature, given.metadata, given.expires, path))
    assert.equal(200, result.code, body)
    return given.id
  end

  setup(function()
    c = cloud.start { grace = 2, world = WORLD }
    local function manual(ip, netmask, gateway, network, default)
      return { type = "manual", ip = ip, netmask = netmask, gateway = gateway, default = default, cloud_properties = { name = network } }
    end
    vm = call("create_vm", "agent-1", upload(), { compute_offering = "shared.small", disk = 3072,
      ephemeral_disk_offering = "shared.custom" }, {
      default = manual(ADDRESS, "255.255.255.0", "10.0.0.1", "bosh-net", { "dns", "gateway" }),
      second = manual(OTHER_ADDRESS, "255.255.255.0", "10.0.1.1", "bosh-net-2"),
      third = manual(THIRD_ADDRESS, "255.255.255.0", "10.0.1.1", "bosh-net-2"),
      fourth = manual("10.0.4.20", "255.255.255.0", "10.0.4.1", "dual-net"),
      sixth = manual(SIXTH_ADDRESS, "ffff:ffff:ffff:ffff::", "2001:db8:4::1", "dual-net"),
    }, {}, {})[1]
    c:wait_until_up(ADDRESS)
  end)
  teardown(function()
    if c then cloud.stop(c) end
  end)

  it("finds its settings at the router, which its lease names", function()
    assert.truthy(c:console(vm):find("cloudstack-metadata: the settings and the SSH keys are at http://10.0.0.1, the DHCP server of eth0",
      1, true), c:console(vm))
    local settings = rig.json.decode(ask "cat /var/vcap/bosh/settings.json")
    assert.same({ "agent-1", vm }, { settings.agent_id, settings.vm.name })
    assert.equal(vm, ask "hostname")
  end)

  it("has each address on the NIC with the MAC of its network", function()
    local list = c:api("listVirtualMachines", { name = vm }).virtualmachine[1].nic
    assert.equal(3, #list)
    for _, nic in ipairs(list) do
      local device = ask("grep -lx %s /sys/class/net/*/address", nic.macaddress):match "net/(%w+)/"
      assert.equal(nic.ipaddress, ask("ip -4 -o addr show dev %s", device or "none"):match "inet ([%d.]+)/24")
    end
    assert.equal("up", c:ask(OTHER_ADDRESS, "echo up"))
  end)

  it("answers at both addresses of a NIC that two networks share, and at its IPv6 address", function()
    for _, address in ipairs { OTHER_ADDRESS, THIRD_ADDRESS, "10.0.4.20", SIXTH_ADDRESS } do
      c:wait_until_up(address)
      assert.equal(vm, c:ask(address, "hostname"))
    end
  end)

  it("has a way out by its default network alone", function()
    assert.same("default via 10.0.0.1 dev eth0", (ask "ip route | grep default":gsub("%s+$", "")))
  end)

  it("begins with the template's image as its root disk, as large as the offering says", function()
    assert.equal(MARK, ask("head -c %d /dev/vda", #MARK))
    local root = c:api("listVolumes", { virtualmachineid = c:api("listVirtualMachines", { name = vm }).virtualmachine[1].id,
      type = "ROOT" }).volume[1]
    assert.equal(tostring(root.size // 512), ask "cat /sys/block/vda/size")
  end)

  it("has its ephemeral disk where its settings say", function()
    local settings = rig.json.decode(ask "cat /var/vcap/bosh/settings.json")
    local path = settings.disks.ephemeral.path or settings.disks.ephemeral
    assert.equal("/dev/sdb", path) -- which the agent looks for as vdb, too
    assert.equal(tostring(3 * GIGABYTE // 512), ask "cat /sys/block/vdb/size")
  end)

  it("sees a disk that is plugged in under the path of the CPI's hint", function()
    disk = call("create_disk", 2048, { disk_offering = "shared.custom" }, vm)
    hint = call("attach_disk", vm, disk).path or call("attach_disk", vm, disk)
    eventually(tostring(2 * GIGABYTE // 512), ("cat /sys/block/$(basename $(readlink -f %s))/size"):format(hint))
    ask("echo kept >%s && sync", hint)
    eventually("kept", ("head -n 1 %s"):format(hint))
  end)

  it("sees a disk that grows", function()
    local volume = c:api("listVolumes", { name = disk }).volume[1]
    c:api("resizeVolume", { id = volume.id, size = 3 })
    eventually(tostring(3 * GIGABYTE // 512), ("cat /sys/block/$(basename $(readlink -f %s))/size"):format(hint))
  end)

  it("has the same disks and addresses after a reboot", function()
    ask "touch /run/before"
    call("reboot_vm", vm)
    c:wait_until_up(ADDRESS)
    assert.equal("none", ask "ls /run/before 2>/dev/null || echo none")
    assert.equal("kept", ask("head -n 1 %s", hint))
    assert.equal(MARK, ask("head -c %d /dev/vda", #MARK))
    assert.equal("up", c:ask(OTHER_ADDRESS, "echo up"))
  end)

  it("loses a disk that is unplugged, and that alone", function()
    call("detach_disk", vm, disk)
    assert.equal("gone", ask("ls %s 2>/dev/null || echo gone", hint))
    assert.equal("2", ask "ls -d /sys/block/vd* | wc -l")
  end)

  it("is gone with its VM", function()
    call("delete_vm", vm)
    assert.equal("", output_of "grep -l qemu-system /proc/[0-9]*/comm 2>/dev/null || true")
    assert.equal("", output_of "ip -o link show | grep -o 't02[0-9a-f]*' || true")
  end)
end)

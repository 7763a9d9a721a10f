-- Further addresses of a NIC: what CloudStack's source says of their number, of basic zones and of those that are reached from
-- outside; what was seen stands in spec/sim/observed/nics.lua.

local cloud = require "spec.sim.cloud"

local function nic_of(c, vm) return c:rows("listNics", "nic", { virtualmachineid = vm.id })[1] end
local function add(c, nic, address) return c:run("addIpToNic", { nicid = nic.id, ipaddress = address }).jobresult.nicsecondaryip end

describe("a NIC", function()
  it("has ten further addresses at most where nobody raised it", function()
    local c = cloud.new()
    local nic = nic_of(c, c:vm("vm-a", { ipaddress = "10.0.0.50" }))
    for i = 1, 10 do add(c, nic, "10.0.0." .. 100 + i) end
    assert.equal("431 Allocating guest ip for nic failed : Maximum Number of IPs per NIC has been crossed.",
      (c:refused("addIpToNic", { nicid = nic.id, ipaddress = "10.0.0.111" })))
  end)

  it("has as many as a root admin allows, in the words of the version", function()
    local c = cloud.new { version = "4.19.0.0", settings = { ["vm.network.nic.max.secondary.ipaddresses"] = 1 } }
    local nic = nic_of(c, c:vm("vm-a", { ipaddress = "10.0.0.50" }))
    add(c, nic, "10.0.0.101")
    assert.equal("431 Allocating guest ip for nic failed : Maximum Number of Ips per Nic has been crossed.",
      (c:refused("addIpToNic", { nicid = nic.id, ipaddress = "10.0.0.102" })))
  end)

  it("has no IPv6 address besides before 4.12", function()
    local c = cloud.new { version = "4.11.3.0" }
    local nic = nic_of(c, c:vm("vm-a", { ipaddress = "10.0.0.50" }))
    assert.equal("530 Invalid ip address 2001:db8::5", (c:refused("addIpToNic", { nicid = nic.id, ipaddress = "2001:db8::5" })))
  end)
end)

describe("a further address that is reached from outside", function()
  local c, vm, nic, public
  before_each(function()
    c = cloud.new { public_addresses = { { name = "192.0.2.50", account = "bosh", network = "bosh-net" },
      { name = "192.0.2.51", account = "bosh", network = "bosh-net" } } }
    vm = c:vm("vm-a", { ipaddress = "10.0.0.50" })
    nic, public = nic_of(c, vm), {}
    for _, row in ipairs(c:rows("listPublicIpAddresses", "publicipaddress", {})) do public[row.ipaddress] = row.id end
  end)

  local function enable(address, guest)
    return { ipaddressid = public[address], virtualmachineid = vm.id, networkid = nic.networkid, vmguestip = guest }
  end

  it("has a public address of its own, beside that of the NIC", function()
    add(c, nic, "10.0.0.51")
    c:call("enableStaticNat", enable("192.0.2.50"))
    c:call("enableStaticNat", enable("192.0.2.51", "10.0.0.51"))
    local guests = {}
    for _, row in ipairs(c:rows("listPublicIpAddresses", "publicipaddress", { isstaticnat = "true" })) do
      guests[row.ipaddress] = row.vmipaddress
    end
    assert.same({ ["192.0.2.50"] = "10.0.0.50", ["192.0.2.51"] = "10.0.0.51" }, guests)
    assert.equal("192.0.2.50", nic_of(c, vm).publicip)
  end)

  it("stays with its NIC until it is not", function()
    local one = add(c, nic, "10.0.0.51")
    c:call("enableStaticNat", enable("192.0.2.51", "10.0.0.51"))
    local job = c:run("removeIpFromNic", { id = one.id })
    assert.equal(431, job.jobresultcode)
    assert.matches("is associate with static NAT rule public IP", job.jobresult.errortext)
    c:run("disableStaticNat", { ipaddressid = public["192.0.2.51"] })
    assert.equal(0, c:run("removeIpFromNic", { id = one.id }).jobresultcode)
  end)

  it("is one of the NIC's", function()
    assert.equal("431 VM ip 10.0.0.99 address not belongs to the vm", (c:refused("enableStaticNat", enable("192.0.2.50", "10.0.0.99"))))
  end)
end)

describe("a VM in a basic zone", function()
  it("has no further address before it has run", function()
    local c = cloud.new { zones = { { name = "basic", networktype = "Basic" } },
      clusters = { { name = "basic-cluster", zone = "basic", hosts = { { name = "h" } }, pools = { { name = "p" } } } },
      networks = { { name = "basic-net", zone = "basic", type = "Shared", cidr = "10.61.1.0/24", gateway = "10.61.1.1",
        range = { "10.61.1.10", "10.61.1.200" },
        services = { "SecurityGroup", "UserData", "Dhcp" } } } }
    local zone = c:rows("listZones", "zone", { name = "basic" })[1].id
    local vm = c:run("deployVirtualMachine", { zoneid = zone, name = "vm-a", templateid = c.template, startvm = "false",
      serviceofferingid = c.offering["shared.small"] }).jobresult.virtualmachine
    local nic = nic_of(c, vm)
    assert.equal("431 Instance Pod id is null in Basic zone; can't decide the range for IP allocation",
      (c:refused("addIpToNic", { nicid = nic.id })))
    c:run("startVirtualMachine", { id = vm.id })
    assert.matches("^10%.61%.1%.", add(c, nic).ipaddress)
  end)
end)

describe("an isolated network of a dual-stack offering", function()
  local function made(world)
    world.network_offerings = { { name = "dual", type = "Isolated", internetprotocol = "DualStack" } }
    local c = cloud.new(world)
    local offering = c:rows("listNetworkOfferings", "networkoffering", { name = "dual" })[1]
    return c, { name = "v6", zoneid = c.zone, networkofferingid = offering.id }, offering
  end

  it("has a prefix of the zone's, and its NICs what follows from their MACs", function()
    local c, params, offering = made { zones = { { name = "zone1", ip6prefix = "fd17:5:8a43::/48" } } }
    assert.equal("DualStack", offering.internetprotocol)
    local first, second = c:call("createNetwork", params).network, c:call("createNetwork", params).network
    assert.same({ "fd17:5:8a43::/64", "fd17:5:8a43::1", "DualStack" }, { first.ip6cidr, first.ip6gateway, first.internetprotocol })
    assert.equal("fd17:5:8a43:1::/64", second.ip6cidr)
    local vm = c:vm("vm-a", { networkids = first.id })
    assert.equal("fd17:5:8a43:0:1:ff:fe00:1", c:seen_vm(vm.id).nic[1].ip6address)
  end)

  it("is not made in a zone without one", function()
    local c, params = made {}
    assert.matches("^530", (c:refused("createNetwork", params, "admin")))
  end)

  it("has no IPv6 before 4.17", function()
    local c, params = made { version = "4.16.0.0" }
    assert.is_nil(c:call("createNetwork", params).network.ip6cidr)
  end)
end)

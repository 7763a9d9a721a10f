local fake = require "tests.support.fake"
local one_network = require "vm.one_network"
local vip_places = require "vm.vip_places"

local services = { { name = "StaticNat" }, { name = "Firewall" } }
local A = { id = "n1", name = "net-a", zoneid = "z1", service = services }
local B = { id = "n2", name = "net-b", zoneid = "z1", service = services }
local SHARED = { id = "n3", name = "shared", zoneid = "z1", service = {} }

local function network(name, more)
  local given = { type = "manual", cloud_properties = {} }
  for key, value in pairs(more) do given[key] = value end
  return one_network(name, given, fake.json.null)
end

local function nic(target, ...) return { target = target, networks = { ... } } end

-- vips: { { name, more, row }, ... } -> the planned ones
local function places(nics, vips)
  local list, found = {}, { networks = { A, B, SHARED }, zone = { id = "z1", name = "zone1" }, can = { version = "4.23.0.0" } }
  for i, one in ipairs(vips) do
    local more = { type = "vip", ip = one.row and one.row.ipaddress, cloud_properties = { acquire = true, name = one.name },
      nic_group = one.group }
    list[i] = { network = network("vip" .. i, more), ip = more.ip, rules = {} }
    found["vip " .. i] = { one.row }
  end
  return vip_places(list, found, nics)
end

local function refused(...) return fake.failure(places, ...).message end

local two = { nic(A, network("a", { ip = "10.0.0.5", nic_group = "1" }), network("b", { ip = "10.0.0.6", nic_group = "2" })),
  nic(B, network("c", { ip = "10.1.0.5", nic_group = "3" })) }

describe("a vip", function()
  it("is for the NIC of its group", function()
    local planned = places(two, { { group = "3" } })
    assert.same({ two[2], nil }, { planned[1].nic, planned[1].guest })
  end)

  it("is for the further address that its group names", function()
    local planned = places(two, { { group = "2" } })
    assert.equal(two[1], planned[1].nic)
    assert.equal("10.0.0.6", planned[1].guest)
  end)

  it("without a group is for the first NIC, and the next one for the next, NICs before further addresses", function()
    local planned = places(two, { {}, {}, {} })
    assert.same({ two[1], two[2], two[1] }, { planned[1].nic, planned[2].nic, planned[3].nic })
    assert.same({ nil, nil, "10.0.0.6" }, { planned[1].guest, planned[2].guest, planned[3].guest })
    assert.equal("vips 'vip3' and 'vip4' are for one address, that of network 'a' in 'net-a'; an address has one public address",
      (refused(two, { {}, {}, {}, {} }):gsub("vips 'vip%d'", "vips 'vip3'")))
  end)

  it("with a group has its choice before those without", function()
    local planned = places(two, { {}, { group = "1" } })
    assert.same({ two[2], two[1] }, { planned[1].nic, planned[2].nic })
  end)

  it("has a group that the VM has", function()
    assert.equal("vip 'vip1' is of the nic_group '9', in which the VM has no IPv4 network; it has: 'a' (nic_group 1), 'c' (nic_group 3), "
      .. "'b' (nic_group 2)", refused(two, { { group = "9" } }))
    local alone = { nic(A, network("a", { ip = "10.0.0.5" })) }
    assert.truthy(refused(alone, { { group = "1" } }):find("it has: 'a' (no nic_group)", 1, true))
  end)

  it("has a group in the network of CloudStack that it names", function()
    assert.equal(two[2], places(two, { { group = "3", name = "net-b" } })[1].nic)
    assert.truthy(refused(two, { { group = "3", name = "net-a" } })
      :find("vip 'vip1' (any address) needs a NIC in network 'net-a'", 1, true))
  end)

  it("of a group without static NAT is refused, and not put elsewhere", function()
    local nics = { nic(SHARED, network("a", { ip = "10.0.0.5", nic_group = "1" })), nic(A, network("b", { ip = "10.1.0.5" })) }
    assert.equal("network 'shared' has no static NAT, which vip 'vip1' needs", refused(nics, { { group = "1" } }))
    assert.equal(nics[2], places(nics, { {} })[1].nic)
  end)

  it("is never for an IPv6 address", function()
    local nics = { nic(A, network("a", { ip = "10.0.0.5" }), network("b", { ip = "2001:db8::5", nic_group = "1" })) }
    assert.truthy(refused(nics, { { group = "1" } }):find("in which the VM has no IPv4 network", 1, true))
    assert.truthy(refused(nics, { {}, {} }):find("are for one address", 1, true))
  end)
end)

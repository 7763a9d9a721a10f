local fake = require "tests.support.fake"
local nics = require "cloudstack.nics"

local nic = { id = "nic-1", networkid = "n1", networkname = "net", ipaddress = "10.0.0.5", ip6address = "2001:db8::5",
  secondaryip = { { id = "s1", ipaddress = "10.0.0.6" }, { id = "s2", ipaddress = "2001:db8:0::6" } } }
local vm = { id = "v", name = "cpivm-1", nic = { { id = "nic-0", networkid = "n0" }, nic } }

describe("the NIC of a VM in a network", function()
  it("is the one there", function()
    assert.equal(nic, nics.in_network(vm, "n1"))
    assert.is_nil(nics.in_network(vm, "n2"))
    assert.is_nil(nics.in_network(nil, "n1"))
  end)

  it("is found by its id", function()
    assert.equal(nic, nics.with_id(vm.nic, "nic-1"))
    assert.is_nil(nics.with_id(vm.nic, "nic-2"))
    assert.is_nil(nics.with_id(nil, "nic-1"))
  end)

  it("has its own addresses and those besides, in any spelling", function()
    for _, wanted in ipairs { "10.0.0.5", "10.0.0.6", "2001:DB8::5", "2001:db8::6" } do assert.is_true(nics.has(nic, wanted), wanted) end
    assert.is_false(nics.has(nic, "10.0.0.7"))
    assert.is_false(nics.has({ ipaddress = "10.0.0.5" }, "10.0.0.6"))
  end)

  it("holds an address in its network only", function()
    assert.equal(vm, nics.holder({ vm }, "10.0.0.6", "n1"))
    assert.is_nil(nics.holder({ vm }, "10.0.0.6", "n0"))
    assert.is_nil(nics.holder({ { nic = nil } }, "10.0.0.6", "n1"))
  end)
end)

describe("a further address", function()
  it("is added by name", function()
    local cpi <close> = fake.cpi { { "addIpToNic", { nicid = "nic-1", ipaddress = "10.0.0.7" },
      job = { nicsecondaryip = { id = "s3", ipaddress = "10.0.0.7" } }, id = "s3" } }
    local task = cpi.cloudstack:run(nics.add_request(cpi, vm, nic, "10.0.0.7"))
    assert.same({ "s3", "adding address 10.0.0.7 to the NIC in network 'net'" }, { task.id, task.request.what })
  end)

  it("is found in the NIC where the answer is lost", function()
    local cpi <close> = fake.cpi { { "addIpToNic", {}, fault = "closed", sent = true, unknown = true },
      { "listNics", { virtualmachineid = "v", nicid = "nic-1" }, { nic = { nic } } } }
    assert.equal("s2", cpi.cloudstack:run(nics.add_request(cpi, vm, nic, "2001:DB8::6")).id)
  end)

  it("is lost where the NIC does not have it", function()
    local cpi <close> = fake.cpi { { "addIpToNic", {}, fault = "closed", sent = true, unknown = true }, { "listNics", {}, {} } }
    assert.equal("lost", cpi.cloudstack:run(nics.add_request(cpi, vm, nic, "10.0.0.7")).failure.kind)
  end)

  it("is removed by its id", function()
    local cpi <close> = fake.cpi { { "removeIpFromNic", { id = "s1" }, job = {} } }
    local task = cpi.cloudstack:run(nics.remove_request(cpi, "s1", "10.0.0.6"))
    assert.same({ nil, "releasing address 10.0.0.6" }, { task.failure, task.request.what })
  end)

  it("is one of all that a NIC has", function()
    assert.same({ "10.0.0.5", "2001:db8::5", "10.0.0.6", "2001:db8:0::6" }, nics.addresses(nic))
    assert.same({}, nics.addresses {})
  end)
end)

local leaving = require "tests.support.leaving"
local release = require "made.release"

local function parked(s, id) return leaving.vm_by_id(s, id).nics[1].address end

local function in_log(process, words)
  return table.concat(process.log, "\n"):find(words, 1, true) ~= nil
end

describe("the addresses of a VM in words", function()
  it("are all that it holds, and nil where it holds none", function()
    local nic = { ipaddress = "10.0.0.5", secondaryip = { { id = "s", ipaddress = "10.0.0.6" } } }
    assert.equal("address 10.0.0.6, 10.0.0.5", release.words { nic = { nic, {} } })
    assert.is_nil(release.words { nic = { {} } })
  end)
end)

describe("a VM that leaves by another address", function()
  it("parks at the end of its network, and says so", function()
    local s = leaving.stage()
    local vm = s:small_vm()
    local id = s:find("vms", vm).id
    local _, process = s:call("delete_vm", { vm })
    local address = parked(s, id)
    assert.is_true(tonumber(address:match "%d+$") >= 192, address)
    local words = ("info address 10.0.0.11 of VM %s is free: it holds %s of network 'bosh-net' until"):format(vm, address)
    assert.is_true(in_log(process, words))
    s:small_vm() -- BOSH's next VM has the address at once
  end)

  it("parks where the configuration says", function()
    local s = leaving.stage { settings = { cloudstack = { parking = { ranges = { ["bosh-net"] = "10.0.0.100-10.0.0.101" } } } } }
    local seen = {}
    for _ = 1, 2 do
      local vm = s:small_vm()
      local id = s:find("vms", vm).id
      s:good("delete_vm", { vm })
      seen[parked(s, id)] = true
    end
    assert.same({ ["10.0.0.100"] = true, ["10.0.0.101"] = true }, seen)
    -- When all of them are taken, it is an address that CloudStack chooses, and a warning.
    local vm = s:small_vm()
    local _, process = s:call("delete_vm", { vm })
    assert.is_true(in_log(process, "warn no place for parking was free in network 'bosh-net'"))
    assert.is_true(in_log(process, "BOSH may want it (cloudstack.parking)"))
  end)

  it("parks where the site's policy says", function()
    local s = leaving.stage { settings = { policies = { directory = "tests/support/policies" } } }
    local vm = s:small_vm()
    local id = s:find("vms", vm).id
    s:good("delete_vm", { vm })
    assert.equal("10.0.0.77", parked(s, id))
  end)

  it("finds a place in a shared network, of which only a part is given out", function()
    local s = leaving.stage()
    local networks = { default = { type = "manual", ip = "10.0.2.101", netmask = "255.255.255.0", gateway = "10.0.2.1",
      default = { "dns", "gateway" }, cloud_properties = { name = "shared-net" } } }
    local vm = s:small_vm(nil, networks)
    local id = s:find("vms", vm).id
    local _, process = s:call("delete_vm", { vm })
    local last = tonumber(parked(s, id):match "%d+$")
    assert.is_true(last > 150 and last <= 200, last)
    assert.is_false(in_log(process, "warn"))
  end)

  it("gives back every address of its NICs, secondary ones too", function()
    local s = leaving.stage()
    local vm = s:small_vm()
    local row = s:find("vms", vm)
    local reply = s.sim.send({ { command = "listNics", params = { virtualmachineid = row.id } } })[1]
    s:send("addIpToNic", { nicid = s.json.decode(reply.body).listnicsresponse.nic[1].id, ipaddress = "10.0.0.40" })
    s:good("delete_vm", { vm })
    local other = s:small_vm(nil, s:networks "10.0.0.40")
    assert.equal("10.0.0.40", s:find("vms", other).nics[1].address)
  end)

  it("gives further ones back in one wave, and takes them again when CloudStack does not destroy it", function()
    local s = leaving.stage()
    local networks = s:networks "10.0.0.40"
    networks.block = { type = "manual", ip = "10.0.0.64", prefix = "29", netmask = "255.255.255.0", gateway = "10.0.0.1",
      cloud_properties = networks.default.cloud_properties }
    local vm = s:small_vm(nil, networks)
    s.sim.fault { command = "destroyVirtualMachine", fault = "fail_job", errortext = "no" }
    local answer, process = s:call("delete_vm", { vm })
    assert.truthy(answer.error.message:find("it has address 10.0.0.64 again; it has address 10.0.0.65 again", 1, true),
      answer.error.message)
    local nic = s:find("vms", vm).nics[1]
    assert.same({ "10.0.0.40", 8 }, { nic.address, #nic.secondary })
    assert.is_false(in_log(process, "stays taken"))
    s:good("delete_vm", { vm })
    local other = s:small_vm(nil, networks)
    assert.equal(8, #s:find("vms", other).nics[1].secondary)
  end)

  it("is moved back when CloudStack does not destroy it, and the error says so", function()
    local s = leaving.stage()
    local vm = s:small_vm()
    s.sim.fault { command = "destroyVirtualMachine", fault = "fail_job", errortext = "no" }
    local answer = s:call("delete_vm", { vm })
    assert.truthy(answer.error.message:find("no (530); it is stopped, it has address 10.0.0.11 again", 1, true), answer.error.message)
    assert.equal("10.0.0.11", s:find("vms", vm).nics[1].address)
    s:good("delete_vm", { vm })
  end)

  it("says where it is when it cannot be moved back either", function()
    local s = leaving.stage()
    local vm = s:small_vm()
    s.sim.fault { command = "destroyVirtualMachine", fault = "fail_job", errortext = "no" }
    s.sim.fault { command = "updateVmNicIp", fault = "fail_job", errortext = "not back", nth = 2 }
    local answer = s:call("delete_vm", { vm })
    local address = s:find("vms", vm).nics[1].address
    assert.truthy(answer.error.message:find("its address 10.0.0.11 was given up, it has " .. address, 1, true), answer.error.message)
  end)
end)

describe("the addresses of a VM", function()
  it("are those of all its NICs, the secondary ones first", function()
    local first = { id = "n1", ipaddress = "10.0.0.5", secondaryip = { { id = "s1", ipaddress = "10.0.0.6" } } }
    local list = release.addresses { nic = { first, { id = "n2" } } }
    assert.same({ { nic = first, address = "10.0.0.6", id = "s1" }, { nic = first, address = "10.0.0.5" } }, list)
    assert.same({}, release.addresses {})
  end)
end)

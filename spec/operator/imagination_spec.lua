local native = require "host_native"
local new = require "operator.imagination"

local json = native.json

local function body(reply) return reply and select(2, next(json.decode(reply.body))) end

describe("imagination", function()
  local imagined
  before_each(function() imagined = new(json, native.bytes.uuid) end)

  local function answer(command, params) return body(imagined:answer { command = command, params = params }) end
  local function recall(command, params) return body(imagined:recall { command = command, params = params }) end

  it("finds what was made by its id and its name, and leaves the rest to CloudStack", function()
    local made = answer("createVolume", { customjobid = "j", name = "cpi-disk-1", size = 4 })
    assert.equal("j", made.jobid)
    local job = recall("queryAsyncJobResult", { jobid = "j" })
    assert.equal(1, job.jobstatus)
    assert.equal(4, job.jobresult.volume.size)
    for _, params in ipairs { { name = "cpi-disk-1" }, { id = made.id }, { id = made.id, page = 1 } } do
      local rows = recall("listVolumes", params).volume
      assert.equal(1, #rows)
      assert.equal("Ready", rows[1].state)
    end
    for _, params in ipairs { { name = "cpi-disk-2" }, { id = "another" }, {}, { zoneid = "z" } } do
      assert.is_nil(recall("listVolumes", params))
    end
    assert.is_nil(recall("listVirtualMachines", { name = "cpi-disk-1" }))
    assert.is_nil(recall("queryAsyncJobResult", { jobid = "another" }))
  end)

  it("has a template in the zones that it was copied to", function()
    answer("copyTemplate", { id = "t", destzoneid = "z2" })
    answer("copyTemplate", { id = "t", destzoneid = "z3" })
    local there = {}
    for _, row in ipairs(recall("listTemplates", { id = "t" }).template) do there[row.zoneid] = row.isready end
    assert.same({ z2 = true, z3 = true }, there)
  end)

  it("calls the rows of a list as the list does", function()
    local rule = answer("createLoadBalancerRule", { name = "web", customjobid = "j" })
    assert.equal("web", recall("listLoadBalancerRules", { name = "web" }).loadbalancerrule[1].name)
    assert.equal("web", recall("listLoadBalancerRules", { id = rule.id }).loadbalancerrule[1].name)
    local address = answer("associateIpAddress", { networkid = "n", customjobid = "k" })
    assert.equal("n", recall("listPublicIpAddresses", { id = address.id }).publicipaddress[1].networkid)
  end)

  it("finds no more what was deleted, nor what was on it", function()
    answer("destroyVirtualMachine", { id = "v", customjobid = "j" })
    assert.same({}, recall("listVirtualMachines", { id = "v" }))
    assert.same({}, recall("listNics", { virtualmachineid = "v" }))
    assert.is_nil(recall("listVirtualMachines", { id = "w" }))
  end)

  it("gives a VM the NICs and disks that it was asked for with", function()
    local vm = answer("deployVirtualMachine", { name = "cpivm-1", diskofferingid = "d", ["iptonetworklist[0].networkid"] = "n",
      ["iptonetworklist[0].ip"] = "10.0.0.5", customjobid = "j" })
    local row = recall("listVirtualMachines", { id = vm.id }).virtualmachine[1]
    assert.equal("Running", row.state)
    assert.equal("10.0.0.5", row.nic[1].ipaddress)
    assert.equal(2, #recall("listVolumes", { virtualmachineid = vm.id }).volume)
  end)

  it("gives a NIC the further addresses that it was asked for with", function()
    local vm = answer("deployVirtualMachine", { name = "cpivm-1", ["iptonetworklist[0].networkid"] = "n", customjobid = "j" })
    local nic = recall("listVirtualMachines", { id = vm.id }).virtualmachine[1].nic[1]
    for i, address in ipairs { "10.0.0.6", "10.0.0.7" } do
      answer("addIpToNic", { nicid = nic.id, ipaddress = address, customjobid = "j" .. i })
    end
    nic = recall("listVirtualMachines", { id = vm.id }).virtualmachine[1].nic[1]
    assert.same({ "10.0.0.6", "10.0.0.7" }, { nic.secondaryip[1].ipaddress, nic.secondaryip[2].ipaddress })
  end)

  it("keeps what was seen of an object that is changed", function()
    imagined:notice { count = 1, volume = { { id = "d", name = "disk", size = 5, virtualmachineid = nil } } }
    local job = answer("attachVolume", { id = "d", virtualmachineid = "v", customjobid = "j" })
    assert.equal("d", job.id)
    local result = recall("queryAsyncJobResult", { jobid = "j" }).jobresult.volume
    assert.same({ "disk", "v", 1 }, { result.name, result.virtualmachineid, result.deviceid })
  end)

  it("takes tags for done and makes no object of them", function()
    assert.equal("t", answer("createTags", { resourceids = "d", customjobid = "t" }).jobid)
    assert.is_nil(recall("listVolumes", { id = "d" }))
    answer("deleteTags", { resourceids = "d", customjobid = "u" })
    assert.is_nil(recall("listVolumes", { id = "d" }))
  end)
end)

local operator = require "tests.support.operator"
local test_cloud = require "operator.test_cloud"

-- (that nothing leads further: spec/operator/policy_tests_spec.lua)

local cloud

before_each(function() cloud = test_cloud(operator.host { lua_dir = "lua" }, nil, {}) end)

describe("the cloud of a policy's tests", function()
  it("makes VMs and disks, shows them, and counts what is left", function()
    local vm = cloud.cid {}
    assert.is_true(cloud.call("has_vm", vm))
    assert.equal("Running", cloud.vm(vm).state)
    local disk = cloud.call("create_disk", 1024, {}, vm)
    assert.equal(disk, cloud.disk(disk).name)
    assert.truthy(next(cloud.left()))
    cloud.call("delete_disk", disk)
    assert.is_nil(cloud.disk(disk))
  end)

  it("tells what was sent, and what was logged", function()
    cloud.call("has_vm", "cpivm-1")
    assert.equal("listVirtualMachines", cloud.requests()[1].command)
    assert.same({}, cloud.requests())
    assert.equal("table", type(cloud.log))
    assert.is_nil(cloud.host)
    assert.is_nil(cloud.store)
  end)

  it("gives a failure as data", function()
    local failure = cloud.failure("attach_disk", "cpivm-1", "cpi-disk-1")
    assert.equal("Bosh::Clouds::VMNotFound", failure.type)
    assert.is_nil(getmetatable(failure))
  end)

  it("is as the test describes it, and goes by its own clock", function()
    local world = test_cloud(operator.host(), nil, { zones = { { name = "zone2" } } })
    local zones = {}
    for i, zone in ipairs(world.sim.state().zones) do zones[i] = zone.name end
    assert.truthy(table.concat(zones, " "):find("zone2", 1, true))
    local began = world.sim.clock.now()
    world.sim.advance(10)
    assert.equal(began + 10, world.sim.clock.now())
  end)

  it("takes data only", function()
    local ok, why = pcall(cloud.call, "has_vm", print)
    assert.is_false(ok)
    assert.truthy(tostring(why):find("a policy's test gives data: it holds a function", 1, true), tostring(why))
    assert.is_false((pcall(test_cloud, operator.host(), nil, { zones = print })))
  end)

  it("has no files of this machine", function()
    local failure = cloud.failure("create_stemcell", "/etc/passwd", { name = "s", version = "1", hypervisor = "xen", disk_format = "vhdx" })
    assert.truthy(failure.message:find("a policy's test has no files", 1, true), failure.message)
  end)
end)

local custody = require "made.custody"
local fake = require "tests.support.fake"
local leaving = require "tests.support.leaving"
local machine = require "machine"

local function row(state, ...)
  local tags = {}
  for i, key in ipairs { ... } do tags[i] = { key = key, value = "true" } end
  return { id = "d", name = "cpi-disk-1", state = state, tags = tags }
end

-- What gc makes of the disk when BOSH's list has nothing.
local function gc(s, ...)
  s.sim.advance(7200)
  return s:command("gc", "--director", machine.DIRECTOR, ...)
end

local function tags_of(s, kind, name) return s:find(kind, name).tags end

describe("a disk", function()
  it("is taken when its tag says so, and when a VM has had it", function()
    assert.is_true(custody.is_taken(row("Allocated", "bosh_taken")))
    assert.is_true(custody.is_taken(row "Ready"))
    assert.is_false(custody.is_taken(row "Allocated"))
  end)

  it("is marked by attach_disk itself, along with the attach", function()
    local s = leaving.stage()
    local vm, disk = s:small_vm(), s:disk()
    s:good("attach_disk", { vm, disk })
    assert.equal("true", tags_of(s, "volumes", disk).bosh_taken)
    s:good("detach_disk", { vm, disk })
    s:good("attach_disk", { vm, disk }) -- nothing is marked twice
  end)

  it("is attached although it cannot be marked", function()
    local s = leaving.stage()
    local vm, disk = s:small_vm(), s:disk()
    s.sim.fault { command = "createTags", fault = "fail_job", errortext = "no" }
    local answer, process = s:call("attach_disk", { vm, disk })
    assert.is_nil(answer.error)
    assert.truthy(table.concat(process.log, "\n"):find("createTags: no (530)", 1, true))
  end)

  it("that BOSH has is never removed, whatever list gc is given: a dynamic disk gets no metadata", function()
    local s = leaving.stage()
    local vm, disk = s:small_vm(), s:disk()
    s:adopt(vm)
    s:good("attach_disk", { vm, disk })
    s:good("detach_disk", { vm, disk })
    local answer = gc(s, "--none-known", "--apply")
    assert.truthy(answer.text:find("suspect   disk     " .. disk, 1, true), answer.text)
    assert.is_not_nil(s:find("volumes", disk))
  end)

  it("that nobody took is removed where BOSH's list does not have it", function()
    local s = leaving.stage()
    local disk = s:disk()
    gc(s, "--none-known", "--apply")
    assert.is_nil(s:find("volumes", disk))
  end)

  it("that BOSH gave back and CloudStack did not delete is removed, also without a list", function()
    local s = leaving.stage()
    local vm, disk = s:vm_with_disk()
    s:good("detach_disk", { vm, disk })
    s.sim.fault { command = "deleteVolume", fault = "status", status = 431 }
    assert.is_not_nil(s:call("delete_disk", { disk }).error)
    assert.equal("true", tags_of(s, "volumes", disk).bosh_given_back)
    local answer = gc(s, "--apply")
    assert.truthy(answer.text:find("BOSH gave it back, and it was not deleted then; removed", 1, true), answer.text)
    assert.is_nil(s:find("volumes", disk))
  end)

  it("that is attached again has not been given back", function()
    local s = leaving.stage()
    local vm, disk = s:vm_with_disk()
    s:good("detach_disk", { vm, disk })
    s.sim.fault { command = "deleteVolume", fault = "status", status = 431 }
    s:call("delete_disk", { disk })
    s:good("attach_disk", { vm, disk })
    assert.is_nil(tags_of(s, "volumes", disk).bosh_given_back)
    s:good("detach_disk", { vm, disk })
    gc(s, "--none-known", "--apply")
    assert.is_not_nil(s:find("volumes", disk))
  end)
end)

describe("a network", function()
  local ISOLATED = { type = "manual", range = "10.7.1.0/24", gateway = "10.7.1.1", cloud_properties = {} }

  it("in which destroyed VMs are is found by gc when the director has forgotten it, and removed once they are expunged", function()
    local s = leaving.stage()
    local network = s:good("create_network", { ISOLATED })[1]
    s:good("delete_vm", { s:small_vm(nil, s:networks("10.7.1.11", network)) })
    local answer = s:call("delete_network", { network })
    assert.truthy(answer.error.message:find("one may be destroyed and not expunged yet", 1, true), answer.error.message)
    local told = gc(s, "--apply")
    assert.equal(1, told.exit)
    assert.truthy(told.text:find("BOSH gave it back, and VMs were in it then; not removed", 1, true), told.text)
    s.sim.advance(2 * 86400)
    assert.equal(0, gc(s, "--apply").exit)
    assert.is_nil(s:find("networks", network))
  end)

  it("that VMs leave by a network without addresses is deleted at once", function()
    local s = leaving.stage { settings = { cloudstack = { parking = { network = "cpi-parking" } } } }
    local network = s:good("create_network", { ISOLATED })[1]
    s:good("delete_vm", { s:small_vm(nil, s:networks("10.7.1.11", network)) })
    s:good("delete_network", { network })
  end)

  it("whose mark fails gives the error of the deletion, and a warning", function()
    local cpi <close> = fake.cpi { { "createTags", { resourceids = "n", resourcetype = "Network" }, job_fails = "no", code = 530 } }
    local failure = fake.failure(custody.delete, cpi, "Network", { id = "n", name = "cpi-network-1" }, function()
      error(require("errors").cloud("it stays"))
    end)
    assert.equal("it stays", failure.message)
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("cpi-network-1 was not marked as given back", 1, true))
  end)

  it("that is marked is not marked again", function()
    local cpi <close> = fake.cpi {}
    custody.give_back(cpi, "Network", row("Implemented", "bosh_given_back"))
  end)
end)

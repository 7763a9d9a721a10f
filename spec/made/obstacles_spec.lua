local leaving = require "tests.support.leaving"
local obstacles = require "made.obstacles"

-- What a refused delete_vm did -> its error's message, the VM before and after.
local function refused(s, vm, more)
  local before, from = s:find("vms", vm), #s.sim.requests
  local answer = s:call("delete_vm", { vm }, more)
  assert.is_not_nil(answer.error, "the VM was deleted")
  assert.equal("Bosh::Clouds::CloudError", answer.error.type)
  return answer.error.message, before, s:find("vms", vm), leaving.acts(s, from)
end

local function protect(s, kind, name)
  local command = kind == "vms" and "updateVirtualMachine" or "updateVolume"
  s.sim.send({ { command = command, params = { id = s:find(kind, name).id, deleteprotection = "true" } } }, "admin")
  s.sim.advance(5)
end

-- Takes all tags off an object, as if another CPI had made it.
local function untag(s, resource, object)
  s.sim.send({ { command = "deleteTags", params = { resourceids = object.id, resourcetype = resource } } }, "admin")
  s.sim.advance(5)
end

describe("what forbids a VM's removal is asked before anything is done:", function()
  local function is_untouched(s, vm, words)
    local message, before, after, acts = refused(s, vm)
    assert.truthy(message:find(words, 1, true), message)
    assert.same({}, acts)
    assert.equal("Running", after.state)
    assert.same(before.nics, after.nics)
  end

  it("delete protection, which takes the stop and refuses the destroy", function()
    for _, may_expunge in ipairs { false, true } do
      local s = leaving.stage { world = { settings = { ["allow.user.expunge.recover.vm"] = may_expunge } } }
      local vm = s:small_vm()
      protect(s, "vms", vm)
      is_untouched(s, vm, "has delete protection in CloudStack and is not deleted: nothing was changed")
    end
  end)

  it("delete protection of the disk that was made with it", function()
    local s = leaving.stage()
    local vm = s:vm()
    for _, volume in ipairs(s.sim.state().volumes) do
      if volume.name:find "^DATA" then protect(s, "volumes", volume.name) end
    end
    is_untouched(s, vm, "which goes with VM '" .. vm .. "', has delete protection")
  end)

  it("delete protection of a disk without a tag, of a VM of an earlier CPI", function()
    local s = leaving.stage { world = { public_addresses = { { name = "192.0.2.50", network = "bosh-net" } } } }
    local networks = s:networks()
    networks.public = { type = "vip", ip = "192.0.2.50", cloud_properties = {} }
    local vm = s:vm(nil, networks)
    untag(s, "UserVm", s:find("vms", vm))
    for _, volume in ipairs(s.sim.state().volumes) do
      if volume.name:find "^DATA" then
        untag(s, "Volume", volume)
        protect(s, "volumes", volume.name)
      end
    end
    is_untouched(s, vm, "which goes with VM '" .. vm .. "', has delete protection")
  end)

  it("a role without destroyVirtualMachine", function()
    local s = leaving.stage { world = { accounts = { { name = "bosh", without = { "destroyVirtualMachine" } } } } }
    is_untouched(s, s:small_vm(), "the role of this account does not have destroyVirtualMachine")
  end)

  it("and a role that may not ask of its rights deletes all the same", function()
    local s = leaving.stage { world = { accounts = { { name = "bosh", without = { "listApis" } } } } }
    s:good("delete_vm", { s:small_vm() })
  end)

  it("vips and balancers of a protected VM stay as they are", function()
    local s = leaving.stage { world = { public_addresses = { { name = "192.0.2.50", network = "bosh-net" } } } }
    local networks = s:networks()
    networks.public = { type = "vip", ip = "192.0.2.50", cloud_properties = {} }
    local vm = s:small_vm(nil, networks)
    protect(s, "vms", vm)
    local _, _, _, acts = refused(s, vm)
    assert.same({}, acts)
  end)
end)

describe("a disk that goes with its VM", function()
  it("is one that was made with it: the protection of others is nobody's business here", function()
    local vm = { id = "v", name = "cpivm-1" }
    local persistent = { id = "p", name = "cpi-disk-1", type = "DATADISK", deviceid = 2, deleteprotection = true }
    obstacles.refuse(vm, { persistent })
    obstacles.refuse(vm, nil, nil)
    assert.has_error(function()
      obstacles.refuse_disks(vm, { { id = "e", name = "cpi-ephemeral-disk-1", type = "DATADISK", deleteprotection = true } })
    end)
  end)
end)

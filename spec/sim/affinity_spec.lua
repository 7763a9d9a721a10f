local cloud = require "spec.sim.cloud"

local function group(c, name, more)
  local params = { name = name, type = "host anti-affinity" }
  for key, value in pairs(more or {}) do params[key] = value end
  return c:job("createAffinityGroup", params).affinitygroup
end

local function host_of(c, id) return c:seen_vm(id, "admin").hostname end

describe("affinity groups", function()
  it("keep VMs apart until there is no host left", function()
    local c = cloud.new()
    local anti = group(c, "anti")
    local hosts = {}
    for i = 1, 4 do hosts[host_of(c, c:vm("vm-" .. i, { affinitygroupids = anti.id }).id)] = true end
    local count = 0
    for _ in pairs(hosts) do count = count + 1 end
    assert.equal(4, count)
    local text = c:failed("deployVirtualMachine", c:deployment("vm-5", { affinitygroupids = anti.id }))
    assert.truthy(text:find "^533 No destination found for a deployment for VM instance {")
    assert.truthy(text:find("}, Please check the affinity groups provided, there may not be sufficient capacity to follow them", 1, true))
  end)

  it("keep VMs together", function()
    local c = cloud.new()
    local near = group(c, "near", { type = "host affinity" })
    local first = host_of(c, c:vm("vm-1", { affinitygroupids = near.id }).id)
    for i = 2, 4 do assert.equal(first, host_of(c, c:vm("vm-" .. i, { affinitygroupnames = "near" }).id)) end
  end)

  it("only wish, where they are not strict", function()
    local c = cloud.new()
    local soft = group(c, "soft", { type = "non-strict host anti-affinity" })
    local hosts = {}
    for i = 1, 5 do
      local host = host_of(c, c:vm("vm-" .. i, { affinitygroupids = soft.id }).id)
      hosts[host] = (hosts[host] or 0) + 1
    end
    local most = 0
    for _, count in pairs(hosts) do most = math.max(most, count) end
    assert.equal(2, most)
  end)

  it("have an owner, one name each, and a known type", function()
    local c = cloud.new { projects = { { name = "p", account = "bosh" } } }
    local made = group(c, "anti", { description = "mine" })
    assert.same({ "anti", "mine", "bosh", "host anti-affinity" }, { made.name, made.description, made.account, made.type })
    assert.equal("431 Unable to create affinity group, a group with name anti already exists.",
      c:refused("createAffinityGroup", { name = "anti", type = "host affinity" }))
    assert.truthy(c:refused("createAffinityGroup", { name = "x", type = "y" })
      :find "^431 Unable to create affinity group, invalid affinity group type: y%. Valid values are ")
    local project = c.sim.state().projects[1].id
    local there = group(c, "anti", { projectid = project })
    assert.equal("p", there.project)
    assert.equal(1, #c:rows("listAffinityGroups", "affinitygroup", {}))
    assert.equal(there.id, c:rows("listAffinityGroups", "affinitygroup", { projectid = project })[1].id)
  end)

  it("are shown with their VMs, whom they keep until the expunge", function()
    local c = cloud.new()
    local anti = group(c, "anti")
    local vm = c:vm("vm-1", { affinitygroupids = anti.id })
    assert.same({ { id = anti.id, name = "anti", account = "bosh" } }, vm.affinitygroup)
    assert.same({ vm.id }, c:rows("listAffinityGroups", "affinitygroup", { name = "anti" })[1].virtualmachineIds)
    assert.equal(1, #c:rows("listVirtualMachines", "virtualmachine", { affinitygroupid = anti.id }))
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.same({ vm.id }, c:rows("listAffinityGroups", "affinitygroup", {})[1].virtualmachineIds)
    assert.equal(0, #c:rows("listVirtualMachines", "virtualmachine", { affinitygroupid = anti.id }))
    c.sim.advance(3600)
    assert.is_nil(c:rows("listAffinityGroups", "affinitygroup", {})[1].virtualmachineIds)
  end)

  it("are deleted while they are in use, without a word", function()
    local c = cloud.new()
    local anti = group(c, "anti")
    local vm = c:vm("vm-1", { affinitygroupids = anti.id })
    c:job("deleteAffinityGroup", { id = anti.id })
    assert.same({}, c:seen_vm(vm.id).affinitygroup)
    assert.equal("431 Unable to find affinity group anti", c:failed("deleteAffinityGroup", { name = "anti" }))
  end)

  it("have no types that only wish before 4.18", function()
    local old = cloud.new { version = "4.15.0.0" }
    assert.truthy(old:refused("createAffinityGroup", { name = "x", type = "non-strict host affinity" }))
    assert.equal(2, old:call("listAffinityGroupTypes", {}).count)
  end)
end)

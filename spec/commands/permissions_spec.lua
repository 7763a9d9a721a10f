local operator = require "tests.support.operator"
local permissions = require "operator.permissions"

describe("cpi permissions", function()
  it("tells of each verb what it sends, and what for a root admin only", function()
    local code, text = operator.run("permissions", {})
    assert.equal(0, code)
    assert.truthy(text:find("\nattach_disk\n  listVirtualMachines listVolumes attachVolume createTags queryAsyncJobResult\n"
      .. "  for a root admin: listHosts listStoragePools listDiskOfferings migrateVolume\n"
      .. "  to explain a refusal: listDiskOfferings\n  for a disk that could not be deleted: deleteTags\n", 1, true), text)
  end)

  it("makes a role that may send all but what only root admins need", function()
    local code, text = operator.run("permissions", { "role" })
    assert.equal(0, code)
    for _, row in ipairs(permissions) do
      for _, name in ipairs(row.always) do assert.truthy(text:find("rule=" .. name .. "\n", 1, true), name) end
    end
    assert.is_nil(text:find "rule=migrateVolume\n")
    assert.is_nil(text:find "rule=listHosts\n")
    assert.truthy(text:find("permission=deny rule=*\n", 1, true))
  end)

  it("makes a role of some verbs, which may look at projects, and doctor as well", function()
    local code, text = operator.run("permissions", { "role", "has_vm", "delete_disk" })
    assert.equal(0, code)
    assert.truthy(text:find("rule=listVirtualMachines\n", 1, true))
    assert.truthy(text:find("rule=deleteVolume\n", 1, true))
    assert.truthy(text:find("rule=listProjects\n", 1, true))
    assert.truthy(text:find("rule=listApis\n", 1, true))
    assert.is_nil(text:find("rule=createSSHKeyPair\n", 1, true))
    assert.is_nil(text:find("rule=deployVirtualMachine\n", 1, true))
  end)

  it("lets a verb that creates remove whatever a killed process may have left", function()
    for _, verb in ipairs { "create_disk", "create_stemcell", "create_network", "snapshot_disk" } do
      local allowed = permissions.of(verb)
      for name in ([[deleteTemplate listTemplates deleteTags listNetworks deleteNetwork listSnapshots deleteSnapshot
        listPublicIpAddresses disassociateIpAddress disableStaticNat listFirewallRules deleteFirewallRule
        listLoadBalancerRules listLoadBalancerRuleInstances removeFromLoadBalancerRule deleteLoadBalancerRule
        listVirtualMachines destroyVirtualMachine stopVirtualMachine updateVmNicIp listVolumes deleteVolume
        deleteAffinityGroup]]):gmatch "%a+" do
        assert.truthy(allowed[name], verb .. " may not send " .. name)
      end
    end
  end)

  it("refuses a verb that there is not", function()
    local code, _, said = operator.run("permissions", { "role", "has_vms" })
    assert.equal(2, code)
    assert.truthy(said:find("no verb is called 'has_vms' (did you mean 'has_vm'?)", 1, true), said)
  end)

  it("knows every verb that there is", function()
    local told, there = permissions.verbs(), {}
    for name in io.popen("ls lua/verbs"):read("a"):gmatch "([%w_]+)%.lua" do there[#there + 1] = name end
    table.sort(told)
    assert.same(there, told)
  end)
end)

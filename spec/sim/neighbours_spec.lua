-- Commands that a CPI's neighbours send: the Go CPI, terraform, ansible, libcloud.
local cloud = require "spec.sim.cloud"

describe("the neighbours' commands", function()
  local c
  before_each(function() c = cloud.new() end)

  it("forward a port of a public address to a VM", function()
    local vm = c:vm "vm-1"
    local address = c:job("associateIpAddress", { networkid = c.network["bosh-net"] }).ipaddress
    local wanted = { ipaddressid = address.id, virtualmachineid = vm.id, protocol = "tcp", publicport = 2222, privateport = 22 }
    local rule = c:job("createPortForwardingRule", wanted).portforwardingrule
    assert.same({ "2222", "22", "10.0.0.2", "bosh-net" }, { rule.publicport, rule.privateport, rule.vmguestip, rule.networkname })
    assert.equal(1, #c:rows("listFirewallRules", "firewallrule"))
    assert.matches("^537 ", (c:refused("createPortForwardingRule", wanted)))
    assert.equal(1, #c:rows("listPortForwardingRules", "portforwardingrule", { ipaddressid = address.id }))
    c:job("deletePortForwardingRule", { id = rule.id })
    assert.equal(0, #c:rows("listFirewallRules", "firewallrule"))
    c:job("createPortForwardingRule", wanted)
    c:job("destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
    assert.equal(0, #c:rows("listPortForwardingRules", "portforwardingrule"))
    assert.same({}, c:call("listIpForwardingRules"))
  end)

  it("let traffic out of a network", function()
    local wanted = { networkid = c.network["bosh-net"], protocol = "tcp", startport = 80, endport = 80, cidrlist = "10.0.0.0/24" }
    local rule = c:job("createEgressFirewallRule", wanted).firewallrule
    assert.same({ "Egress", 80 }, { rule.traffictype, rule.startport })
    assert.matches("^537 ", (c:refused("createEgressFirewallRule", wanted)))
    assert.equal(1, #c:rows("listEgressFirewallRules", "firewallrule", { networkid = c.network["bosh-net"] }))
    c:job("deleteEgressFirewallRule", { id = rule.id })
    assert.same({}, c:call("listEgressFirewallRules"))
  end)

  it("keep the rules of a VPC's tiers", function()
    c = cloud.new { vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } }, networks = { { name = "tier", zone = "zone1",
      type = "Isolated", cidr = "10.90.1.0/24", gateway = "10.90.1.1", vpc = "vpc1" } } }
    local vpc = c.sim.state().vpcs[1].id
    local acl = c:job("createNetworkACLList", { name = "acl1", vpcid = vpc }).networkacllist
    local item = { aclid = acl.id, protocol = "tcp", startport = 22, endport = 22, number = 1, cidrlist = "0.0.0.0/0" }
    assert.same({ 1, "Allow", "Ingress" }, (function(row) return { row.number, row.action, row.traffictype } end)(
      c:job("createNetworkACL", item).networkacl))
    assert.equal("431 ACL item with number 1 already exists in ACL: " .. acl.id, (c:refused("createNetworkACL", item)))
    local default = c:rows("listNetworkACLLists", "networkacllist", { name = "default_allow" })[1]
    assert.equal(2, #c:rows("listNetworkACLs", "networkacl", { aclid = default.id }))
    assert.equal("431 Default ACL cannot be modified", (c:refused("createNetworkACL", { aclid = default.id, protocol = "tcp" })))
    c:job("replaceNetworkACLList", { aclid = acl.id, networkid = c.network.tier })
    assert.equal(("530 ACL is still associated with 1 tier(s). Cannot delete network ACL: %s"):format(acl.id),
      c:failed("deleteNetworkACLList", { id = acl.id }))
    assert.matches("^431 Can't delete VPC VPC {.*} as its used by 1 networks$", c:failed("deleteVPC", { id = vpc }))
    c:job("deleteNetwork", { id = c.network.tier })
    c:job("deleteNetworkACL", { id = c:rows("listNetworkACLs", "networkacl", { aclid = acl.id })[1].id })
    c:job("deleteVPC", { id = vpc })
    assert.matches("^431 unable to find VPC", c:failed("deleteVPC", { id = vpc }))
    assert.equal("Default VPC offering", c:rows("listVPCOfferings", "vpcoffering")[1].name)
  end)

  it("authorize and revoke rules of security groups", function()
    local group = c:call("createSecurityGroup", { name = "sg1" }).securitygroup
    local wanted = { securitygroupid = group.id, protocol = "TCP", startport = 22, endport = 22, cidrlist = "0.0.0.0/0" }
    local rule = c:job("authorizeSecurityGroupIngress", wanted).securitygroup.ingressrule[1]
    assert.same({ "tcp", 22, "0.0.0.0/0" }, { rule.protocol, rule.startport, rule.cidr })
    assert.equal("530 Failed to authorize security group ingress rule(s)", c:failed("authorizeSecurityGroupIngress", wanted))
    assert.equal("431 Invalid port numbers 70000:70001", c:failed("authorizeSecurityGroupEgress",
      { securitygroupname = "SG1", protocol = "tcp", startport = 70000, endport = 70001, cidrlist = "0.0.0.0/0" }))
    assert.equal("431 At least one cidr or at least one security group needs to be specified",
      c:failed("authorizeSecurityGroupIngress", { securitygroupid = group.id, protocol = "all" }))
    assert.equal(1, #c:rows("listSecurityGroups", "securitygroup", { id = group.id })[1].ingressrule)
    c:job("revokeSecurityGroupIngress", { id = rule.ruleid })
    assert.matches("^431 .*entity does not exist", (c:refused("revokeSecurityGroupIngress", { id = rule.ruleid })))
    c:call("createSecurityGroup", { name = "sg2" })
    c:job("authorizeSecurityGroupIngress", { securitygroupname = "sg2", protocol = "all",
      ["usersecuritygrouplist[0].group"] = "sg1", ["usersecuritygrouplist[0].account"] = "bosh" })
    assert.matches("^536 ", (c:refused("deleteSecurityGroup", { name = "sg1" })))
  end)

  it("give a VM a new root disk, other groups and its user data back", function()
    local vm = c:vm("vm-1", { userdata = "aGVsbG8=" })
    local function root() return c:rows("listVolumes", "volume", { virtualmachineid = vm.id, type = "ROOT" })[1].id end
    local before = root()
    c:job("restoreVirtualMachine", { virtualmachineid = vm.id })
    assert.not_equal(before, root())
    assert.equal("aGVsbG8=", c:call("getVirtualMachineUserData", { virtualmachineid = vm.id }).virtualmachineuserdata.userdata)
    local group = c:job("createAffinityGroup", { name = "g", type = "host affinity" }).affinitygroup
    assert.matches("^431 ", c:failed("updateVMAffinityGroup", { id = vm.id, affinitygroupids = group.id }))
    c:job("stopVirtualMachine", { id = vm.id })
    local after = c:job("updateVMAffinityGroup", { id = vm.id, affinitygroupids = group.id }).virtualmachine
    assert.equal("g", after.affinitygroup[1].name)
  end)

  it("make templates of volumes and snapshots, and rename volumes", function()
    local vm, volume = c:vm "vm-1", c:volume "v"
    c:attach(volume, vm)
    local ostype = c:rows("listOsTypes", "ostype")[1].id
    local snapshot = c:job("createSnapshot", { volumeid = volume.id }).snapshot
    local template = c:job("createTemplate", { name = "t", ostypeid = ostype, snapshotid = snapshot.id }).template
    assert.same({ true, 1 << 30 }, { template.isready, template.size })
    assert.matches("^431 ", (c:refused("createTemplate", { name = "t", ostypeid = ostype, volumeid = volume.id })))
    assert.equal("new", c:job("updateVolume", { id = volume.id, name = "new" }, "admin").volume.name)
    assert.matches("^432 ", (c:refused("updateVolume", { id = volume.id, name = "newer" })))
    c:job("detachVolume", { id = volume.id })
    c:job("updateVolume", { id = volume.id, deleteprotection = true }, "admin")
    assert.matches("has delete protection enabled", (c:refused("deleteVolume", { id = volume.id })))
  end)

  it("ask for limits, users, events and figures", function()
    c = cloud.new { accounts = { { name = "bosh", limits = { user_vm = 7 } } } }
    local vm = c:vm "vm-1"
    assert.equal(7, c:rows("listResourceLimits", "resourcelimit", { resourcetype = 0 })[1].max)
    assert.equal("bosh", c:rows("listUsers", "user")[1].username)
    assert.equal(3, #c:rows("listUsers", "user", { listall = true }, "admin"))
    assert.equal(vm.id, c:rows("listEvents", "event")[1].resourceid)
    assert.equal("1.00 Ghz", c:rows("listVirtualMachinesMetrics", "virtualmachine")[1].cputotal)
  end)
end)

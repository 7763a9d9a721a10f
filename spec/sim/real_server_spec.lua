-- Single answers of a server of 4.22 that many scripted calls brought up, beside those of the recordings.
local cloud = require "spec.sim.cloud"

local GIB = 1024 * 1024 * 1024

describe("a server of 4.22", function()
  local c
  before_each(function() c = cloud.new { version = "4.22.0.0", hypervisor = "KVM", zones = { { name = "zone2" } } } end)

  local function gone(kind, number) return ("431 Unable to find UUID for id [%d] of type [%s]"):format(number, kind) end

  it("says of everything that is gone the same, at once", function()
    local vm, volume = c:vm "vm-1", c:volume "v"
    c:job("destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
    c:call("deleteVolume", { id = volume.id })
    assert.equal(gone("VirtualMachine", 1), (c:refused("stopVirtualMachine", { id = vm.id })))
    for _, command in ipairs { "deleteVolume", "resizeVolume", "destroyVolume" } do
      assert.equal(gone("Volume", 2), (c:refused(command, { id = volume.id, size = 2 })), command)
    end
    assert.equal(gone("Volume", 2), (c:refused("attachVolume", { id = volume.id, virtualmachineid = c:vm("vm-2").id })))
    assert.same({}, c:call("listVolumes", { id = volume.id }))
    local newest = cloud.new()
    volume = newest:volume "v"
    newest:call("deleteVolume", { id = volume.id })
    assert.equal("431 Unable to find volume with ID: 1", (newest:refused("deleteVolume", { id = volume.id })))
  end)

  it("names the VMs that use a template", function()
    local id = c:call("registerTemplate", { name = "t", format = "QCOW2", hypervisor = "KVM", zoneid = c.zone,
      url = "http://192.0.2.2/x.qcow2" }).template[1].id
    c:vm("vm-1", { templateid = id })
    assert.matches("^431 Unable to delete template with id: %d+ because VM instances: %[i%-%d+%-1%-VM%] are using it%.$",
      c:failed("deleteTemplate", { id = id }))
    c:job("deleteTemplate", { id = id, forced = true })
  end)

  it("names the user whose role lacks a command", function()
    assert.matches("^432 The API %[listHosts%] does not exist or is not available for the account for user id %[[%x-]+%]%.$",
      (c:refused("listHosts")))
  end)

  it("says no more than that a VM can't be assigned to a load balancer", function()
    local vm = c:vm "vm-1"
    local address = c:job("associateIpAddress", { networkid = c.network["bosh-net"] }).ipaddress
    local rule = c:job("createLoadBalancerRule", { name = "lb", algorithm = "source", publicport = 80, privateport = 80,
      publicipid = address.id }).loadbalancer
    local TEXT = "530 Failed to assign load balancer rule"
    c:job("assignToLoadBalancerRule", { id = rule.id, virtualmachineids = vm.id })
    local elsewhere = c:vm("vm-2", { networkids = c.network["bosh-net-2"] })
    assert.equal(TEXT, c:failed("assignToLoadBalancerRule", { id = rule.id, virtualmachineids = vm.id }))
    assert.equal(TEXT, c:failed("assignToLoadBalancerRule", { id = rule.id, virtualmachineids = elsewhere.id }))
    assert.equal(TEXT, c:failed("assignToLoadBalancerRule", { id = rule.id }))
    assert.equal(TEXT, c:failed("assignToLoadBalancerRule", { id = rule.id, ["vmidipmap[0].vmid"] = vm.id,
      ["vmidipmap[0].vmip"] = "10.0.0.99" }))
    local both = c:call("listLoadBalancerRuleInstances", { id = rule.id, lbvmips = true }).lbrulevmidip
    assert.same({ vm.id, { "10.0.0.2" } }, { both[1].loadbalancerruleinstance.id, both[1].lbvmipaddresses })
  end)

  it("resizes root disks, and disks to no other size; shrinks none", function()
    local vm = c:vm("vm-1", { startvm = false })
    local root = c:rows("listVolumes", "volume", { virtualmachineid = vm.id })[1]
    assert.equal(5 * GIB, c:job("resizeVolume", { id = root.id, size = 5 }).volume.size)
    assert.equal(5 * GIB, c:job("resizeVolume", { id = root.id }).volume.size)
    assert.matches("^530 ", c:failed("resizeVolume", { id = root.id, size = 3, shrinkok = true }))
  end)

  it("fails a detach by id and VM, and tags without a key or with letters of four bytes", function()
    local vm, volume = c:vm "vm-1", c:volume "v"
    c:attach(volume, vm)
    assert.matches("^431 ", c:failed("detachVolume", { id = volume.id, virtualmachineid = vm.id }))
    local tag = { resourceids = vm.id, resourcetype = "UserVm", ["tags[0].value"] = "x" }
    assert.matches("^431 ", c:failed("createTags", tag))
    tag["tags[0].key"], tag["tags[0].value"] = "k", "a \u{1F600}"
    assert.matches("^530 ", c:failed("createTags", tag))
  end)

  it("refuses networks that are not private, and masks with holes", function()
    local offering = c:rows("listNetworkOfferings", "networkoffering", { guestiptype = "Isolated" })[1].id
    local network = { name = "n", zoneid = c.zone, networkofferingid = offering, gateway = "8.8.8.1", netmask = "255.255.255.0" }
    assert.matches("^431 .*8%.8%.8%.0/24 is not RFC 1918", (c:refused("createNetwork", network)))
    network.gateway, network.netmask = "10.5.0.1", "255.0.255.0"
    assert.equal("431 Invalid netmask", (c:refused("createNetwork", network)))
  end)

  it("refuses public addresses to users of shared networks, and malformed ones as if all were taken", function()
    assert.matches("^531 ", (c:refused("associateIpAddress", { networkid = c.network["shared-net"] })))
    assert.matches("^533 ", (c:refused("associateIpAddress", { networkid = c.network["bosh-net"], ipaddress = "1.2.3" })))
    local TEXT = "431 Account has more than one isolated network in the zone"
    assert.equal(TEXT, (c:refused("associateIpAddress", { zoneid = c.zone })))
    local address = c:job("associateIpAddress", { networkid = c.network["bosh-net"] }).ipaddress
    assert.equal(TEXT, (c:refused("createLoadBalancerRule", { name = "lb", algorithm = "source", publicport = 80,
      privateport = 80, publicipid = address.id, zoneid = c.zone })))
  end)

  it("refuses what a load balancer or a firewall can't do", function()
    c:vm "vm-1"
    local address = c:job("associateIpAddress", { networkid = c.network["bosh-net"] }).ipaddress
    local lb = { name = "lb", algorithm = "source", publicport = 8081, privateport = 80, publicipid = address.id }
    assert.equal("431 LB service provider cannot support this rule", (c:refused("createLoadBalancerRule", lb)))
    lb.publicport, lb.protocol = 80, "foo"
    assert.matches("^431 ", (c:refused("createLoadBalancerRule", lb)))
    local function rule(more)
      local params = { ipaddressid = address.id, protocol = "tcp", startport = 22, endport = 22, cidrlist = "10.0.0.0/8" }
      for key, value in pairs(more) do params[key] = value ~= cloud.NOTHING and value or nil end
      return params
    end
    c:job("createFirewallRule", rule {})
    assert.matches("^537 ", (c:refused("createFirewallRule", rule {})))
    c:job("createFirewallRule", rule { cidrlist = "10.0.0.0/9" })
    for _, more in ipairs { { protocol = "foo" }, { cidrlist = "10.0.0.0/33" }, { protocol = "icmp" }, { icmptype = 8 } } do
      assert.matches("^431 ", (c:refused("createFirewallRule", rule(more))))
    end
  end)

  it("lists free public addresses to those who ask for them", function()
    local taken = c:job("associateIpAddress", { networkid = c.network["bosh-net"] }).ipaddress
    local free = c:call("listPublicIpAddresses", { state = "Free", zoneid = c.zone })
    assert.equal(253, free.count)
    assert.equal("Free", free.publicipaddress[1].state)
    local all = c:call("listPublicIpAddresses", { allocatedonly = false, zoneid = c.zone })
    assert.equal(taken.id, all.publicipaddress[1].id)
    assert.equal(free.count + 1, all.count)
  end)

  it("shows no more of a tag than key and value in some rows", function()
    local address = c:job("associateIpAddress", { networkid = c.network["bosh-net"] }).ipaddress
    c:job("createTags", c:tag(address.id, "PublicIpAddress", { a = "b" }))
    assert.same({ key = "a", value = "b" }, c:rows("listPublicIpAddresses", "publicipaddress", { id = address.id })[1].tags[1])
  end)

  it("makes volumes from snapshots that are Ready and as large", function()
    local vm, volume = c:vm "vm-1", c:volume("v", { size = 3 })
    c:attach(volume, vm)
    local snapshot = c:job("createSnapshot", { volumeid = volume.id }).snapshot
    local copy = c:job("createVolume", { name = "copy", snapshotid = snapshot.id, zoneid = c.zone }).volume
    assert.same({ "Ready", 3 * GIB }, { copy.state, copy.size })
  end)

  it("makes a network for an account that has none", function()
    local vm = c:vm("vm-1", { networkids = cloud.NOTHING }, "other")
    assert.same({ "other-network", "10.1.1.2" }, { vm.nic[1].networkname, vm.nic[1].ipaddress })
  end)

  it("takes user data in other spellings of base64", function()
    for i, text in ipairs { "aGVsbG8", "aGVs\nbG8=\n", "_-8" } do
      local vm = c:vm("vm-" .. i, { userdata = text })
      assert.equal(text, c:rows("listVirtualMachines", "virtualmachine", { id = vm.id, userdata = true })[1].userdata)
    end
    assert.matches("^431 User data is not base64", (c:refused("deployVirtualMachine", c:deployment("vm-9", { userdata = "?" }))))
  end)

  it("shows the MD5 of a key as its fingerprint", function()
    assert.matches("^%x%x:" .. ("%x%x:"):rep(14) .. "%x%x$", c:rows("listSSHKeyPairs", "sshkeypair")[1].fingerprint)
    assert.equal("900150983cd24fb0d6963f7d28e17f72", require "sim.md5" "abc")
  end)

  it("refuses an empty name, an id beside ids, and a user's haenable", function()
    assert.equal("431 Unable to execute API command createaffinitygroup due to invalid value. Invalid value provided for API arg: name",
      (c:refused("createAffinityGroup", { name = "", type = "host affinity" })))
    local vm = c:vm "vm-1"
    assert.equal("431 Specify either id or ids but not both parameters",
      (c:refused("listVirtualMachines", { id = vm.id, ids = vm.id })))
    assert.matches("^530 ", (c:refused("updateVirtualMachine", { id = vm.id, haenable = true })))
  end)

  it("calls a VM in errors by its display name", function()
    local vm = c:vm("vm-1", { displayname = "the first" })
    assert.truthy(c:failed("startVirtualMachine", { id = vm.id }):find("(the first) is already running", 1, true))
  end)

  it("lists the zones with a router of the account's, and jobs since a date", function()
    assert.equal(0, #c:rows("listZones", "zone", { available = false }))
    c:vm "vm-1"
    assert.equal(1, #c:rows("listZones", "zone", { available = "maybe" }))
    c = cloud.new { latency = { jobs = { createVolume = 9 } } }
    c:call("createVolume", { name = "v", zoneid = c.zone, diskofferingid = c.disk["shared.custom"], size = 1 })
    assert.equal(1, #c:rows("listAsyncJobs", "asyncjobs", { startdate = "2025-01-01" }))
    assert.equal(0, #c:rows("listAsyncJobs", "asyncjobs", { startdate = "2027-01-01" }))
  end)

  it("shows root's administrator another account's objects by id, its networks not", function()
    local vm = c:vm "vm-1"
    assert.equal(1, #c:rows("listVirtualMachines", "virtualmachine", { id = vm.id }, "admin"))
    assert.equal(0, #c:rows("listVirtualMachines", "virtualmachine", { ids = vm.id }, "admin"))
    assert.equal(0, #c:rows("listNetworks", "network", { id = c.network["bosh-net"] }, "admin"))
    assert.equal(1, #c:rows("listNetworks", "network", { id = c.network["bosh-net"], listall = true }, "admin"))
  end)

  it("shows what an account may have, and keeps what a template is told", function()
    local row = c:rows("listAccounts", "account")[1]
    assert.same({ "Unlimited", 0, "Unlimited" }, { row.vmlimit, row.vmtotal, row.vmavailable })
    local template = c:call("registerTemplate", { name = "t", format = "QCOW2", hypervisor = "KVM", zoneid = c.zone,
      url = "http://192.0.2.2/x.qcow2", passwordenabled = true, sshkeyenabled = true }).template[1]
    assert.same({ true, true }, { template.passwordenabled, template.sshkeyenabled })
    assert.is_string(c:rows("listNetworkOfferings", "networkoffering", { guestiptype = "Isolated" })[1].serviceofferingid)
  end)

  it("copies templates again and to several zones, but none that was uploaded", function()
    local zone2 = c.sim.state().zones[2].id
    local upload = c:call("getUploadParamsForTemplate",
      { name = "u", format = "QCOW2", hypervisor = "KVM", zoneid = c.zone }).getuploadparams
    c.sim.upload(upload.postURL, "image", { ["X-signature"] = upload.signature, ["X-metadata"] = upload.metadata,
      ["X-expires"] = upload.expires }, { filename = "image.qcow2" })
    assert.matches("^530 Cannot invoke", c:failed("copyTemplate", { id = upload.id, sourcezoneid = c.zone, destzoneid = zone2 }))
  end)

  it("serves its API with a slash at the end of the path", function()
    assert.equal(401, c.sim.http({ method = "GET", path = "/client/api/", query = "command=listZones&response=json" }).status)
  end)

  it("ends a job that breaks the model", function()
    c.sim.model.forget = function() error "broken" end
    local vm = c:vm "vm-1"
    local nic = c:rows("listNics", "nic", { virtualmachineid = vm.id })[1]
    local more = c:call("addIpToNic", { nicid = nic.id })
    c.sim.advance(1)
    local fine = pcall(function()
      c:call("removeIpFromNic", { id = more.id })
      c.sim.advance(1)
    end)
    assert.is_false(fine)
    local jobs = c.sim.state().jobs
    assert.equal(2, jobs[#jobs].status)
  end)
end)

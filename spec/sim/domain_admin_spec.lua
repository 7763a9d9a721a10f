-- A domain's administrator as a 4.23 management server was seen to treat him: between a user and root's administrator.
local cloud = require "spec.sim.cloud"

local DENIED = "531 Caller does not have permission to operate with provided resource."

local function new()
  return cloud.new {
    accounts = { { name = "chief", role = "domainadmin", domain = "bosh" }, { name = "stranger", role = "user", domain = "elsewhere" } },
    projects = { { name = "p", account = "bosh" } },
    networks = { { name = "chief-net", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1",
      account = "chief" } },
  }
end

describe("a domain's administrator", function()
  local c, bosh
  before_each(function()
    c = new()
    bosh = { account = "bosh", domainid = c.domain }
  end)

  local function names(command, key, params, who)
    local list = {}
    for i, row in ipairs(c:rows(command, key, params, who or "chief")) do list[i] = row.name end
    table.sort(list)
    return list
  end

  it("lists his own plainly, his domain's where he asks for all, and no other's", function()
    c:vm("vm-bosh")
    c:volume("theirs", nil, "stranger")
    c:volume("of-other", nil, "other")
    local function volumes(params) return names("listVolumes", "volume", params) end
    assert.same({}, volumes {})
    assert.equal(2, #volumes { listall = true })
    assert.equal(2, #volumes { domainid = c.domain })
    assert.equal(1, #volumes(bosh))
    assert.equal(1, #volumes { account = "bosh" }) -- in his own domain
    assert.equal(DENIED, c:refused("listVolumes", { domainid = c.sim.state().accounts[1].domainid }, "chief"))
    assert.same({ "vm-bosh" }, names("listVirtualMachines", "virtualmachine", { listall = true }))
  end)

  it("makes things for the accounts of his domain, and of no other", function()
    local volume = c:volume("v", bosh, "chief")
    assert.equal("bosh", volume.account)
    local vm = c:vm("vm-1", bosh, "chief")
    assert.equal("bosh", vm.account)
    c:attach(volume, vm, nil, "chief")
    assert.equal("531", c:refused("deployVirtualMachine", c:deployment "vm-2", "chief"):sub(1, 3))
    local root = c.sim.state().accounts[1].domainid
    assert.equal(DENIED, c:refused("createVolume", { name = "x", zoneid = c.zone, diskofferingid = c.disk["shared.small"],
      account = "admin", domainid = root }, "chief"))
    assert.equal("chief", c:vm("vm-own", { networkids = c.network["chief-net"] }, "chief").account)
  end)

  it("may work with what they have, by id, and read their jobs", function()
    local vm = c:vm "vm-1"
    local job = c:call("stopVirtualMachine", { id = vm.id })
    assert.equal(job.jobid, c:query(job.jobid, "chief").jobid)
    c.sim.advance(10)
    assert.equal("Stopped", c:seen_vm(vm.id, "chief").state)
    local theirs = c:volume("theirs", nil, "stranger")
    assert.equal(DENIED, c:refused("deleteVolume", { id = theirs.id }, "chief"))
    job = c:call("createVolume", { name = "y", zoneid = c.zone, diskofferingid = c.disk["shared.small"] }, "stranger")
    assert.truthy(c:refused("queryAsyncJobResult", { jobid = job.jobid }, "chief"):find("531 .* is not authorized to see job"))
  end)

  it("sees projects of his domain without being a member", function()
    assert.same({}, names("listProjects", "project", {}))
    assert.same({ "p" }, names("listProjects", "project", { listall = true }))
    local project = c:rows("listProjects", "project", { listall = true }, "chief")[1].id
    assert.same({}, names("listVirtualMachines", "virtualmachine", { projectid = project }))
    assert.same({}, names("listProjects", "project", { listall = true }, "stranger"))
  end)

  it("sees what is destroyed, and may expunge it", function()
    local vm = c:vm "vm-1"
    local can = c:call("listCapabilities", {}, "chief").capability
    assert.is_true(can.allowuserexpungerecovervm and can.allowuserviewdestroyedvm)
    c:job("destroyVirtualMachine", { id = vm.id }, "chief")
    assert.equal("Destroyed", c:seen_vm(vm.id, "chief").state)
    c:job("expungeVirtualMachine", { id = vm.id }, "chief")
    assert.is_nil(c:seen_vm(vm.id, "chief"))
  end)

  it("is no administrator of root: hosts, pools, moves and the reasons of errors are not his", function()
    for _, command in ipairs { "listHosts", "listStoragePools", "listClusters", "listConfigurations", "migrateVolume" } do
      assert.equal(("432 The API [%s] does not exist or is not available for the account chief."):format(command),
        c:refused(command, {}, "chief"))
    end
    local mine = {}
    for _, row in ipairs(c:call("listApis", {}, "chief").api) do mine[row.name] = true end
    assert.is_true(mine.listDomains and mine.deployVirtualMachine)
    assert.is_nil(mine.listHosts)
    local users = {}
    for _, row in ipairs(c:call("listApis", {}).api) do users[row.name] = true end
    assert.is_nil(users.listDomains)
    c:vm("vm-1", { ipaddress = "10.0.0.50" })
    local taken = c:deployment("vm-2", { ipaddress = "10.0.0.50", account = "bosh", domainid = c.domain })
    assert.equal("530 " .. cloud.MASKED, c:refused("deployVirtualMachine", taken, "chief"))
    assert.truthy(c:refused("deployVirtualMachine", c:deployment("vm-3", { hostid = c.host["cluster1-host1"],
      account = "bosh", domainid = c.domain }), "chief"):find("hostid can only be specified by a Root Admin", 1, true))
    assert.is_nil(c:rows("listVirtualMachines", "virtualmachine", { listall = true }, "chief")[1].hostname)
  end)

  it("sees his domain and its accounts", function()
    assert.same({ "bosh" }, names("listDomains", "domain", {}))
    assert.same({ "bosh" }, names("listDomains", "domain", { listall = true }))
    assert.equal(DENIED, c:refused("listDomains", { id = c.sim.state().accounts[1].domainid }, "chief"))
    assert.same({ "chief" }, names("listAccounts", "account", {}))
    assert.same({ "bosh", "chief", "other" }, names("listAccounts", "account", { listall = true }))
    local row = c:rows("listAccounts", "account", {}, "chief")[1]
    assert.same({ 2, "DomainAdmin" }, { row.accounttype, row.roletype })
  end)
end)

-- Projects as a 4.23 management server was seen to treat them.
local cloud = require "spec.sim.cloud"

local function new(more)
  local world = {
    projects = { { name = "p", account = "bosh", limits = { volume = 2 } }, { name = "asleep", account = "bosh", state = "Suspended" },
      { name = "theirs", account = "other" } },
    networks = { { name = "p-net", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", project = "p" } },
  }
  for key, value in pairs(more or {}) do world[key] = value end
  local c = cloud.new(world)
  c.project = {}
  for _, row in ipairs(c.sim.state().projects) do c.project[row.name] = row.id end
  return c
end

local function in_p(c, more)
  local params = { projectid = c.project.p, networkids = c.network["p-net"] }
  for key, value in pairs(more or {}) do params[key] = value end
  return params
end

describe("projects", function()
  local c
  before_each(function() c = new() end)

  it("are listed for their members, and for administrators who ask for all", function()
    local row = c:rows("listProjects", "project", { name = "p" })[1]
    assert.same({ "p", "Active", "bosh" }, { row.name, row.state, row.owner[1].account })
    assert.equal(2, #c:rows("listProjects", "project", {}))
    assert.equal(0, #c:rows("listProjects", "project", {}, "admin"))
    assert.equal(3, #c:rows("listProjects", "project", { listall = true }, "admin"))
  end)

  it("have objects that name the project and no account", function()
    local vm = c:vm("p-vm", in_p(c))
    assert.is_nil(vm.account)
    assert.same({ c.project.p, "p", "bosh" }, { vm.projectid, vm.project, vm.username })
  end)

  it("hide their objects from whoever does not name them, even by id", function()
    local vm = c:vm("p-vm", in_p(c))
    assert.equal(0, #c:rows("listVirtualMachines", "virtualmachine", { id = vm.id }))
    assert.equal(0, #c:rows("listVirtualMachines", "virtualmachine", { listall = true, id = vm.id }, "admin"))
    assert.equal(0, #c:rows("listVolumes", "volume", { virtualmachineid = vm.id }))
    assert.equal(1, #c:rows("listNics", "nic", { virtualmachineid = vm.id }))
    assert.equal(1, #c:rows("listVirtualMachines", "virtualmachine", { projectid = c.project.p }))
    assert.equal(1, #c:rows("listVirtualMachines", "virtualmachine", { projectid = "-1" }))
    assert.equal(1, #c:rows("listVirtualMachines", "virtualmachine", { projectid = "-1", listall = true }, "admin"))
  end)

  it("do not exist for strangers", function()
    local text, payload = c:refused("listVirtualMachines", { projectid = c.project.theirs })
    assert.equal(("432 The API [listVirtualMachines] does not exist or is not available for this account/user in project [%s].")
      :format(c.project.theirs), text)
    assert.equal(9999, payload.cserrorcode)
    assert.equal("errorresponse", select(2, c:reply("listVirtualMachines", { projectid = c.project.theirs })))
  end)

  it("and accounts are not named together: refused by lists, ignored by creates", function()
    local both = in_p(c, { account = "bosh", domainid = c.domain })
    assert.equal("431 Account and projectId can't be specified together", (c:refused("listVirtualMachines", both)))
    assert.equal("bosh", c:vm("vm", both).account)
  end)

  it("take nothing while they are suspended, and nothing is created in all of them", function()
    local params = { name = "v", zoneid = c.zone, diskofferingid = c.disk["shared.custom"], size = 1, projectid = c.project.asleep }
    assert.equal("531 Can't add resources to the project with specified projectId in state=Suspended as it's no longer active",
      (c:refused("createVolume", params)))
    params.projectid = "-1"
    assert.equal("431 Unable to find project by id", (c:refused("createVolume", params)))
  end)

  it("have limits of their own", function()
    c:volume("a", { projectid = c.project.p })
    c:volume("b", { projectid = c.project.p })
    local text = c:refused("createVolume", { name = "c", zoneid = c.zone, diskofferingid = c.disk["shared.custom"], size = 1,
      projectid = c.project.p })
    assert.truthy(text:find("for Project Name = p in Domain Id = ", 1, true))
  end)

  it("do not mix with accounts, but for an account's VM in a project's network", function()
    assert.equal(("531 Unable to use network with id= %s, permission denied"):format(c.network["bosh-net"]),
      (c:refused("deployVirtualMachine", c:deployment("x", { projectid = c.project.p }))))
    assert.equal("bosh", c:vm("y", { networkids = c.network["p-net"] }).account)
    assert.equal("431 Not all specified keypairs exist",
      (c:refused("deployVirtualMachine", c:deployment("z", in_p(c, { keypair = "bosh" })))))
    local vm, volume = c:vm("p-vm", in_p(c)), c:volume("a")
    assert.truthy(c:failed("attachVolume", { id = volume.id, virtualmachineid = vm.id }):find "belong to different accounts$")
  end)

  it("need no naming where an object is named by its id", function()
    local vm = c:vm("p-vm", in_p(c))
    c:job("createTags", c:tag(vm.id, "UserVm", { k = "v" }))
    c:job("stopVirtualMachine", { id = vm.id })
    c:job("destroyVirtualMachine", { id = vm.id })
  end)

  it("have jobs that belong to who began them", function()
    c = new { projects = { { name = "p", account = "bosh", members = { "other" } } } }
    local _, started = c:job("createVolume", { name = "v", zoneid = c.zone, diskofferingid = c.disk["shared.custom"], size = 1,
      projectid = c.project.p })
    assert.truthy(c:refused("queryAsyncJobResult", { jobid = started.jobid }, "other"):find "^531 Account .* is not authorized")
  end)
end)

describe("a role that lacks commands", function()
  it("is told so, and listApis leaves them out", function()
    local c = cloud.new { accounts = { { name = "bosh", without = { "expungeVirtualMachine" } } } }
    assert.equal("432 The API [expungeVirtualMachine] does not exist or is not available for the account bosh.",
      (c:refused("expungeVirtualMachine", { id = c.zone })))
    local names = {}
    for _, row in ipairs(c:rows("listApis", "api", {})) do names[row.name] = true end
    assert.is_nil(names.expungeVirtualMachine)
    assert.is_nil(names.listHosts)
    assert.is_true(names.destroyVirtualMachine)
    assert.equal(c:call("listApis", {}).count, c:call("listApis", { name = "expungeVirtualMachine" }).count)
  end)
end)

describe("accounts and domains", function()
  it("are the administrator's to list; a user sees himself", function()
    local c = cloud.new()
    assert.equal("bosh", c:rows("listAccounts", "account", { listall = true })[1].name)
    assert.equal(1, #c:rows("listAccounts", "account", { listall = true }))
    assert.is_true(#c:rows("listAccounts", "account", { listall = true }, "admin") >= 3)
    local paths = {}
    for _, row in ipairs(c:rows("listDomains", "domain", { listall = true }, "admin")) do paths[row.path] = true end
    assert.same({ ROOT = true, ["ROOT/bosh"] = true }, paths)
    assert.truthy(c:refused("listDomains", {}):find "^432 ")
  end)
end)

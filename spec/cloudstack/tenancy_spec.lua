local errors = require "errors"
local fake = require "tests.support.fake"
local native = require "host_native"
local tenancy = require "cloudstack.tenancy"
local trial = require "operator.trial"

local function words(text)
  local set = {}
  for word in text:gmatch "%a+" do set[word] = true end
  return set
end

-- What listApis of a 4.23 server says, of the commands that a CPI may send: who knows projectid, account and domainid,
-- and who knows the last two only.
local OWNED = words [[
  associateIpAddress authorizeSecurityGroupIngress createAffinityGroup createNetwork createSSHKeyPair createSecurityGroup
  createTemplate createVolume deleteAffinityGroup deleteSSHKeyPair deleteSecurityGroup deleteUserData
  deployVirtualMachine getUploadParamsForTemplate getUploadParamsForVolume listAffinityGroups listDiskOfferings
  listDomains listEvents listFirewallRules listLoadBalancerRules listNetworks listPublicIpAddresses listSSHKeyPairs
  listSecurityGroups listServiceOfferings listSnapshots listTags listTemplates listUserData listVPCs
  listVirtualMachines listVolumes registerSSHKeyPair registerTemplate registerUserData resetUserDataForVirtualMachine
  uploadVolume
]]
local OF_AN_ACCOUNT = words [[ createLoadBalancerRule createSnapshot listAsyncJobs listProjects listUsers ]]

-- Offerings belong to nobody: with a domain, older servers list those of that domain alone. The rest is how an owner is
-- found.
local NOT_ASKED = words [[ listDiskOfferings listServiceOfferings listDomains listProjects listUsers ]]
local NOT_IN_THE_LIST = words [[ createVPC authorizeSecurityGroupEgress ]]

local PROJECT = "11111111-2222-4333-8444-555555555555"
local in_project = { cloudstack = { project = PROJECT } }

describe("whose a command's objects are", function()
  it("is told by every command that takes it", function()
    local wanted = {}
    for command in pairs(OWNED) do wanted[command] = "project" end
    for command in pairs(OF_AN_ACCOUNT) do wanted[command] = "account" end
    for command in pairs(NOT_ASKED) do wanted[command] = nil end
    for command in pairs(NOT_IN_THE_LIST) do wanted[command] = "project" end
    assert.same(wanted, tenancy.commands)
  end)

  it("is nobody's business where nothing is configured", function()
    local cpi <close> = fake.cpi { { "listVolumes", {}, {}, without = { "projectid", "account", "domainid" } } }
    cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" }
  end)

  it("costs nothing when the project is an id", function()
    local cpi <close> = fake.cpi {
      settings = in_project,
      { "listVolumes", { projectid = PROJECT }, {} }, { "deleteVolume", { id = "v" }, {}, without = { "projectid" } },
    }
    cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" }
    cpi.cloudstack:call("deleteVolume", { id = "v" })
  end)

  it("is looked up once when it is a name", function()
    local cpi <close> = fake.cpi {
      settings = { cloudstack = { project = "platform" } },
      { "listProjects", { name = "platform", listall = true }, { count = 2,
        project = { { id = "p2", name = "Platform" }, { id = "p1", name = "platform" } } } },
      { "listZones", {}, {}, without = { "projectid" } }, { "listVolumes", { projectid = "p1" }, {} },
      { "createVolume", { projectid = "p1" }, {} },
    }
    cpi.cloudstack:gather { a = { "listZones", {}, rows = "zone" }, b = { "listVolumes", {}, rows = "volume" } }
    cpi.cloudstack:call("createVolume", { name = "d" })
  end)

  it("is told apart by the domain when several have a project of that name", function()
    local cpi <close> = fake.cpi {
      settings = { cloudstack = { project = "platform", domain = "team" } },
      { "listProjects", {}, { count = 2, project = { { id = "p1", name = "platform", domainid = "d1" },
        { id = "p2", name = "platform", domainid = "d2" } } } },
      { "listDomains", { listall = true }, { count = 2, domain = { { id = "d1", name = "ROOT", path = "ROOT" },
        { id = "d2", name = "team", path = "ROOT/team" } } } },
      { "listVolumes", { projectid = "p2" }, {} },
    }
    cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" }
  end)

  it("is an error when there is no such project, account or domain", function()
    for _, case in ipairs {
      { { project = "x" }, { "listProjects", {}, {} }, "project 'x' is not in CloudStack, or this account is not a member of it" },
      { { account = "a", domain = "x" }, { "listDomains", {}, { count = 1, domain = { { id = "d", name = "ROOT", path = "ROOT" } } } },
        "domain 'x' is not in CloudStack; there are: ROOT" },
      { { account = PROJECT }, { "listAccounts", { id = PROJECT }, {} },
        ("account '%s' is not in CloudStack, or not this account's to see"):format(PROJECT) },
    } do
      local cpi <close> = fake.cpi { settings = { cloudstack = case[1] }, case[2] }
      local failure = fake.failure(cpi.cloudstack.rows, cpi.cloudstack, { "listVolumes", {}, rows = "volume" })
      assert.equal(case[3], failure.message)
      assert.equal("Bosh::Clouds::CloudError", failure.type)
    end
  end)

  it("has a short name that goes by the endpoint, however it is spelt, and by the key", function()
    local function name(endpoint, key)
      return tenancy.account(require("host_native").bytes.sha256, { endpoint = endpoint, api_key = key or "k" })
    end
    local one = name "https://cloud.test/client/api"
    for _, endpoint in ipairs { "https://Cloud.Test/client/api", "HTTPS://cloud.test:443/client/api/",
      "https://cloud.test/client/api//" } do
      assert.equal(one, name(endpoint), endpoint)
    end
    for _, endpoint in ipairs { "http://cloud.test/client/api", "https://cloud.test:80/client/api", "https://cloud.test/Client/api" } do
      assert.are_not.equal(one, name(endpoint), endpoint)
    end
    assert.are_not.equal(one, name("https://cloud.test/client/api", "other"))
    assert.equal(16, #one)
  end)

  it("is an account with its domain", function()
    local cpi <close> = fake.cpi {
      settings = { cloudstack = { account = "bosh", domain = "ROOT/team" } },
      { "listDomains", {}, { count = 1, domain = { { id = "d2", name = "team", path = "ROOT/team" } } } },
      { "createLoadBalancerRule", { account = "bosh", domainid = "d2" }, {} },
    }
    cpi.cloudstack:call("createLoadBalancerRule", {})
  end)

  it("is an account by its id, which brings its domain", function()
    local cpi <close> = fake.cpi {
      settings = { cloudstack = { account = PROJECT } },
      { "listAccounts", { id = PROJECT }, { count = 1, account = { { id = PROJECT, name = "bosh", domainid = "d9" } } } },
      { "listVolumes", { account = "bosh", domainid = "d9" }, {} },
    }
    cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" }
  end)

  it("is not said twice, nor of a project to a command that knows accounts only", function()
    local cpi <close> = fake.cpi {
      settings = in_project,
      { "listVolumes", { projectid = "other" }, {} }, { "createSnapshot", {}, {}, without = { "account", "projectid" } },
    }
    cpi.cloudstack:rows { "listVolumes", { projectid = "other" }, rows = "volume" }
    cpi.cloudstack:call("createSnapshot", {})
  end)
end)

describe("the configuration of an owner", function()
  local function problem(site)
    local failure = fake.failure(fake.settings, { cloudstack = site })
    assert.equal("Bosh::Clouds::CpiError", failure.type)
    return failure.message
  end

  it("is a project or an account", function()
    assert.truthy(problem({ project = "p", account = "a", domain = "d" }):find("are both set", 1, true))
  end)

  it("needs an account's domain", function()
    assert.truthy(problem({ account = "a" }):find("cloudstack.account needs cloudstack.domain", 1, true))
  end)
end)

-- ---------------------------------------------------------------------------------------------------------

-- The default world with a project that has a network of its own; other is no member.
local world = {
  projects = { { name = "platform", account = "bosh" }, { name = "second", account = "other", members = { "bosh" } } },
  networks = { { name = "project-net", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1",
    project = "platform" } },
}
local project_net = { default = { type = "manual", ip = "10.9.0.5", netmask = "255.255.255.0", gateway = "10.9.0.1",
  cloud_properties = { name = "project-net" } } }

local function in_platform(more)
  local options = { host = native, world = world, settings = { cloudstack = { project = "platform" } } }
  for key, value in pairs(more or {}) do options[key] = value end
  return trial.new(options)
end

describe("in a simulated project", function()
  it("everything is the project's, and is found again", function()
    local t = in_platform { store = true }
    local cid = t.cid { networks = project_net }
    local state = t.sim.state()
    assert.equal("PrjAcct-platform-2", state.vms[1].account)
    assert.is_true(t.call("has_vm", cid))
    assert.is_nil(t.vm(cid), "the account itself does not show it")
    local disk = t.call("create_disk", 1024, {}, cid)
    t.call("attach_disk", cid, disk)
    assert.same({ disk }, t.call("get_disks", cid))
    t.call("detach_disk", cid, disk)
    t.call("delete_disk", disk)
    t.call("delete_vm", cid)
    t.sim.advance(86400)
    for kind, count in pairs(t.sim.state().left) do assert.equal(0, count, kind) end
  end)

  it("a look-up by name costs one request more, and with a store only once", function()
    local t = in_platform { store = true }
    for _ = 1, 2 do t.call("has_vm", "cpivm-1") end
    local names = {}
    for i, request in ipairs(t.requests()) do names[i] = request.command end
    assert.same({ "listProjects", "listVirtualMachines", "listVirtualMachines" }, names)
  end)

  it("a project that was made anew under the same name is found in the second try", function()
    local t = in_platform { store = true }
    t.call("has_vm", "cpivm-1")
    for key, text in pairs(t.store.cache) do
      t.store.cache[key] = text:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "11111111-2222-4333-8444-555555555555")
    end
    assert.is_false(t.call("has_vm", "cpivm-1"))
  end)

  it("who is no member hears it, and nothing is called deleted", function()
    local t = in_platform { account = "other" }
    local failure = t.failure("delete_vm", "cpivm-1")
    assert.truthy(failure.message:find "^project 'platform' is not in CloudStack, or this account is not a member of it")
    local id = in_platform().sim.state().projects[1].id
    local by_id = in_platform { account = "other", settings = { cloudstack = { project = id } } }
    assert.truthy(by_id.failure("delete_vm", "cpivm-1").message:find("in project [" .. id .. "]", 1, true))
  end)

  it("networks of the account are refused, shared ones taken", function()
    local t = in_platform()
    local failure = t.failure("create_vm", "a", t.sim.state().templates[1].name, { compute_offering = "shared.small" },
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, {}, {})
    assert.truthy(failure.message:find("network 'bosh-net' is not in zone 'zone1'", 1, true))
    t.cid { networks = { default = { type = "dynamic", cloud_properties = { name = "shared-net" } } } }
  end)

  it("two CPIs of one director do not see each other's VMs", function()
    local t = in_platform { store = true }
    local cid = t.cid { networks = project_net }
    local request = t.request("has_vm", cid)
    request.context.project = ""
    assert.is_false((require "cpi"(t.host, request)))
    request.context = { cloudstack = { project = "second" } }
    assert.is_false((require "cpi"(t.host, request)))
    request.context = {}
    assert.is_true((require "cpi"(t.host, request)))
  end)
end)

describe("for another account", function()
  it("an administrator makes what belongs to it", function()
    local t = trial.new { host = native, account = "admin",
      settings = { cloudstack = { account = "bosh", domain = "ROOT/bosh" } } }
    local cid = t.cid {}
    assert.equal("bosh", t.sim.state().vms[1].account)
    assert.is_true(t.call("has_vm", cid))
    t.call("delete_vm", cid)
    t.sim.advance(86400)
    assert.equal(0, t.sim.state().left.vms)
  end)

  it("a user may not", function()
    local t = trial.new { host = native, settings = { cloudstack = { account = "other",
      domain = trial.new({ host = native }).sim.state().accounts[3].domainid } } }
    local ok, failure = pcall(t.cid)
    assert.is_false(ok)
    assert.is_true(errors.is(failure))
    assert.truthy(failure.message:find("does not have permission", 1, true))
  end)
end)

describe("a role that may not look up whose names they are", function()
  for property, case in pairs {
    domain = { settings = { account = "bosh", domain = "bosh" }, without = "listDomains" },
    project = { settings = { project = "platform" }, without = "listProjects" },
  } do
    it("is told to give an id: " .. property, function()
      local t = trial.new { host = native, account = "admin2", settings = { cloudstack = case.settings },
        world = { accounts = { { name = "admin2", role = "domainadmin", domain = "bosh", without = { case.without } } } } }
      local failure = t.failure("has_vm", "cpivm-1")
      assert.truthy(failure.message:find(("the account may not look names up by %s: give cloudstack.%s as an id"):format(case.without,
        property), 1, true), failure.message)
    end)
  end
end)

local fake = require "tests.support.fake"
local usage = require "cloudstack.usage"

local OF_CF = { deployment = "cf", instance_group = "web" }

local function needing(words, script)
  local cpi = fake.cpi(script or {})
  cpi.decide = { needs = function() return words end }
  return cpi
end

local function vm(deployment, group, more)
  local tags = deployment and { { key = "deployment", value = deployment }, { key = "instance_group", value = group } } or nil
  local row = { id = "v", name = "n", state = "Running", tags = tags, zonename = "zone1", serviceofferingname = "small", cpunumber = 2,
    memory = 1024 }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

describe("what policies need", function()
  it("costs nothing where none needs anything, or it is known", function()
    local cpi <close> = needing {}
    assert.same({}, usage.requests(cpi, { "vm" }, {}))
    assert.same(OF_CF, usage.read(cpi, {}, OF_CF))
    cpi.decide = { needs = function() return { counts = true, limits = true } end }
    assert.same({}, usage.requests(cpi, { "vm" }, { counts = {}, limits = {} }))
  end)

  it("is no count of a deployment that nobody knows, or will by the same answers", function()
    local cpi <close> = needing { counts = true }
    assert.same({}, usage.requests(cpi, { "vm" }, { deployment = "cf" }))
    assert.truthy(usage.requests(cpi, { "vm" }, {}, true).usage_vms)
  end)

  it("is asked of this director's VMs alone, and of the account or project that it works for", function()
    local cpi <close> = needing { counts = true, limits = true }
    assert.same({
      usage_vms = { "listVirtualMachines", { details = "servoff", ["tags[0].key"] = "director_uuid", ["tags[0].value"] = "director-1" },
        rows = "virtualmachine" },
      usage_account = { "listAccounts", {}, rows = "account" },
    }, usage.requests(cpi, { "vm" }, OF_CF))
    cpi.cloudstack.owner = function() return { projectid = "p" } end
    assert.same({ "listProjects", { id = "p" }, rows = "project" }, usage.requests(cpi, { "vm" }, {}).usage_account)
    cpi.cloudstack.owner = function() return { account = "a", domainid = "d" } end
    assert.same({ "listAccounts", { name = "a", domainid = "d" }, rows = "account" }, usage.requests(cpi, { "vm" }, {}).usage_account)
  end)
end)

describe("counts", function()
  it("are those of the deployment and of the group, by what BOSH or the CPI tagged", function()
    local cpi <close> = needing { counts = true }
    local counts = usage.read(cpi, { usage_vms = {
      vm("CF", "web"), vm("cf", "web", { zonename = "zone2", serviceofferingname = "large" }), vm("cf", "db"), vm("other", "web"), vm(),
      vm("cf", "web", { state = "Destroyed" }), vm("cf", "web", { state = "Error" }),
      vm(nil, nil, { tags = { { key = usage.TAG, value = "cf/web" } }, state = "Starting" }),
      vm(nil, nil, { tags = { { key = usage.TAG, value = "odd" } } }), vm("cf", "db", { cpunumber = false, memory = "x" }),
    } }, OF_CF).counts
    assert.same({ deployment = 5, instance_group = 3, cpus = 8, ram = 4096, zones = { zone1 = 2, zone2 = 1 },
      offerings = { small = 2, large = 1 } }, counts)
  end)

  it("are those of hosts and clusters where the role sees them, empty ones too", function()
    local hosts = { "listHosts", {}, { host = { { id = "h1", name = "host1", clustername = "a" },
      { id = "h2", name = "host2", clustername = "b" }, { id = "h3", name = "host3" } } } }
    local cpi <close> = needing({ counts = true }, { hosts })
    local counts = usage.read(cpi, { usage_vms = { vm("cf", "web", { hostname = "host1" }), vm("cf", "db", { hostname = "host2" }),
      vm("cf", "web", { hostname = "host3" }), vm("cf", "web") } }, OF_CF).counts
    assert.same({ host1 = 1, host3 = 1 }, counts.hosts)
    assert.same({ a = 1, b = 0 }, counts.clusters)
  end)

  it("are not there where the deployment is not known", function()
    local cpi <close> = needing { counts = true }
    assert.is_nil(usage.read(cpi, { usage_vms = {} }, { deployment = "cf" }).counts)
    assert.is_nil(usage.mark {})
    assert.equal("cf/web", usage.mark(OF_CF))
  end)
end)

describe("limits", function()
  local row = { id = "a", name = "bosh", vmlimit = "20", vmtotal = 3, cpulimit = "Unlimited", cputotal = 7, memorylimit = "-1",
    memorytotal = 1024,
    primarystoragelimit = "200", primarystoragetotal = 250, volumelimit = "20" }

  it("are what the account may have, has, and has left", function()
    local cpi <close> = needing { limits = true }
    assert.same({ allowed = { vms = 20, storage = 200, volumes = 20 },
      used = { vms = 3, cpus = 7, ram = 1024, storage = 250, volumes = 0, addresses = 0 }, free = { vms = 17, storage = 0, volumes = 20 } },
      usage.read(cpi, { usage_account = { row } }, OF_CF).limits)
  end)

  it("are those of the account of that very name, and are not guessed among several", function()
    local cpi <close> = needing { limits = true }
    assert.is_nil(usage.read(cpi, { usage_account = { row, row } }, OF_CF).limits)
    assert.is_nil(usage.read(cpi, { usage_account = {} }, OF_CF).limits)
    cpi.cloudstack.owner = function() return { account = "bosh" } end
    assert.equal(3, usage.read(cpi, { usage_account = { { name = "bosh2", vmtotal = 9 }, row } }, OF_CF).limits.used.vms)
    assert.is_nil(usage.read(cpi, { usage_account = { { name = "bosh2" } } }, OF_CF).limits)
  end)
end)

-- Crosses policies, verbs and the simulator: what a site makes of an order, and what every decision knows of the VM or disk that it
-- is about.

local native = require "host_native"
local operator = require "tests.support.operator"
local new_trial = require("operator.trial").new

local decisions = require "decisions"

local BOSH = {
  group = "bosh-cf-east-diego-cell", tags = { stage = "production" },
  groups = { "bosh", "cf-east", "diego-cell", "bosh-cf-east", "cf-east-diego-cell", "bosh-cf-east-diego-cell" },
}
local METADATA = { director = "bosh", deployment = "cf_east", instance_group = "diego-cell", job = "diego-cell", index = "3",
  id = "u-1", name = "diego-cell/u-1", stage = "production" }

local function trial(policies, more)
  local files = {}
  for name, text in pairs(policies or {}) do files[name .. ".lua"] = text end
  local options = more or {}
  options.host, options.policies = native, policies and operator.directory(files) or nil
  return new_trial(options)
end

local function policy(body) return "return { api = 1, decide = function(facts, default) " .. body .. " end }" end

local SMALL = { compute_offering = "shared.small" }
local NETWORK = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }
local function vm(t, properties) return t.cid { cloud_properties = properties or SMALL, env = { bosh = BOSH } } end

local function commands(t)
  local list = {}
  for i, request in ipairs(t.requests()) do list[i] = request.command end
  return table.concat(list, " ")
end

describe("the order of a VM", function()
  it("is as it was where the site has no file: the same requests, and nothing is decided", function()
    local plain, with_directory = trial(), trial {}
    vm(plain)
    vm(with_directory)
    assert.equal(commands(plain), commands(with_directory))
    local names = {}
    local sandbox = setmetatable({ load = function(directory, name)
      names[#names + 1] = name
      return native.policy.load(directory, name)
    end }, { __index = native.policy })
    vm(new_trial { host = setmetatable({ policy = sandbox }, { __index = native }) })
    for _, name in ipairs(names) do assert.are_not.equal("vm", name) end
  end)

  it("gets from the site what the manifest does not say", function()
    local t = trial { vm = policy [[
      facts.cloud_properties.root_disk_size = 20480
      if facts.deployment == "cf-east" then facts.cloud_properties.compute_offering = "shared.large" end
      return facts]] }
    local row = t.vm(vm(t))
    assert.equal("shared.large", row.serviceofferingname)
    assert.truthy(table.concat(t.log, "\n"):find("changes cloud_properties of the VM: compute_offering, root_disk_size", 1, true))
  end)

  it("is refused in the site's words, and nothing was asked", function()
    local t = trial { vm = policy [[return nil, facts.instance_group .. " may not have " .. facts.cloud_properties.compute_offering]] }
    local failure = t.failure("create_vm", "a", "ubuntu-builtin", SMALL, NETWORK, {}, { bosh = BOSH })
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.truthy(failure.message:find("): diego-cell may not have shared.small", 1, true), failure.message)
    assert.same({}, t.requests())
  end)

  it("that a policy spoilt is refused in the policy's name, wherever it is noticed", function()
    local function failure(body)
      local t = trial { vm = policy(body) }
      local raised = t.failure("create_vm", "a", "ubuntu-builtin", SMALL, NETWORK, {}, {})
      assert.same({}, t.left())
      assert.truthy(raised.message:find "policy vm %(/%S+/vm%.lua%)", raised.message)
      return raised.message
    end
    for body, words in pairs {
      ["return { cloud_properties = { compute_ofering = 'shared.small' } }"] = "did you mean 'compute_offering'%?",
      ["facts.cloud_properties.affinity_group_type = 'host afinity' return facts"] = "changed affinity_group_type",
      ["facts.cloud_properties.compute_offering = 'gold.huge' return facts"] = "'gold.huge'.*changed compute_offering",
    } do
      assert.truthy(failure(body):find(words))
    end
  end)
end)

describe("the order of a disk", function()
  local OF_THE_VM = policy [[
    if facts.deployment ~= "cf-east" or facts.instance_group ~= "diego-cell" or facts.index ~= 3 then return nil, "whose is it?" end
    return { cloud_properties = { disk_offering = facts.tags.stage == "production" and "shared.medium" or "none" } }]]

  it("knows its VM's deployment, group, index and tags", function()
    local t = trial { disk = OF_THE_VM }
    local cid = vm(t)
    t.call("set_vm_metadata", cid, METADATA)
    assert.equal("shared.medium", t.disk(t.call("create_disk", 1024, {}, cid)).diskofferingname)
    assert.truthy(t.failure("create_disk", 1024, {}).message:find("whose is it?", 1, true))
  end)

  it("is what update_disk has, by the disk's own tags", function()
    local t = trial { disk = policy [[return { cloud_properties = { disk_offering = facts.deployment and "shared.medium" } }]] }
    local cid = t.call("create_disk", 1024, {})
    assert.equal("shared.custom", t.disk(cid).diskofferingname)
    t.call("set_disk_metadata", cid, { director = "bosh", deployment = "cf", instance_group = "db", instance_index = "0" })
    t.call("update_disk", cid, 1024, { disk_offering = "shared.custom" })
    assert.equal("shared.medium", t.disk(cid).diskofferingname)
  end)

  it("is as it was where the site has no file", function()
    local plain, with_directory = trial(), trial {}
    for _, t in ipairs { plain, with_directory } do t.call("create_disk", 1024, {}) end
    assert.equal(commands(plain), commands(with_directory))
  end)
end)

describe("every decision over a VM or a disk", function()
  -- Each file refuses to go on without what it must know.
  local KNOWS = policy [[
    for _, name in ipairs { "group", "deployment", "instance_group", "tags", "now", %s } do
      if facts[name] == nil then return nil, "no " .. name .. " in " .. (facts.kind or facts.verb or "it") end
    end
    if facts.deployment ~= "cf-east" or facts.tags.stage ~= "production" then return nil, "another's" end
    return default(facts)]]

  it("knows whose it is, and the site's keys", function()
    local at_creation, later = {}, {}
    for _, name in ipairs(decisions) do
      local is_about_one = name ~= "retry" and name ~= "stemcell"
      at_creation[name] = is_about_one and name ~= "expunge" and KNOWS:format '"policy"' or nil
      later[name] = is_about_one and KNOWS:format '"index"' or nil
    end
    local t = trial(at_creation)
    local properties = { cpu = 1, ram = 512, disk = 1024, policy = { tier = "gold" } }
    local cid = vm(t, properties)
    t.call("set_vm_metadata", cid, METADATA)
    local disk = t.call("create_disk", 1024, { policy = { tier = "gold" } }, cid)
    t.call("set_disk_metadata", disk, { director = "bosh", deployment = "cf-east", instance_group = "diego-cell", instance_index = "3",
      stage = "production" })
    t.call("update_disk", disk, 2048, { policy = { tier = "gold" } })
    local other = trial(later)
    other.host.cloudstack.send = t.host.cloudstack.send
    other.call("attach_disk", cid, disk)
    other.call("snapshot_disk", disk, { deployment = "cf_east", job = "diego-cell", index = 3, director_name = "bosh",
      stage = "production" })
    other.call("detach_disk", cid, disk)
    other.call("delete_vm", cid)
    assert.is_nil(t.vm(cid))
  end)

  it("has a disk's cost centre by its group", function()
    local t = trial { names = io.open("config/policies/names.lua.example"):read "a" }
    local cid = t.cid { env = { bosh = { group = "bosh-cf-database" } } }
    t.call("set_vm_metadata", cid, { director = "bosh", deployment = "cf", instance_group = "database", index = "0" })
    local tags = {}
    for _, tag in ipairs(t.disk(t.call("create_disk", 1024, {}, cid)).tags) do tags[tag.key] = tag.value end
    assert.equal("4711", tags.cost_centre)
  end)
end)

describe("what a policy needs to know", function()
  local function needing(needs, body)
    return ("return { api = 1, needs = { %s }, decide = function(facts, default) %s end }"):format(needs, body)
  end

  local function asked(t, command)
    local n = 0
    for _, request in ipairs(t.requests()) do n = n + (request.command == command and 1 or 0) end
    return n
  end

  it("is asked for in the wave of the look-ups, once for all policies", function()
    local body = [[if not facts.counts or not facts.limits then return nil, "unknown" end return default(facts)]]
    local t = trial { service_offering = needing('"counts", "limits"', body), names = needing('"limits", "counts"', body) }
    local waves, send = {}, t.host.cloudstack.send
    t.host.cloudstack.send = function(requests)
      for _, request in ipairs(requests) do
        if request.command == "listAccounts" then waves[#waves + 1] = #requests end
      end
      return send(requests)
    end
    vm(t, { cpu = 1, ram = 512 })
    assert.equal(1, #waves)
    assert.is_true(waves[1] > 4)
  end)

  it("is asked for before everything else where the decision vm needs it, and not again", function()
    local t = trial { vm = needing('"counts"', [[
      if facts.counts.instance_group >= 2 then return nil, "two cells are enough" end
      return facts]]), names = needing('"counts"', "return default(facts)") }
    local cids = { vm(t), vm(t) }
    assert.equal(2, asked(t, "listVirtualMachines"))
    for _, tag in ipairs(t.vm(cids[1]).tags) do
      if tag.key == "bosh_instance_group" then assert.equal("cf-east/diego-cell", tag.value) end
    end
    local failure = t.failure("create_vm", "a", "ubuntu-builtin", SMALL, NETWORK, {}, { bosh = BOSH })
    assert.truthy(failure.message:find("two cells are enough", 1, true), failure.message)
    t.call("delete_vm", cids[1])
    t.requests()
    vm(t)
  end)

  it("is nobody else's: a policy that does not say so has it not", function()
    local t = trial { vm = needing('"counts"', "return facts"),
      service_offering = policy [[if facts.counts then return nil, "has counts" end return default(facts)]] }
    vm(t, { cpu = 1, ram = 512 })
  end)

  it("is known of a disk too, and says how much is left", function()
    local t = trial({ disk = needing('"limits", "counts"', [[
      if facts.size > facts.limits.free.storage then return nil, ("%d GB are left"):format(facts.limits.free.storage) end
      if facts.vm and facts.counts.instance_group ~= 1 then return nil, "how many?" end
      return facts]]) }, { world = { accounts = { { name = "bosh", role = "user", apikey = "key", secretkey = "s",
      limits = { primary_storage = 60 } } } } })
    local cid = vm(t)
    t.call("set_vm_metadata", cid, METADATA)
    t.call("create_disk", 1024, {}, cid)
    assert.truthy(t.failure("create_disk", 102400, {}).message:find("%d+ GB are left"))
  end)

  it("has words for what nobody can need", function()
    local t = trial { vm = needing('"weather"', "return facts") }
    local failure = t.failure("create_vm", "a", "ubuntu-builtin", SMALL, {}, {}, {})
    assert.truthy(failure.message:find('its needs must be a list of "counts" and "limits"', 1, true), failure.message)
  end)
end)

describe("a VM that is kept until a moment", function()
  local function kept(t)
    t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", when = "after", errortext = "no start" }
    t.failure("create_vm", "a", "ubuntu-builtin", SMALL, NETWORK, {}, {})
  end

  local function living(t)
    local n = 0
    for _, one in ipairs(t.sim.state().vms) do n = n + (one.state ~= "Destroyed" and one.state ~= "Expunging" and 1 or 0) end
    return n
  end

  it("is there until then for gc and for the journal, and is removed afterwards", function()
    local leftovers = require "made.leftovers"
    for _, store in ipairs { false, true } do
      local t = trial({ failed_vm = policy "return { keep_for = 7200 }" }, { store = store })
      kept(t)
      assert.equal(1, living(t))
      local function find()
        local cpi = require("cpi").parts(t.host, { method = "gc", context = { director_uuid = "director-1" }, api_version = 2 })
        return leftovers.find(cpi, { older_than = 60, known = {} }), cpi
      end
      t.sim.advance(3700)
      assert.same({}, (find()))
      t.sim.advance(3700)
      local found, cpi = find()
      assert.equal(1, #found)
      assert.truthy(found[1].why:find("was kept for a look until", 1, true))
      if store then
        t.call("create_disk", 1024, {})
      else
        leftovers.remove(cpi, found[1])
      end
      assert.equal(0, living(t))
    end
  end)
end)

-- Every property and every cloud_properties key of the Go release: taken with the same meaning, or warned of by its name; and
-- docs/migration.md says which and why. (tests/job/compatibility_spec.lua has whole manifests, through the job's templates.)

local native = require "host_native"
local settings = require "setup.settings"
local text_file = require "text_file"
local verb_calls = require "tests.support.verb_calls"

local PAGE = text_file.read "docs/migration.md"

-- The page names a property in full, or with its section left out behind one that has it.
local function assert_on_the_page(path)
  local last = path:gsub("^cloudstack", "")
  assert.truthy(PAGE:find("`" .. path .. "`", 1, true) or PAGE:find("`" .. last .. "`", 1, true), path .. " is not in docs/migration.md")
end

-- ---------------------------------------------------------------------------------------------------------
-- properties: { a value, what becomes of it }. "same": it is in force under its name; "ignored": a warning names it

local TIMEOUTS = { "global", "reboot_vm", "create_vm", "delete_vm", "stop_vm", "create_volume", "delete_volume", "resize_volume",
  "poll_template", "snapshot_volume", "delete_snapshot_volume", "attach_volume", "detach_volume" }
local properties = {
  ["cloudstack.endpoint"] = { "https://other.example.com/client/api", "same" }, ["cloudstack.api_key"] = { "API", "same" },
  ["cloudstack.default_zone"] = { "Paris 1", "same" }, ["cloudstack.skip_verify_ssl"] = { true, "same" },
  ["cloudstack.expunge_vm"] = { false, "same" }, ["cloudstack.clean_disk"] = { true, "ignored" },
  ["cloudstack.interval_clean_disk"] = { 1, "ignored" }, ["cloudstack.calculate.disk_tags"] = { { "a" }, "same" },
  ["cloudstack.calculate.not_disk_tags"] = { { "a" }, "same" }, ["cloudstack.calculate.compute_tags"] = { { "a" }, "same" },
  ["cloudstack.calculate.not_compute_tags"] = { { "a" }, "same" }, ["cloudstack.enable_auto_anti_affinity"] = { true, "same" },
  ["cloudstack.auto_anti_affinity_type"] = { "host anti-affinity", "same" }, ["cloudstack.default_key_name"] = { "k", "same" },
  ["cloudstack.private_key"] = { "not_used", "ignored" }, ["cloudstack.default_offer.disk"] = { "a", "same" },
  ["cloudstack.default_offer.ephemeral_disk"] = { "a", "same" }, ["cloudstack.default_offer.custom_disk"] = { "a", "same" },
  ["cloudstack.stemcell.public_visibility"] = { true, "same" }, ["cloudstack.stemcell.requires_hvm"] = { false, "same" },
  ["cloudstack.stemcell.os_type"] = { "Other Linux (64-bit)", "same" }, ["director.name"] = { "d", "same" },
  ["ntp"] = { { "0.pool.ntp.org" }, "same" }, ["agent.mbus"] = { "nats://10.0.0.6:4222", "same" },
  ["agent.env_service"] = { "registry", "ignored" }, ["agent.blobstore.provider"] = { "dav", "same" },
  ["agent.blobstore.options"] = { { endpoint = "http://10.0.0.6:25250" }, "same" }, ["registry.host"] = { "10.0.0.6", "same" },
  ["registry.port"] = { 25777, "same" }, ["registry.username"] = { "u", "same" }, ["registry.password"] = { "p", "same" },
  ["env.http_proxy"] = { "http://proxy:3128", "same" }, ["env.https_proxy"] = { "http://proxy:3128", "same" },
  ["env.no_proxy"] = { "localhost", "same" },
}
for _, name in ipairs(TIMEOUTS) do properties["cloudstack.timeout." .. name] = { 77, "same" } end

local function place(tree, path, value)
  for section in path:gmatch "([^.]+)%." do
    tree[section] = tree[section] or {}
    tree = tree[section]
  end
  tree[path:match "[^.]+$"] = value
end

local function at(tree, path)
  for name in path:gmatch "[^.]+" do tree = tree[name] end
  return tree
end

-- The settings with one property set, and the warnings.
local function load(path, value)
  local file, warnings = { cloudstack = { endpoint = "http://cloud.test/client/api", api_key = "key" } }, {}
  place(file, path, value)
  local loaded = settings.load { file = file, context = {}, has_secret = true, null = native.json.null,
    warn = function(format, ...) warnings[#warnings + 1] = format:format(...) end }
  return loaded, warnings
end

describe("the Go release's property", function()
  for path, row in pairs(properties) do
    it(path .. " is " .. (row[2] == "same" and "in force" or "warned of"), function()
      local loaded, warnings = load(path, row[1])
      if row[2] == "same" then
        assert.same(row[1], at(loaded, path))
        assert.same({}, warnings)
      else
        assert.equal(1, #warnings)
        assert.truthy(warnings[1]:find(path .. " is ignored: ", 1, true), warnings[1])
        assert_on_the_page(path)
      end
    end)
  end

  it("that is refused is none", function()
    local known = { ["cloudstack.secret_access_key"] = true }
    for path in pairs(settings.schema) do known[path] = true end
    for path in pairs(settings.legacy) do known[path] = true end
    for path in pairs(properties) do assert.is_true(known[path], path) end
  end)
end)

describe("docs/migration.md", function()
  it("says of every old property what becomes of it", function()
    for path, rule in pairs(settings.legacy) do
      assert_on_the_page(path)
      if rule.now then assert_on_the_page(rule.now) end
    end
    for path, rule in pairs(settings.legacy) do
      local last = path:gsub("^cloudstack", ""):gsub("%p", "%%%0")
      local line = PAGE:match("\n|[^\n]*" .. last .. "`[^\n]*")
      assert.truthy(line and line:find(rule.now and "accepted with a warning" or "ignored with a warning", 1, true), path)
    end
  end)
end)

-- ---------------------------------------------------------------------------------------------------------
-- cloud_properties

local function with(default, more)
  local all = {}
  for _, list in ipairs { default, more } do
    for key, value in pairs(list) do all[key] = value end
  end
  return all
end

-- The parameters that a VM of those properties and networks is deployed with; and the trial, and the answer.
local function deployed(cloud_properties, networks)
  local trial = verb_calls.setting { world = { service_offerings = { { name = "shared.custom.compute", customized = true } } } }
  trial.requests()
  local result = trial.call("create_vm", "agent", "ubuntu-builtin", with({ compute_offering = "shared.small" }, cloud_properties),
    networks or { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, {}, {})
  for _, request in ipairs(trial.requests()) do
    if request.command == "deployVirtualMachine" then return request.parameters, trial, result end
  end
end

local function offering(trial, list, name)
  for _, row in ipairs(trial.sim.state()[list]) do
    if row.name == name then return row.id end
  end
end

-- key = what is seen of it; called with each spelling of the key, for Go took them in any case
local of_a_vm = {
  compute_offering = function(key)
    local sent, trial = deployed { compute_offering = native.json.null, [key] = "shared.medium" }
    assert.equal(offering(trial, "serviceofferings", "shared.medium"), sent.serviceofferingid)
  end,
  cpu = function(key)
    assert.equal("2", deployed({ compute_offering = "shared.custom.compute", [key] = 2, ram = 4096 })["details[0].cpuNumber"])
  end,
  ram = function(key)
    local sent = deployed { compute_offering = "shared.custom.compute", [key] = 4096, cpu = 2 }
    assert.equal("4096", sent["details[0].memory"])
    assert.equal("2000", sent["details[0].cpuSpeed"])
  end,
  cpu_speed = function(key)
    assert.equal("1500", deployed({ compute_offering = "shared.custom.compute", [key] = 1500, ram = 4096, cpu = 2 })["details[0].cpuSpeed"])
  end,
  disk = function(key) assert.equal("15", deployed({ [key] = 15000 }).size) end,
  ephemeral_disk_offering = function(key)
    local sent, trial = deployed { [key] = "shared.medium", disk = 1024 }
    assert.equal(offering(trial, "diskofferings", "shared.medium"), sent.diskofferingid)
  end,
  disk_offering = function(key) assert.is_nil(deployed({ [key] = "shared.medium" }).diskofferingid) end,
  root_disk_size = function(key) assert.equal("15", deployed({ [key] = 15000 }).rootdisksize) end,
  affinity_group = function(key)
    local sent, trial = deployed { [key] = "databases" }
    assert.equal(trial.sim.state().affinitygroups[1].id, sent.affinitygroupids)
  end,
  affinity_group_type = function(key)
    local _, trial = deployed { affinity_group = "databases", [key] = "host affinity" }
    assert.equal("host affinity", trial.sim.state().affinitygroups[1].type)
  end,
  lbs = function(key)
    local _, trial = deployed({ [key] = { { name = "web", algorithm = "source", private_port = 8080, public_port = 80,
      open_firewall = true } } }, { default = { type = "manual", ip = "10.0.0.9", netmask = "255.255.255.0", gateway = "10.0.0.1",
      cloud_properties = { name = "bosh-net" } }, public = { type = "vip", cloud_properties = { acquire = true } } })
    local rule = trial.sim.state().loadbalancers[1]
    assert.same({ "web", "source", 8080, 80 }, { rule.name, rule.algorithm,
      math.tointeger(rule.privateport), math.tointeger(rule.publicport) })
  end,
  routes = function(key)
    local _, _, result = deployed({ [key] = { default = { { CIDR = "10.9.0.0/16", Gateway = "10.0.0.254" } } } },
      { default = { type = "manual", ip = "10.0.0.9", netmask = "255.255.255.0", gateway = "10.0.0.1",
        cloud_properties = { name = "bosh-net" } } })
    assert.same({ { Destination = "10.9.0.0", Gateway = "10.0.0.254", Netmask = "255.255.0.0" } }, result[2].default.routes)
  end,
}

local of_a_network = {
  name = function(key)
    local sent, trial = deployed({}, { default = { type = "dynamic", cloud_properties = { [key] = "bosh-net-2" } } })
    assert.equal(offering(trial, "networks", "bosh-net-2"), sent["iptonetworklist[0].networkid"])
  end,
  undiscoverable = function(key)
    local sent, trial = deployed({}, { a = { type = "dynamic", cloud_properties = { name = "bosh-net-2", [key] = true } },
      b = { type = "dynamic", cloud_properties = { name = "bosh-net" } } })
    assert.equal(offering(trial, "networks", "bosh-net"), sent["iptonetworklist[0].networkid"])
  end,
}

local of_a_disk = {
  disk_offering = function(key)
    local trial = verb_calls.setting()
    assert.equal("shared.medium", trial.disk(trial.call("create_disk", 1024, { [key] = "shared.medium" }, nil)).diskofferingname)
  end,
}

for whose, keys in pairs { VM = of_a_vm, network = of_a_network, disk = of_a_disk } do
  describe("the Go release's key of a " .. whose, function()
    for key, see in pairs(keys) do
      it(key .. " means what it meant, in any case", function()
        see(key)
        see(key:upper())
      end)
    end
  end)
end

describe("the Go release's keys of a stemcell", function()
  it("are all taken", function()
    local trial = verb_calls.setting()
    local path = os.tmpname()
    assert.truthy(trial.call("create_stemcell", path, { name = "bosh-cloudstack-xen-ubuntu-jammy-go_agent", version = "1.1094",
      infrastructure = "cloudstack", hypervisor = "xen", disk = 5120, disk_format = "vhdx", container_format = "bare",
      os_type = "linux", os_distro = "ubuntu", architecture = "x86_64", auto_disk_config = true, light_template = "" }))
    os.remove(path)
  end)
end)

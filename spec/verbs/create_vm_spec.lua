local create_vm = require "verbs.create_vm"
local fake = require "tests.support.fake"

local json = fake.json
local TEMPLATE = "cpitemplate-7d5d1a3e-52f5-4c6a"

local unpadded = { ["0"] = "", ["1"] = "", ["2"] = "==", ["3"] = "=" }

-- The user data of a deploy as the agent reads it.
local function settings_in(deploy)
  local native = require "host_native"
  local text = deploy.userdata
  assert.truthy(text, "no user data")
  assert.truthy(unpadded[tostring(#text % 4)])
  return json.decode(native.bytes.unbase64(text))
end

local function rows(name, list) return { [name] = list, count = #list } end

local stopped = { virtualmachine = { id = "v", name = "ignored", state = "Stopped", nic = json.array {} } }
local running = { virtualmachine = { id = "v", name = "ignored", state = "Running", nic = {
  { id = "nic-1", networkid = "n1", ipaddress = "10.0.0.5", isdefault = true }, { id = "nic-2", networkid = "n2", ipaddress = "10.1.0.5" },
} } }

-- The first wave of a create_vm, in the order of its names; more adds or replaces one.
local function looks(more)
  local wave = {
    capabilities = { "listCapabilities", {}, { capability = { cloudstackversion = "4.23.0.0", allowuserexpungerecovervm = true } } },
    networks = { "listNetworks", {}, rows("network", {
      { id = "n1", name = "net-a", zoneid = "z1", cidr = "10.0.0.0/24", service = { { name = "UserData" } } },
      { id = "n2", name = "net-b", zoneid = "z1", cidr = "10.1.0.0/24", service = { { name = "UserData" } } },
    }) },
    services = { "listServiceOfferings", {}, rows("serviceoffering", {
      { id = "s1", name = "small", cpunumber = 1, memory = 1024 }, { id = "s2", name = "big", cpunumber = 4, memory = 8192 },
      { id = "sc", name = "custom", iscustomized = true },
    }) },
    templates = { "listTemplates", { name = TEMPLATE, templatefilter = "executable" },
      rows("template", { { id = "t1", name = TEMPLATE, zoneid = "z1", isready = true } }) },
    zones = { "listZones", {}, rows("zone", { { id = "z1", name = "zone1" } }) },
  }
  for name, look in pairs(more or {}) do wave[name] = look end
  local names, script = {}, {}
  for name in pairs(wave) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do script[i] = wave[name] end
  return script
end

local disk_offerings = { "listDiskOfferings", {},
  rows("diskoffering", { { id = "d10", name = "ten", disksize = 10 }, { id = "dc", name = "shared.custom", iscustomized = true } }) }

local function manual(ip, name, more)
  local network = { type = "manual", ip = ip, netmask = "255.255.255.0", gateway = "10.0.0.1", dns = json.array { "8.8.8.8" },
    default = json.array { "dns", "gateway" }, cloud_properties = { name = name } }
  for key, value in pairs(more or {}) do network[key] = value end
  return network
end

local one_network = { default = manual("10.0.0.5", "net-a") }
local small = { compute_offering = "small" }

-- A script: the looks, then the steps given.
local function script_of(looked, ...)
  for _, step in ipairs { ... } do looked[#looked + 1] = step end
  return looked
end

local function deploy(params, more)
  local step = { "deployVirtualMachine", params, job = stopped, id = "v" }
  for key, value in pairs(more or {}) do step[key] = value end
  return step
end

local start = { "startVirtualMachine", { id = "v" }, job = running }

local tag = { "createTags", { resourceids = "v", resourcetype = "UserVm" }, job = {} }

local function create(script, order)
  order = order or {}
  local cpi <close> = fake.cpi(script)
  local result = create_vm(cpi, order.agent_id or "agent-1", order.stemcell or TEMPLATE, order.properties or small,
    order.networks or one_network, order.disks, order.env)
  local sent
  for _, one in ipairs(cpi.sent) do
    if one[1] == "deployVirtualMachine" then sent = one[2] end
  end
  return result, sent, cpi
end

describe("create_vm", function()
  it("is one wave of looks, the deploy, and the start with the tags", function()
    local result, sent, cpi = create(script_of(looks(), deploy({
      zoneid = "z1", templateid = "t1", serviceofferingid = "s1", ["iptonetworklist[0].networkid"] = "n1",
      ["iptonetworklist[0].ip"] = "10.0.0.5",
    }, { without = { "networkids", "ipaddress", "diskofferingid", "size", "rootdisksize", "keypair", "iptonetworklist[0].mac",
      "customid" } }), start, tag))
    assert.same({
      "listCapabilities listNetworks listServiceOfferings listTemplates listZones", "deployVirtualMachine",
      "startVirtualMachine createTags",
    }, cpi.waves)
    assert.is_false(sent.startvm)
    assert.truthy(result[1]:find "^cpivm%-%x+%-%x+%-%x+%-%x+%-%x+$")
    assert.equal(result[1], sent.name)
    assert.is_true(#sent.name <= 63)
    assert.same(one_network, result[2])
    assert.is_true(json.is_array(result))
  end)

  it("takes away the tag of a copy that nobody makes any more", function()
    local there = { id = "t1", name = TEMPLATE, zoneid = "z1", isready = true, tags = { { key = "bosh_copy_to_z1", value = "1" } } }
    create(script_of(looks { templates = { "listTemplates", {}, rows("template", { there }) } },
      { "deleteTags", { resourceids = "t1", ["tags[0].key"] = "bosh_copy_to_z1" }, job = {} }, deploy {}, start, tag))
  end)

  it("hands the agent its settings as user data", function()
    local env = { bosh = { group = "prod-cf-web", mbus = { urls = json.array { "nats://10.0.0.6:4222" } }, tags = {} } }
    local result, sent = create(script_of(looks(), deploy {}, start, tag), { env = env })
    local settings = settings_in(sent)
    assert.equal("agent-1", settings.agent_id)
    assert.equal(result[1], settings.vm.name)
    assert.same(env, settings.env)
    assert.same(one_network, settings.networks)
    assert.same({ system = "/dev/sda", persistent = {} }, settings.disks)
    assert.is_nil(settings.registry)
    assert.equal("prod-cf-web " .. result[1], sent.displayname)
  end)

  it("counts an empty env.bosh.group as none", function()
    local groups = {}
    local policies = { names = function(facts, default)
      groups[#groups + 1] = facts.group or "none"
      return default(facts)
    end }
    local script = script_of(looks(), deploy {}, start, tag)
    script.policies = policies
    create(script, { env = { bosh = { group = "" } } })
    assert.same({ "none" }, groups)
  end)

  it("masks env and user data", function()
    local _, sent, cpi = create(script_of(looks(), deploy {}, start, tag), { env = { bosh = { password = "$6$very-secret" } } })
    local masked = {}
    for _, secret in ipairs(cpi.log.secrets) do masked[secret] = true end
    assert.is_true(masked["$6$very-secret"] and masked[sent.userdata])
    assert.is_nil(table.concat(cpi.log.lines, "\n"):find("very-secret", 1, true))
  end)

  it("gives the VM the tags by which it is found", function()
    local result, _, cpi = create(script_of(looks(), deploy {}, start, tag))
    local sent, tags = cpi.sent[8][2], {}
    for i = 0, 9 do tags[sent["tags[" .. i .. "].key"] or i] = sent["tags[" .. i .. "].value"] end
    assert.same({ result[1], "director-1", "cpi-123456", "agent-1" },
      { tags.bosh_cid, tags.director_uuid, tags.bosh_request, tags.bosh_agent_id })
  end)

  it("makes the ephemeral disk with the VM, and tags it", function()
    local made = { "listVolumes", { virtualmachineid = "v" }, rows("volume", {
      { id = "r", type = "ROOT", name = "ROOT-1", deviceid = 0 }, { id = "e", type = "DATADISK", name = "DATA-1", deviceid = 1 },
    }) }
    local result, sent, cpi = create(
      script_of(looks { disk_offerings = disk_offerings }, deploy { diskofferingid = "dc", size = 2 }, start, tag, made,
        { "createTags", { resourceids = "e", resourcetype = "Volume" }, job = {} }),
      { properties = { compute_offering = "small", disk = 1500 } })
    assert.same({ path = "/dev/sdb" }, settings_in(sent).disks.ephemeral)
    local of_disk, owner = cpi.sent[#cpi.sent][2], nil
    for i = 0, 9 do
      if of_disk["tags[" .. i .. "].key"] == "bosh_ephemeral_of" then owner = of_disk["tags[" .. i .. "].value"] end
    end
    assert.equal(result[1], owner)
    assert.same({ "deployVirtualMachine", "startVirtualMachine createTags listVolumes", "createTags" }, table.move(cpi.waves, 2, 4, 1, {}))
  end)

  it("sends no size with a fixed ephemeral offering", function()
    create(script_of(looks { disk_offerings = disk_offerings }, deploy({ diskofferingid = "d10" }, { without = { "size" } }), start, tag,
      { "listVolumes", {}, {} }), { properties = { compute_offering = "small", ephemeral_disk_offering = "ten" } })
  end)

  it("takes a disk_offering of the VM, as the Go CPI does, and does nothing with it", function()
    local _, sent = create(script_of(looks(), deploy({}, { without = { "diskofferingid" } }), start, tag),
      { properties = { compute_offering = "small", disk_offering = "shared.custom" } })
    assert.is_nil(sent.diskofferingid)
  end)

  it("rounds the root disk up", function()
    create(script_of(looks(), deploy { rootdisksize = 15 }, start, tag),
      { properties = { compute_offering = "small", root_disk_size = 15000 } })
  end)

  it("gives a customised offering its CPUs, memory and speed", function()
    create(script_of(looks(), deploy {
      serviceofferingid = "sc", ["details[0].cpuNumber"] = 2, ["details[0].memory"] = 2048, ["details[0].cpuSpeed"] = 2000,
    }, start, tag), { properties = { compute_offering = "custom", cpu = 2, ram = 2048 } })
    create(script_of(looks(), deploy { ["details[0].cpuSpeed"] = 1200 }, start, tag),
      { properties = { compute_offering = "custom", cpu = 2, ram = 2048, cpu_speed = 1200 } })
  end)

  it("has the key pair of the manifest, else the configured one", function()
    local configured = { settings = { cloudstack = { default_key_name = "bosh" } } }
    local one = script_of(looks(), deploy { keypair = "bosh" }, start, tag)
    one.settings = configured.settings
    create(one)
    local two = script_of(looks(), deploy { keypair = "mine" }, start, tag)
    two.settings = configured.settings
    create(two, { properties = { compute_offering = "small", key_name = "mine" } })
  end)

  it("gives several NICs their order, addresses and MACs, and tells the agent", function()
    local networks = { a = manual("10.0.0.5", "net-a"), b = manual("10.1.0.5", "net-b", { default = json.null }) }
    local result, sent = create(script_of(looks(), deploy({
      ["iptonetworklist[0].networkid"] = "n1", ["iptonetworklist[0].ip"] = "10.0.0.5",
      ["iptonetworklist[1].networkid"] = "n2", ["iptonetworklist[1].ip"] = "10.1.0.5",
    }, { without = { "iptonetworklist[2].networkid" } }), start, tag), { networks = networks })
    local settings = settings_in(sent)
    assert.equal(sent["iptonetworklist[0].mac"], settings.networks.a.mac)
    assert.equal(sent["iptonetworklist[1].mac"], settings.networks.b.mac)
    assert.equal(settings.networks.a.mac, result[2].a.mac)
  end)

  it("asks no address of a dynamic network", function()
    create(script_of(looks(), deploy({ ["iptonetworklist[0].networkid"] = "n1" }, { without = { "iptonetworklist[0].ip" } }), start, tag),
      { networks = { a = { type = "dynamic", ip = "10.0.0.99", cloud_properties = { name = "net-a" } } } })
  end)

  it("lets the policy choose by CPU and memory", function()
    create(script_of(looks(), deploy { serviceofferingid = "s2" }, start, tag), { properties = { cpu = 2, ram = 2048 } })
  end)

  it("does not ask the policy for a named offering", function()
    local script = script_of(looks(), deploy { serviceofferingid = "s1" }, start, tag)
    script.policies = { service_offering = function() error("asked") end }
    create(script)
  end)

  it("looks for the persistent disks in the first wave", function()
    local _, _, cpi = create(script_of(looks { disk_offerings = disk_offerings, ["disk 1"] = { "listVolumes", { name = "cpi-disk-1" },
      rows("volume", { { id = "d", name = "cpi-disk-1", state = "Ready", zoneid = "z1" } }) } }, deploy {}, start, tag),
      { disks = { "cpi-disk-1" } })
    assert.equal("listCapabilities listVolumes listDiskOfferings listNetworks listServiceOfferings listTemplates listZones", cpi.waves[1])
  end)

  it("goes into the cluster of its disks, where the account sees it", function()
    create(script_of(looks { disk_offerings = disk_offerings, ["disk 1"] = { "listVolumes", { name = "cpi-disk-1" },
      rows("volume", { { id = "d", name = "cpi-disk-1", state = "Ready", zoneid = "z1", storagetype = "shared", storageid = "p",
        clusterid = "c1" } }) } }, deploy({}, { without = { "clusterid" } }),
      { "startVirtualMachine", { id = "v", clusterid = "c1" }, job = running }, tag), { disks = { "cpi-disk-1" } })
  end)

  it("uses a light stemcell's template", function()
    local id = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"
    create(script_of(looks { templates = { "listTemplates", { id = id }, rows("template", {
      { id = id, name = "u", zoneid = "z1", isready = true } }) } }, deploy { templateid = id }, start, tag), { stemcell = "light-" .. id })
  end)

  it("mends tags that were refused, once the VM runs", function()
    create(script_of(looks(), deploy {}, start, { "createTags", {}, job_fails = "odd", code = 530 }, tag))
  end)

  it("is worth more than its tags", function()
    local odd = { "createTags", {}, job_fails = "odd", code = 530 }
    local _, _, cpi = create(script_of(looks(), deploy {}, start, odd, odd))
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("lacks a tag: createTags: odd", 1, true))
  end)

  it("journals the VM with its job until the answer is written", function()
    local script = script_of(looks(), deploy {}, start, tag)
    script.store = true
    local result, sent, cpi = create(script)
    local _, text = next(cpi.store.tables.journal)
    local record = json.decode(text)
    assert.same({ "vm", result[1], sent.customjobid, "v" }, { record.kind, record.name, record.job, record.id })
  end)
end)

describe("a create_vm that cannot be", function()
  -- Nothing may be sent but the looks.
  local function refused(order, looked, options)
    local script = looked or {}
    for key, value in pairs(options or {}) do script[key] = value end
    script.store = true
    local cpi <close> = fake.cpi(script)
    local failure = fake.failure(create_vm, cpi, order.agent_id or "agent-1", order.stemcell or TEMPLATE,
      order.properties or small, order.networks or one_network, order.disks, order.env)
    assert.same({}, cpi.store.tables.journal or {}, "nothing was made, so nothing is journaled")
    return failure
  end

  for what, case in pairs {
    ["a property that is unknown"] = { { properties = { compte_offering = "x" } }, "did you mean 'compute_offering'" },
    ["a misspelt affinity group type"] = { { properties = { compute_offering = "small", affinity_group = "g",
      affinity_group_type = "host antiaffinity" } }, "did you mean 'host anti-affinity'" },
    ["load balancers"] = { { properties = { compute_offering = "small", lbs = json.array { {} } } }, "lbs[1]: 'name' is missing" },
    ["a vip"] = { { networks = { a = { type = "vip" } } }, "a network that is not a vip" },
    ["no networks"] = { { networks = {} }, "at least one network" },
    ["an agent without id"] = { { agent_id = 3 }, "argument agent_id must be a string" },
    ["disks that are no list"] = { { disks = "cpi-disk-1" }, "argument disk_cids must be a list" },
    ["an env that is no object"] = { { env = "x" }, "argument env must be an object" },
  } do
    it("asks nobody: " .. what, function()
      assert.truthy(refused(case[1]).message:find(case[2], 1, true))
    end)
  end

  it("asks nobody for an old stemcell's agent, where there is no registry", function()
    local failure = refused({}, nil, { context = { vm = { stemcell = { api_version = 1 } } } })
    assert.equal("Bosh::Clouds::CpiError", failure.type)
    assert.truthy(failure.message:find("needs registry.host and registry.username and registry.password", 1, true))
  end)

  for what, case in pairs {
    ["an unknown network"] = { { networks = { a = manual("10.0.0.5", "net-z") } }, "NetworkNotFound", "net-a, net-b" },
    ["an unknown offering"] = { { properties = { compute_offering = "huge" } }, "CloudError", "big, custom, small" },
    ["neither offering nor size"] = { { properties = { cpu = 1 } }, "CloudError", "or both 'cpu' and 'ram'" },
    ["a customised offering without size"] = { { properties = { compute_offering = "custom" } }, "CloudError", "'cpu' and 'ram'" },
    ["an unknown stemcell"] = { { stemcell = "cpitemplate-x" }, "CloudError", "has no template in zone 'zone1'",
      { templates = { "listTemplates", {}, {} } } },
    ["an unknown zone"] = { { properties = { compute_offering = "small", zone = "zone9" } }, "CloudError", "there are: zone1" },
    ["a disk in another zone"] = { { disks = { "cpi-disk-1" }, properties = { compute_offering = "small", zone = "zone1" } },
      "CloudError", "zone2", { disk_offerings = disk_offerings, ["disk 1"] = { "listVolumes", {},
      rows("volume", { { id = "d", name = "cpi-disk-1", zoneid = "z2", zonename = "zone2", state = "Ready" } }) } } },
    ["an ephemeral disk that is too large"] = {
      { properties = { compute_offering = "small", disk = 20000, ephemeral_disk_offering = "ten" } }, "CloudError",
      "gives 10 GB, 20 GB are asked for", { disk_offerings = disk_offerings } },
  } do
    it("says so before anything is made: " .. what, function()
      local failure = refused(case[1], looks(case[4]))
      assert.equal("Bosh::Clouds::" .. case[2], failure.type)
      assert.truthy(failure.message:find(case[3], 1, true), failure.message)
    end)
  end

  it("because the user data is too long says so before anything is made", function()
    local failure = refused({ env = { bosh = { x = ("y"):rep(40000) } } }, looks())
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.is_false(failure.ok_to_retry)
  end)
end)

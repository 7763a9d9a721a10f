local create_disk = require "verbs.create_disk"
local fake = require "tests.support.fake"

local can = { "listCapabilities", {}, { capability = { customdiskofferingminsize = 1, customdiskofferingmaxsize = 1024 } } }
local offerings = { "listDiskOfferings", {}, { diskoffering = {
  { id = "d10", name = "ten", disksize = 10 }, { id = "dc", name = "shared.custom", iscustomized = true },
} } }
local services = { "listServiceOfferings", {}, { serviceoffering = { { id = "sl", name = "local.small", storagetype = "local" } } } }
local zones = { "listZones", {}, { zone = { { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" } } } }

local function made(name, more)
  local how = { "createVolume", { zoneid = "z1", diskofferingid = "dc", size = 2 }, job = { volume = { id = "d", name = name } },
    id = "d" }
  for key, value in pairs(more or {}) do how[key] = value end
  return how
end

local tag = { "createTags", { resourceids = "d", resourcetype = "Volume" }, job = {} }

local function create(script, size, properties, vm_cid)
  local cpi <close> = fake.cpi(script)
  return create_disk(cpi, size or 1500, properties or {}, vm_cid), cpi
end

local function find(...) return { "listVolumes", {}, { volume = { ... } } } end

describe("create_disk", function()
  it("creates a volume named as its CID, size rounded up, and tags it while CloudStack works", function()
    local cid, cpi = create { can, offerings, zones, made(), { "createTags", {
      resourceids = "d", ["tags[0].key"] = "bosh_cid", ["tags[2].key"] = "bosh_request", ["tags[2].value"] = "cpi-123456",
      ["tags[3].key"] = "director_uuid", ["tags[3].value"] = "director-1",
    }, job = {} } }
    assert.truthy(cid:find "^cpi%-disk%-%x+%-%x+%-%x+%-%x+%-%x+$")
    assert.equal(cid, cpi.sent[4][2].name)
    assert.equal(cid, cpi.sent[5][2]["tags[0].value"])
    assert.same({ "listCapabilities listDiskOfferings listZones", "createVolume", "createTags" }, cpi.waves)
  end)

  for _, size in ipairs { 0, -1, 1.5, "1024" } do
    it("refuses the size " .. tostring(size), function()
      local failure = fake.failure(create, {}, size)
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      assert.truthy(failure.message:find("argument size", 1, true), failure.message)
    end)
  end

  it("sends no size for a fixed offering: CloudStack refuses it", function()
    create({ can, offerings, zones, { "createVolume", { diskofferingid = "d10" }, job = {}, id = "d", without = { "size" } }, tag },
      10240, { disk_offering = "ten" })
  end)

  it("is of a fixed offering where customised ones end", function()
    local large = { "listDiskOfferings", {}, { diskoffering = { { id = "d2000", name = "huge", disksize = 2000 },
      offerings[3].diskoffering[2] } } }
    create({ can, large, zones, { "createVolume", { diskofferingid = "d2000" }, job = {}, id = "d", without = { "size" } }, tag },
      1025 * 1024)
    assert.equal("disk offering 'shared.custom': customised disks have 1024 GB at most here, 1025 GB are asked for",
      fake.failure(create, { can, offerings, zones }, 1025 * 1024, { disk_offering = "shared.custom" }).message)
  end)

  it("is refused when the named offering is smaller, before anything is made", function()
    local failure = fake.failure(create, { can, offerings, zones }, 10241, { disk_offering = "ten" })
    assert.equal("disk offering 'ten' gives 10 GB, 11 GB are asked for", failure.message)
  end)

  it("goes to the zone of the VM that it is for", function()
    local vm = { "listVirtualMachines", { name = "cpivm-1" },
      { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running", zoneid = "z2" } } } }
    local _, cpi = create({ can, offerings, services, vm, zones, made(nil, { [2] = { zoneid = "z2" } }), tag }, 1500, {}, "cpivm-1")
    assert.equal("listCapabilities listDiskOfferings listServiceOfferings listVirtualMachines listZones", cpi.waves[1])
  end)

  it("tells the policy of that VM, and asks less where the manifest decides", function()
    local vm = { "listVirtualMachines", {}, { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running", zoneid = "z1",
      serviceofferingid = "sl", hostname = "host-1" } } } }
    local asked
    create({ can, offerings, services, vm, zones, made(), tag, policies = { disk_offering = function(facts, default)
      asked = facts.vm
      return default(facts)
    end } }, 1500, {}, "cpivm-1")
    assert.same({ name = "cpivm-1", offering = "local.small", storage = "local", host = "host-1" }, asked)
    create({ can, offerings, vm, zones, made(), tag }, 1500, { disk_offering = "shared.custom" }, "cpivm-1")
  end)

  it("refuses a zone in which its VM is not", function()
    local vm = { "listVirtualMachines", {}, { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running", zoneid = "z1",
      zonename = "zone1" } } } }
    assert.equal("the disk is for VM 'cpivm-1' in zone 'zone1', but cloud_properties of the disk name zone 'zone2'",
      fake.failure(create, { can, offerings, services, vm, zones }, 1500, { zone = "zone2" }, "cpivm-1").message)
  end)

  it("goes to the default zone for a VM that is gone, and to the manifest's zone before both", function()
    local _, cpi = create({ can, offerings, services, { "listVirtualMachines", {}, {} }, zones, made(), tag }, 1500, {}, "cpivm-1")
    assert.truthy(table.concat(cpi.log.lines, "\n"):find(
      "warn VM 'cpivm-1', which the disk is for, is not in CloudStack: the disk goes where it would go without it", 1, true))
    create({ can, offerings, zones, made(nil, { [2] = { zoneid = "z2" } }), tag }, 1500, { zone = "zone2" })
  end)

  it("takes null for the VM", function()
    create({ can, offerings, zones, made(), tag }, 1500, fake.json.null, fake.json.null)
  end)

  for _, size in ipairs { 0, -1, 1.5, "1024" } do
    it("refuses the size " .. tostring(size), function()
      assert.equal("Bosh::Clouds::CpiError", fake.failure(create, {}, size).type)
    end)
  end

  it("refuses an unknown property with a suggestion", function()
    assert.truthy(fake.failure(create, {}, 1024, { disk_ofering = "x" }).message:find("did you mean 'disk_offering'", 1, true))
  end)

  it("tags the disk once more when the tags failed", function()
    create { can, offerings, zones, made(), { "createTags", {}, job_fails = "odd", code = 530 }, tag }
  end)

  it("has its name and job in the journal until the answer is written", function()
    local cid, cpi = create { can, offerings, zones, made(), tag, store = true }
    local _, text = next(cpi.store.tables.journal)
    local record = fake.json.decode(text)
    assert.same({ "disk", cid, cpi.sent[4][2].customjobid, "d" }, { record.kind, record.name, record.job, record.id })
  end)
end)

describe("a create_disk that fails", function()
  -- The failure, and what is left in the journal.
  local function failing(script)
    script.store = true
    local cpi <close> = fake.cpi(script)
    local failure = fake.failure(create_disk, cpi, 1500, {})
    return failure, cpi.store.tables.journal, cpi
  end

  it("removes the volume that CloudStack leaves behind, found by its name", function()
    local name
    local script = { can, offerings, zones, made(nil, { job_fails = "no such pool", code = 530, job = false }), tag }
    script[6] = { "listVolumes", {}, { volume = {} } }
    local cpi <close> = fake.cpi(script)
    local bytes = cpi.bytes
    cpi.context.director_uuid = nil
    cpi.bytes = { sha256 = bytes.sha256, uuid = function()
      name = bytes.uuid()
      table.insert(script[6][3].volume, { id = "d", name = "cpi-disk-" .. name, state = "Allocated" })
      return name
    end }
    script[7] = { "deleteVolume", { id = "d" } }
    local failure = fake.failure(create_disk, cpi, 1500, {})
    assert.equal("creating disk cpi-disk-" .. name .. ": createVolume: no such pool (530)", failure.message)
  end)

  it("is NoDiskSpace when no storage is large enough", function()
    local failure, journal = failing { can, offerings, zones,
      made(nil, { job_fails = "Unable to find suitable primary storage when creating volume", job = false }), tag, find() }
    assert.equal("Bosh::Clouds::NoDiskSpace", failure.type)
    assert.same({}, journal)
  end)

  it("after a refused request leaves nothing", function()
    local failure, journal = failing { can, offerings, zones,
      { "createVolume", {}, refuse = "Volume size: 100000 GB is out of allowed range", code = 431 }, find() }
    assert.truthy(failure.message:find("out of allowed range (431)", 1, true))
    assert.same({}, journal)
  end)

  it("because nobody knows keeps its journal entry: the disk may still appear", function()
    local failure, journal, cpi = failing { can, offerings, zones,
      { "createVolume", {}, fault = "closed", sent = true, unknown = true }, find(), find() }
    assert.truthy(failure.message:find("CloudStack knows nothing of its job", 1, true))
    local _, text = next(journal)
    assert.equal(cpi.sent[4][2].name, fake.json.decode(text).name)
  end)

  it("is none when the reply was lost and the job is found", function()
    local cid, cpi = create { can, offerings, zones,
      made(nil, { fault = "closed", sent = true, job = { volume = { id = "d" } } }), tag }
    assert.truthy(cid)
    assert.equal(5, #cpi.sent)
  end)
end)

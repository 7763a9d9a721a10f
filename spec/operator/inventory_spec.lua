local inventory = require "operator.inventory"

-- (on a simulated cloud, and on paper: spec/commands/list_spec.lua)

local NOW = 1767225600 + 3600
local MADE = "2026-01-01T00:00:00+0000"

local function tagged(set)
  local list = {}
  for key, value in pairs(set) do list[#list + 1] = { key = key, value = value } end
  return list
end

local function client(answers)
  return { asked = {}, say = function(failure) return failure.text end, wave = function(self, requests)
    local outcomes = {}
    for i, request in ipairs(requests) do
      self.asked[i] = request[1]
      outcomes[i] = answers[request[1]] or { rows = {} }
    end
    return outcomes
  end }
end

local function any() return true end

local function look(answers, words, owns) return inventory.look(client(answers), words or inventory.words, owns or any, NOW) end

describe("an inventory", function()
  it("asks for what is wanted, and what that rests on", function()
    local one = client {}
    inventory.look(one, { "disks", "snapshots" }, any, NOW)
    assert.same({ "listVirtualMachines", "listVolumes", "listSnapshots" }, one.asked)
    one = client {}
    inventory.look(one, { "addresses" }, any, NOW)
    assert.same({ "listPublicIpAddresses" }, one.asked)
  end)

  it("has VMs of the CPI that are there, by instance", function()
    local found = look { listVirtualMachines = { rows = {
      { id = "1", name = "cpivm-1", state = "Running", cpunumber = 2, memory = 2048, hostname = "h", serviceofferingname = "o",
        displayname = "d", zonename = "z", created = MADE, nic = { { ipaddress = "10.0.0.1" }, { ipaddress = "10.1.0.1" } },
        tags = tagged { director_uuid = "d1", director = "bosh", deployment = "cf", name = "web/b" } },
      { id = "2", name = "cpivm-2", state = "Stopped", tags = tagged { name = "web/a" } },
      { id = "3", name = "cpivm-3", state = "Destroyed" }, { id = "4", name = "somebodys", state = "Running" },
      { id = "5", name = "renamed", state = "Running", tags = tagged { bosh_cid = "cpivm-5" } },
    } } }
    assert.same({ cid = "cpivm-1", id = "1", instance = "web/b", deployment = "cf", director = "d1", director_name = "bosh", zone = "z",
      created = MADE, age = 3600, state = "Running", cpus = 2, memory_mb = 2048, offering = "o", addresses = { "10.0.0.1", "10.1.0.1" },
      host = "h", display_name = "d" }, found.vms[2])
    assert.same({ "cpivm-2", "cpivm-1", "cpivm-5" }, { found.vms[1].cid, found.vms[2].cid, found.vms[3].cid })
    assert.equal(3, #found.vms)
  end)

  it("has disks by what they are: persistent, ephemeral of a VM or left by one, and counts root disks of its VMs", function()
    local GB = 1 << 30
    local found = look { listVirtualMachines = { rows = {
      { id = "1", name = "cpivm-1", tags = tagged { name = "web/a", director_uuid = "d" } } } },
      listVolumes = { rows = {
        { id = "r", name = "ROOT-1", type = "ROOT", virtualmachineid = "1", size = 2 * GB },
        { id = "s", name = "ROOT-2", type = "ROOT", virtualmachineid = "other", size = 2 * GB },
        { id = "e", name = "DATA-1", type = "DATADISK", deviceid = 1, virtualmachineid = "1", vmname = "cpivm-1", size = 5 * GB },
        { id = "l", name = "DATA-2", type = "DATADISK", size = GB, tags = tagged { bosh_ephemeral_of = "cpivm-9" } },
        { id = "x", name = "DATA-3", type = "DATADISK", size = GB },
        { id = "p", name = "cpi-disk-1", type = "DATADISK", size = GB + 1 },
        { id = "q", name = "cpi-disk-2", type = "DATADISK", state = "Destroy" },
      } } }
    local kinds = {}
    for _, row in ipairs(found.disks) do kinds[row.cid] = row.kind end
    assert.same({ ["DATA-1"] = "ephemeral", ["DATA-2"] = "ephemeral", ["cpi-disk-1"] = "persistent" }, kinds)
    assert.same({ count = 1, gb = 2.0 }, found.root)
    assert.same({ "DATA-1", "web/a", "d", "cpivm-1" }, { found.disks[1].cid, found.disks[1].instance, found.disks[1].director,
      found.disks[1].vm })
    local sums = inventory.sums(found)
    assert.same({ 1, 1.1, 2, 6.0, 2 }, { sums.persistent_disks, sums.persistent_gb, sums.ephemeral_disks, sums.ephemeral_gb,
      sums.unattached_disks })
  end)

  it("has a stemcell once for all its zones, and is not ready where one is not", function()
    local function row(zone, ready) return { id = "t", name = "cpitemplate-1", zonename = zone, isready = ready, status = "50%",
      size = 3 << 30, displaytext = "ubuntu/1" } end
    local found = look { listTemplates = { rows = { row("a", true), row("b", false), row("c", true), { id = "u", name = "plain" } } } }
    assert.same({ 1, "50%", { "a", "b", "c" }, "ubuntu/1" }, { #found.stemcells, found.stemcells[1].state, found.stemcells[1].zones,
      found.stemcells[1].stemcell })
    found = look { listTemplates = { rows = { row("a", true), row("b", true) } } }
    assert.equal("Ready", found.stemcells[1].state)
  end)

  it("has addresses and snapshots of the CPI, with what they are of", function()
    local found = look { listPublicIpAddresses = { rows = { { id = "a", ipaddress = "192.0.2.1", state = "Allocated", allocated = MADE,
      isstaticnat = true, associatednetworkname = "n", tags = tagged { ["cpivm-1"] = "acquired", director_uuid = "d" } },
      { id = "b", ipaddress = "192.0.2.2" } } },
      listSnapshots = { rows = { { id = "s", name = "cpi-snapshot-1", volumename = "cpi-disk-1", state = "BackedUp", physicalsize = 0,
        virtualsize = 1 << 30 }, { id = "t", name = "theirs" } } } }
    assert.same({ 1, "192.0.2.1", "cpivm-1", 3600, true, "n" }, { #found.addresses, found.addresses[1].cid, found.addresses[1].vm,
      found.addresses[1].age, found.addresses[1].static_nat, found.addresses[1].network })
    assert.same({ 1, "s", "cpi-disk-1", 1.0 }, { #found.snapshots, found.snapshots[1].cid, found.snapshots[1].disk,
      found.snapshots[1].gb })
  end)

  it("has only what is asked for", function()
    local asked = {}
    local found = look({ listVirtualMachines = { rows = { { id = "1", name = "cpivm-1", tags = tagged { a = "b" } },
      { id = "2", name = "cpivm-2" } } } },
      { "vms" }, function(set, cid)
        asked[cid] = set
        return cid == "cpivm-2"
      end)
    assert.same({ 1, "cpivm-2" }, { #found.vms, found.vms[1].cid })
    assert.same({ ["cpivm-1"] = { a = "b" }, ["cpivm-2"] = {} }, asked)
    assert.is_nil(found.disks)
  end)

  it("says what it could not look at, and counts by director", function()
    local found = look { listSnapshots = { failure = { text = "not allowed" } }, listVirtualMachines = { rows = {
      { id = "1", name = "cpivm-1", state = "Running", cpunumber = 2, memory = 1024,
        tags = tagged { director_uuid = "b", director = "east" } },
      { id = "2", name = "cpivm-2", state = "Stopped", cpunumber = 4, memory = 1024, tags = tagged { director_uuid = "b" } },
      { id = "3", name = "cpivm-3", state = "Running" } } } }
    assert.same({ "snapshots: not allowed" }, found.unseen)
    local directors = inventory.directors(found)
    assert.same({ "-", "b" }, { directors[1].uuid, directors[2].uuid })
    assert.same({ uuid = "b", name = "east", vms = 2, disks = 0, stemcells = 0, addresses = 0, snapshots = 0 }, directors[2])
    local sums = inventory.sums(found)
    assert.same({ 3, 2, 2, 1024 }, { sums.vms, sums.running, sums.cpus, sums.memory_mb })
  end)

  it("names the directors that are there, where one is not", function()
    local there = client { listVirtualMachines = { rows = {
      { id = "1", name = "cpivm-1", state = "Running", tags = tagged { director_uuid = "b" } },
      { id = "2", name = "cpivm-2", state = "Running", tags = tagged { director_uuid = "a" } },
      { id = "3", name = "cpivm-3", state = "Running" } } } } -- which carries no director
    assert.same({ "a", "b" }, inventory.others(there, "c", NOW))
    assert.is_nil(inventory.others(there, "b", NOW))
    assert.same({}, inventory.others(client {}, "b", NOW))
  end)
end)

local fake = require "tests.support.fake"
local snapshot_disk = require "verbs.snapshot_disk"

local function disk(state)
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { { id = "d", name = "cpi-disk-1", state = state or "Ready" } } } }
end

-- CloudStack's word for the snapshot, with the tags that it was given.
local tags = fake.json.array { { key = "bosh_kind", value = "snapshot" }, { key = "director_uuid", value = "director-1" },
  { key = "bosh_request", value = "cpi-123456" }, { key = "index", value = "0" } }

local function row(state, with)
  local list = with or fake.json.array {}
  return { id = "s", name = "cpi-snapshot-1", state = state, tags = list }
end

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"

-- The failure is raised once the script has been held against what was sent, undoing included.
local function snapshot(script, metadata, options)
  for key, value in pairs(options or {}) do script[key] = value end
  local function run()
    local cpi <close> = fake.cpi(script)
    local ok, result = pcall(snapshot_disk, cpi, "cpi-disk-1", metadata or { index = 0 })
    return ok, result, cpi
  end
  local ok, result, cpi = run()
  if not ok then error(result, 0) end
  return result, cpi
end

-- What is merged later depends on the name, which is random: CloudStack's own answer is made of the request.
local function created(more)
  local step = { "createSnapshot", { volumeid = "d" }, id = ID }
  for key, value in pairs(more) do step[key] = value end
  return step
end

describe("snapshot_disk", function()
  it("names, tags and waits, in one look and one job, and answers CloudStack's id", function()
    local cid, cpi = snapshot({ disk(), created { job = { snapshot = row("BackedUp", tags) } },
      { "createTags", { resourceids = "s", resourcetype = "Snapshot" }, job = {} } })
    assert.equal(ID, cid)
    assert.same({ "listVolumes", "createSnapshot", "createTags" }, cpi.waves)
    local sent, told = cpi.sent[2][2], {}
    assert.matches("^cpi%-snapshot%-%x+%-", sent.name)
    for i = 0, 4 do told[sent[("tags[%d].key"):format(i)]] = sent[("tags[%d].value"):format(i)] end
    assert.same({ bosh_cid = sent.name, bosh_kind = "snapshot", bosh_request = "cpi-123456", director_uuid = "director-1",
      index = "0" }, told)
    -- only what the answer lacks is set afterwards, as before 4.15
    assert.equal("bosh_cid", cpi.sent[3][2]["tags[0].key"])
    assert.is_nil(cpi.sent[3][2]["tags[1].key"])
  end)

  it("does not wait for ever for that", function()
    local script = { disk(), created { job = { snapshot = row "BackingUp" } },
      settings = { cloudstack = { timeout = { snapshot_volume = 1 } } } }
    for i = 1, 5 do -- at once, and after 0.2, 0.5, 0.95 and 1.625 s
      script[2 + i] = { "listSnapshots", { id = ID }, { snapshot = { { id = ID, name = "x", state = "BackingUp" } } } }
    end
    script[#script + 1] = { "deleteSnapshot", { id = ID }, job = {} }
    assert.equal(("snapshot %s is still BackingUp after 1 s"):format(ID), fake.failure(snapshot, script).message)
  end)

  it("waits until CloudStack has backed it up, also where the job does not", function()
    local function seen(state) return { "listSnapshots", { id = ID }, { snapshot = {
      { id = ID, name = "x", state = state, tags = tags } } } } end
    local cid, cpi = snapshot({ disk(), created { job = { snapshot = row "BackingUp" } }, seen "BackingUp", seen "BackedUp",
      { "createTags", { resourceids = ID }, job = {} } })
    assert.equal(ID, cid)
    assert.truthy(#cpi.clock.slept > 0)
  end)

  it("explains why a disk that was never attached has none, by the one class after which the director goes on", function()
    local failure = fake.failure(snapshot, { disk "Allocated" })
    assert.equal("Bosh::Clouds::NotImplemented", failure.type)
    assert.truthy(failure.message:find("disk 'cpi-disk-1' was never attached", 1, true))
  end)

  it("removes what a failed one leaves", function()
    local capture = {}
    local failure = fake.failure(snapshot, { disk(), created { job_fails = "no room on secondary storage" },
      { "deleteSnapshot", { id = ID }, job = {} } }, nil, { store = true, capture = capture })
    assert.equal("taking a snapshot of disk cpi-disk-1: createSnapshot: no room on secondary storage (530)", failure.message)
  end)

  it("removes one that ended in Error", function()
    assert.equal("snapshot " .. ID .. " ended in the state Error", fake.failure(snapshot, { disk(),
      created { job = { snapshot = row "Allocated" } },
      { "listSnapshots", { id = ID }, { snapshot = { { id = ID, name = "x", state = "Error" } } } },
      { "deleteSnapshot", { id = ID }, job = {} } }).message)
  end)

  it("finds one whose answer is lost by its name", function()
    local cid = snapshot({ disk(), created { fault = "closed", sent = true, job = { snapshot = row("BackedUp", tags) },
      instance = ID }, { "createTags", {}, job = {} } })
    assert.equal(ID, cid)
    local failure = fake.failure(snapshot, { disk(), created { fault = "closed", sent = true, unknown = true },
      { "listSnapshots", {}, { snapshot = {} } }, { "listSnapshots", {}, {} } }, nil, { store = true })
    assert.matches("CloudStack knows nothing of its job", failure.message)
  end)

  it("keeps a journal entry of one that may still appear, and of none else", function()
    local script = { disk(), created { fault = "closed", sent = true, unknown = true }, { "listSnapshots", {}, {} },
      { "listSnapshots", {}, {} }, store = true }
    local cpi <close> = fake.cpi(script)
    fake.failure(snapshot_disk, cpi, "cpi-disk-1", {})
    local rows = cpi.store.rows "journal"
    assert.equal(1, #rows)
    local entry = fake.json.decode(rows[1].value)
    assert.same({ "snapshot", cpi.sent[2][2].name, cpi.sent[2][2].customjobid }, { entry.kind, entry.name, entry.job })
  end)

  it("says what is missing", function()
    assert.equal("Bosh::Clouds::DiskNotFound", fake.failure(snapshot, { { "listVolumes", {}, {} } }).type)
  end)
end)

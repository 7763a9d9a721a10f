local fake = require "tests.support.fake"
local snapshots = require "cloudstack.snapshots"

-- (create and its waiting: spec/verbs/snapshot_disk_spec.lua)

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"

local function delete(script)
  local cpi <close> = fake.cpi(script)
  local ok, failure = pcall(snapshots.delete, cpi, ID)
  return ok, failure
end

describe("a snapshot", function()
  it("has a name that is the CPI's", function() assert.equal("cpi-snapshot-u", snapshots.new_name "u") end)

  it("is found by its id or exactly its name", function()
    local row = { id = ID, name = "cpi-snapshot-1" }
    do
      local cpi <close> = fake.cpi { { "listSnapshots", { id = ID }, { snapshot = { row } } } }
      assert.equal(ID, snapshots.find(cpi, ID).id)
    end
    local other = { id = "x", name = "cpi-snapshot-12" }
    local cpi <close> = fake.cpi { { "listSnapshots", { name = "cpi-snapshot-1" }, { snapshot = { other, row } } } }
    assert.equal(ID, snapshots.find(cpi, "cpi-snapshot-1").id)
  end)
end)

describe("deleting a snapshot", function()
  it("is one job", function() assert.is_true(delete { { "deleteSnapshot", { id = ID }, job = {} } }) end)

  for _, step in ipairs {
    { job_fails = "Snapshot with id 7 is already destroyed" }, { job_fails = "Unable to find a snapshot with id 7" },
    { refuse = "unable to find a snapshot with id 7", code = 431 },
    { refuse = "Unable to execute API command deletesnapshot due to invalid value. Invalid parameter id value=" .. ID
      .. " due to incorrect long value format, or entity does not exist", code = 431 },
  } do
    local words = step.job_fails or step.refuse
    it("that is gone succeeds: " .. words:sub(1, 60), function()
      assert.is_true(delete { { "deleteSnapshot", { id = ID }, job_fails = step.job_fails, refuse = step.refuse, code = step.code } })
    end)
  end

  it("for another reason fails in CloudStack's words", function()
    local ok, failure = delete { { "deleteSnapshot", { id = ID }, job_fails = "Snapshot is in use", code = 530 },
      { "listSnapshots", { id = ID }, { snapshot = { { id = ID, name = "s" } } } } }
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.truthy(failure.message:find("deleting snapshot " .. ID, 1, true), failure.message)
    assert.truthy(failure.message:find("Snapshot is in use", 1, true), failure.message)
  end)

  it("whose job ended without a word looks whether it is done", function()
    local function look(rows) return { "listSnapshots", { id = ID }, { snapshot = rows } } end
    assert.is_true(delete { { "deleteSnapshot", { id = ID }, job = {}, vanishes = true }, look {} })
    assert.is_false(delete { { "deleteSnapshot", { id = ID }, job = {}, vanishes = true }, look { { id = ID, name = "s" } } })
  end)
end)

local delete_snapshot = require "verbs.delete_snapshot"
local fake = require "tests.support.fake"

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"

local function delete(script, cid)
  local function run()
    local cpi <close> = fake.cpi(script)
    local ok, result = pcall(delete_snapshot, cpi, cid or ID)
    return ok, result, cpi
  end
  local ok, result, cpi = run()
  if not ok then error(result, 0) end
  return result, cpi
end

describe("delete_snapshot", function()
  it("is one job", function()
    local result, cpi = delete { { "deleteSnapshot", { id = ID }, job = { success = true } } }
    assert.is_nil(result)
    assert.same({ "deleteSnapshot" }, cpi.waves)
  end)

  it("succeeds for one that is gone, or never was", function()
    delete { { "deleteSnapshot", {}, job_fails = "Snapshot [Snapshot {..}] is already destroyed", code = 431 } }
    delete { { "deleteSnapshot", {}, refuse = "Unable to execute API command deletesnapshot due to invalid value. Invalid "
      .. "parameter id value=" .. ID .. " due to incorrect long value format, or entity does not exist or due to ..." } }
    delete { { "deleteSnapshot", {}, job_fails = "unable to find a snapshot with id 7", code = 431 } }
  end)

  it("takes a name, too", function()
    delete({ { "listSnapshots", { name = "cpi-snapshot-1" }, { snapshot = { { id = ID, name = "cpi-snapshot-1" },
      { id = "other", name = "cpi-snapshot-10" } } } }, { "deleteSnapshot", { id = ID }, job = {} } }, "cpi-snapshot-1")
    delete({ { "listSnapshots", {}, {} } }, "cpi-snapshot-1")
  end)

  it("raises where the snapshot stays", function()
    local failure = fake.failure(delete, { { "deleteSnapshot", {}, job_fails = "it is in BackingUp Status", code = 431 },
      { "listSnapshots", { id = ID }, { snapshot = { { id = ID, name = "s" } } } } })
    assert.equal(("deleting snapshot %s: deleteSnapshot: it is in BackingUp Status (431)"):format(ID), failure.message)
  end)

  it("takes a job that died for what it did", function()
    delete { { "deleteSnapshot", {}, dies = true }, { "listSnapshots", {}, {} } }
  end)
end)

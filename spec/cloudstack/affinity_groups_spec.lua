local fake = require "tests.support.fake"
local groups = require "cloudstack.affinity_groups"

local ANTI = "host anti-affinity"
local entry = { note = function() end, close = function() end }

local function create(script)
  local cpi <close> = fake.cpi(script)
  local ok, group, is_new = pcall(groups.create, cpi, "db", ANTI, entry)
  return ok, group, is_new, cpi
end

local function list(...) return { "listAffinityGroups", { name = "db" }, { affinitygroup = { ... } } } end

describe("an affinity group", function()
  it("is ours by its description", function()
    local cpi <close> = fake.cpi {}
    assert.is_true(groups.is_ours { description = require("cloudstack.made_by").text(cpi) })
    assert.is_false(groups.is_ours { description = "for my databases" })
    assert.is_false(groups.is_ours {})
  end)

  it("is found by exactly its name", function()
    assert.equal("2", groups.named({ { id = "1", name = "db2" }, { id = "2", name = "db" } }, "db").id)
    assert.is_nil(groups.named({ { id = "1", name = "db2" } }, "db"))
    assert.equal("1", groups.named({ { id = "1", name = "Db" } }, "dB").id)
  end)

  it("of another type than the one wanted is a CloudError with both", function()
    groups.check_type({ name = "db", type = ANTI }, ANTI)
    groups.check_type({ name = "db", type = ANTI }, nil)
    local failure = fake.failure(groups.check_type, { name = "db", type = ANTI }, "host affinity")
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("affinity group 'db' is of type 'host anti-affinity', 'host affinity' is wanted; it is left as it is", failure.message)
  end)
end)

describe("making an affinity group", function()
  it("marks it as ours, and is one job", function()
    local ok, group, is_new, cpi = create { { "createAffinityGroup", { name = "db", type = ANTI }, id = "g",
      job = { affinitygroup = { id = "g" } } } }
    assert.is_true(ok, tostring(group))
    assert.same({ id = "g", name = "db", type = ANTI }, group)
    assert.is_true(is_new)
    assert.is_true(groups.is_ours { description = cpi.sent[1][2].description })
  end)

  it("takes the one that another process has made meanwhile", function()
    local ok, group, is_new = create { { "createAffinityGroup", {}, refuse = "affinity group with name db already exists" },
      list { id = "theirs", name = "db", type = ANTI } }
    assert.is_true(ok, tostring(group))
    assert.equal("theirs", group.id)
    assert.is_false(is_new)
  end)

  it("does not take one of another type", function()
    local ok, failure = create { { "createAffinityGroup", {}, refuse = "affinity group with name db already exists" },
      list { id = "theirs", name = "db", type = "host affinity" } }
    assert.is_false(ok)
    assert.truthy(failure.message:find("is of type 'host affinity'", 1, true), failure.message)
  end)

  it("fails in CloudStack's words where it refuses, or the other's is gone again", function()
    local ok, failure = create { { "createAffinityGroup", {}, refuse = "no such type" } }
    assert.is_false(ok)
    assert.truthy(failure.message:find("creating affinity group db", 1, true), failure.message)
    assert.truthy(failure.message:find("no such type", 1, true), failure.message)
    assert.is_false((create { { "createAffinityGroup", {}, refuse = "affinity group with name db already exists" }, list() }))
  end)
end)

describe("deleting affinity groups that are empty", function()
  local function members(id, ...)
    return { "listVirtualMachines", { affinitygroupid = id, details = "min" }, { virtualmachine = { ... } } }
  end
  local a, b = { id = "a", name = "group-a" }, { id = "b", name = "group-b" }

  local function delete(script, given)
    local cpi <close> = fake.cpi(script)
    return groups.delete_empty(cpi, given)
  end

  it("looks at all of them at once, and leaves those with a living VM, whose VMs it tells", function()
    local living = { id = "v", name = "vm", state = "Running" }
    local left, rows = delete({ members("a", living), members("b", { id = "w", name = "old", state = "Expunging" }),
      { "deleteAffinityGroup", { id = "b" }, job = {} } }, { a, b })
    assert.same({}, left)
    assert.equal("v", rows[1].id)
    assert.equal(1, #rows)
  end)

  it("asks nothing where there is none", function() assert.same({}, (delete({}, {}))) end)

  it("reports what could not be looked at or deleted, and no other", function()
    local left = delete({ members "a", { "listVirtualMachines", {}, refuse = "not allowed", code = 432 },
      { "deleteAffinityGroup", { id = "a" }, job_fails = "it is used" },
      { "listAffinityGroups", { name = "group-a" }, { affinitygroup = { a } } } }, { a, b })
    assert.equal(2, #left)
    assert.equal(b, left[1].group)
    assert.truthy(left[1].words:find("not allowed", 1, true), left[1].words)
    assert.equal(a, left[2].group)
    assert.truthy(left[2].words:find("it is used", 1, true), left[2].words)
  end)

  it("is content where another process was faster, before the look at its VMs", function()
    local unknown = "Invalid parameter affinitygroupid value=a due to incorrect long value format, or entity does not exist"
    local gone = { "listAffinityGroups", { name = "group-a" }, {} }
    assert.same({}, (delete({ { "listVirtualMachines", {}, refuse = unknown }, gone }, { a })))
  end)

  it("is content with a failed job where the group is gone", function()
    assert.same({}, (delete({ members "a", { "deleteAffinityGroup", { id = "a" }, job_fails = "no such group" },
      { "listAffinityGroups", { name = "group-a" }, {} } }, { a })))
  end)
end)

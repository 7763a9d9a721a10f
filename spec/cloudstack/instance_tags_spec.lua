local instance_tags = require "cloudstack.instance_tags"

local function row(set)
  local tags = {}
  for key, value in pairs(set) do tags[#tags + 1] = { key = key, value = value } end
  return { tags = tags }
end

describe("the instance of a VM or disk", function()
  it("is what set_vm_metadata said, written as env.bosh.groups has it", function()
    assert.same({ group = "my-bosh-cf-east-diego-cell", deployment = "cf-east", instance_group = "diego-cell", index = 3,
      tags = { cost = "42" } }, instance_tags.of(row {
      director = "my_bosh", deployment = "CF_East", job = "diego-cell", instance_group = "diego-cell", index = "3", id = "u",
      name = "diego-cell/u", created_at = "2026-01-01T00:00:00Z", cost = "42", director_uuid = "d", bosh_cid = "c", bosh_kind = "vm",
      director_name = "bosh",
    }))
  end)

  it("is what set_disk_metadata and snapshot_disk say", function()
    assert.same({ group = "bosh-cf-db", deployment = "cf", instance_group = "db", index = 0 }, instance_tags.of(row {
      director = "bosh", deployment = "cf", instance_group = "db", instance_index = "0", instance_id = "u", attached_at = "x",
    }))
    assert.same({ group = "bosh-cf-db", deployment = "cf", instance_group = "db", index = 0 }, instance_tags.of_set {
      director_name = "bosh", deployment = "cf", job = "db", index = 0, agent_id = "a", instance_id = "i", director_uuid = "d",
    })
  end)

  it("is not known where BOSH has not spoken of it", function()
    assert.same({}, instance_tags.of {})
    assert.same({}, instance_tags.of(row { director_uuid = "d", bosh_cid = "c" }))
    assert.same({ deployment = "cf" }, instance_tags.of(row { director = "bosh", deployment = "cf", index = "x" }))
    assert.same({ instance_group = "-" }, instance_tags.of_set { deployment = 5, job = {}, instance_group = "_!", index = 1.5 })
  end)
end)

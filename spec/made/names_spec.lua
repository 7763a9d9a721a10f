local fake = require "tests.support.fake"
local naming = require "made.names"

describe("naming", function()
  it("gives each object the tags by which it is found again", function()
    local cpi <close> = fake.cpi { settings = { director = { name = "prod" } } }
    local names = naming.of(cpi, "vm", "cpivm-1", { agent_id = "agent-1", instance = { group = "prod-cf-web" } })
    assert.same({
      director_uuid = "director-1", bosh_request = "cpi-123456", bosh_cid = "cpivm-1", bosh_agent_id = "agent-1",
      bosh_kind = "vm", director_name = "prod",
    }, names.tags)
    assert.equal("prod-cf-web cpivm-1", names.display_name)
  end)

  it("does without request id and director, which the CLI does not send", function()
    local cpi <close> = fake.cpi {}
    cpi.context.director_uuid, cpi.context.request_id = nil, nil
    assert.same({ bosh_cid = "cpi-disk-1", bosh_kind = "disk" }, naming.of(cpi, "disk", "cpi-disk-1").tags)
  end)

  it("lets the site decide the rest, never those tags", function()
    local cpi <close> = fake.cpi { policies = { names = function(facts)
      return { display_name = facts.kind .. "!", tags = { bosh_cid = "forged", director_uuid = "forged", team = "a",
        bosh_ephemeral_of = "cpivm-9" } }
    end } }
    local names = naming.of(cpi, "disk", "cpi-disk-1")
    assert.equal("disk!", names.display_name)
    assert.is_nil(names.tags.bosh_ephemeral_of)
    assert.same({ "cpi-disk-1", "director-1", "a" }, { names.tags.bosh_cid, names.tags.director_uuid, names.tags.team })
  end)

  it("has one tag of keys that CloudStack takes for one, its own first", function()
    local capture = {}
    local cpi <close> = fake.cpi { capture = capture, policies = { names = function()
      return { display_name = "x", tags = { Director_UUID = "forged", Team = "a" } }
    end } }
    local tags = naming.of(cpi, "vm", "cpivm-1", { given_tags = { ["team "] = "b", cost = "9" } }).tags
    assert.same({ "director-1", "a", "9" }, { tags.director_uuid, tags.Team, tags.cost })
    assert.same({ nil, nil }, { tags.Director_UUID, tags["team "] })
    assert.truthy(table.concat(capture, "\n"):find("debug tag 'team ' is 'Team' to CloudStack, which is set: it is not", 1, true))
  end)

  it("cuts a name to what CloudStack takes, and no shorter", function()
    local length
    local cpi <close> = fake.cpi { policies = { names = function() return { display_name = ("x"):rep(length), tags = {} } end } }
    for given, left in pairs { [254] = 254, [255] = 255, [256] = 255 } do
      length = given
      assert.equal(left, #naming.of(cpi, "vm", "c").display_name)
    end
  end)

  it("takes over the tags that BOSH asks for, cleaned", function()
    local cpi <close> = fake.cpi {}
    local tags = naming.of(cpi, "stemcell", "cpitemplate-1",
      { given_tags = { owner = "me", empty = "", count = 3, nothing = fake.json.null } }).tags
    assert.same({ "me", "3" }, { tags.owner, tags.count })
    assert.is_nil(tags.empty)
    assert.is_nil(tags.nothing)
  end)
end)

local environment = require "request.environment"

describe("the group of a VM", function()
  it("is env.bosh.group", function()
    assert.equal("director-dep-web", environment.group { bosh = { group = "director-dep-web", groups = { "other" } } })
  end)

  for what, env in pairs {
    ["an empty text"] = { bosh = { group = "" } }, ["none"] = { bosh = {} }, ["no env.bosh"] = {}, ["a number"] = { bosh = { group = 3 } },
    ["an env.bosh that is a text"] = { bosh = "x" },
  } do
    it("is absent with " .. what, function() assert.is_nil(environment.group(env)) end)
  end
end)

describe("the message bus of env", function()
  it("is there with at least one URL", function()
    assert.is_true(environment.has_message_bus { bosh = { mbus = { urls = { "nats://10.0.0.5:4222" } } } })
    for _, env in ipairs { {}, { bosh = "x" }, { bosh = {} }, { bosh = { mbus = "x" } }, { bosh = { mbus = { urls = {} } } } } do
      assert.is_false(environment.has_message_bus(env))
    end
  end)
end)

describe("the instance of a VM", function()
  local GROUP = "prod-cf-east-diego-cell"
  local groups = { "prod", "cf-east", "diego-cell", "prod-cf-east", "cf-east-diego-cell", "prod-cf-east-diego-cell" }

  it("is named by env.bosh.groups, whatever has dashes in it", function()
    assert.same({ group = GROUP, deployment = "cf-east", instance_group = "diego-cell", tags = { stage = "x", n = "5" } },
      environment.instance { bosh = { group = GROUP, groups = groups, tags = { stage = "x", n = 5, odd = {} } } })
  end)

  it("is not guessed where the list is another", function()
    for _, list in ipairs { { "a" }, { "prod", "cf", "east-diego-cell-x" }, { "prod", 5, "x" }, "prod", { "", "", "" } } do
      assert.same({ group = GROUP }, environment.instance { bosh = { group = GROUP, groups = list } })
    end
    assert.same({}, environment.instance { bosh = { groups = groups } })
    assert.same({}, environment.instance { bosh = "x" })
    assert.same({}, environment.instance { bosh = { tags = {} } })
  end)
end)

local bosh_names = require "operator.bosh_names"

describe("what BOSH calls an object", function()
  it("is the name that it gave, else group and id, else group and index", function()
    assert.equal("web/abc", bosh_names.instance { name = "web/abc", job = "other", id = "x" })
    assert.equal("web/abc", bosh_names.instance { instance_group = "web", id = "abc", index = "0" })
    assert.equal("web/abc", bosh_names.instance { instance_group = "web", instance_id = "abc" })
    assert.equal("bosh/0", bosh_names.instance { job = "bosh", index = "0", name = "no instance" })
    assert.equal("web", bosh_names.instance { job = "web" })
    assert.is_nil(bosh_names.instance { id = "abc", instance_group = "" })
  end)

  it("has every name by which it may be looked for", function()
    assert.same({ "web/abc", "web/abc", "web/0" }, bosh_names.instances { job = "web", id = "abc", index = "0" })
    assert.same({}, bosh_names.instances {})
  end)

  it("has its director and deployment", function()
    assert.equal("d", bosh_names.director { director = "d", director_name = "e" })
    assert.equal("e", bosh_names.director { director_name = "e" })
    assert.equal("cf", bosh_names.deployment { deployment = "cf" })
    assert.is_nil(bosh_names.deployment {})
  end)
end)

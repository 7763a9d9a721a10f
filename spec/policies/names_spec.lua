local ours = require("tests.support.decision").ours

describe("our policy of names", function()
  it("puts the instance group before a VM's CID, and the director's name into a tag", function()
    assert.same({ display_name = "web cpivm-1", tags = { bosh_kind = "vm", director_name = "prod" } },
      ours("names", { kind = "vm", cid = "cpivm-1", group = "web", director = "prod" }))
  end)

  it("shows a stemcell by its name and version", function()
    local facts = { kind = "stemcell", cid = "c", stemcell_name = "ubuntu", stemcell_version = "1.2" }
    assert.equal("ubuntu 1.2", ours("names", facts).display_name)
    facts.stemcell_version = nil
    assert.equal("ubuntu ", ours("names", facts).display_name)
  end)

  it("shows all else by its CID, and tags what it is", function()
    for _, kind in ipairs { "vm", "disk", "stemcell", "snapshot", "network" } do
      assert.same({ display_name = "c", tags = { bosh_kind = kind } }, ours("names", { kind = kind, cid = "c", director = "" }))
    end
    assert.equal("c", ours("names", { kind = "disk", cid = "c", group = "web" }).display_name)
    assert.equal("c", ours("names", { kind = "vm", cid = "c", stemcell_name = "ubuntu" }).display_name)
  end)
end)

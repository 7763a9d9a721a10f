local fake = require "tests.support.fake"
local key_pairs = require "cloudstack.key_pairs"

describe("key pairs", function()
  it("are listed, all of the account or the one of a name", function()
    local cpi <close> = fake.cpi { { "listSSHKeyPairs", {}, { sshkeypair = { { name = "a" }, { name = "b" } } }, without = { "name" } },
      { "listSSHKeyPairs", { name = "b" }, { sshkeypair = { { name = "b" } } } } }
    assert.equal(2, #cpi.cloudstack:rows(key_pairs.request()))
    assert.equal("b", cpi.cloudstack:rows(key_pairs.request "b")[1].name)
  end)

  it("have one name in whatever case", function()
    local rows = { { name = "bosh-key" }, { name = "Bosh" } }
    assert.equal("Bosh", key_pairs.named(rows, "bosh").name)
    assert.is_nil(key_pairs.named(rows, "bos"))
  end)
end)

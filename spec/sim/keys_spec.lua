local cloud = require "spec.sim.cloud"

local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCzsjnezbhfLSLYxHRFRz9BNx2jexT2F9OlG7teCeLj someone"

describe("SSH keys", function()
  local c
  before_each(function() c = cloud.new() end)

  it("are registered once per name and once per key", function()
    local row = c:call("registerSSHKeyPair", { name = "k", publickey = KEY }).keypair
    assert.matches("^%x%x:%x%x:", row.fingerprint)
    assert.is_nil(row.privatekey)
    assert.equal("431 A key pair with name 'k' already exists for this account.",
      (c:refused("registerSSHKeyPair", { name = "k", publickey = KEY .. "x" })))
    assert.matches("^431 A key pair with key 'ssh%-rsa .*' already exists for this account.$",
      (c:refused("registerSSHKeyPair", { name = "other", publickey = KEY })))
    assert.equal("431 Public key is invalid", (c:refused("registerSSHKeyPair", { name = "bad",
      publickey = "not a key" })))
  end)

  it("are listed by their whole name and belong to one account", function()
    assert.equal(1, #c:rows("listSSHKeyPairs", "sshkeypair", { name = "BOSH" }))
    assert.same({}, c:call("listSSHKeyPairs", { name = "bos" }))
    assert.same({}, c:call("listSSHKeyPairs", {}, "other"))
  end)

  it("can be deleted while a VM uses them, without a word", function()
    c:vm("vm-a", { keypair = "bosh" })
    assert.same({ success = true }, c:call("deleteSSHKeyPair", { name = "bosh" }))
    local text, payload = c:refused("deleteSSHKeyPair", { name = "bosh" })
    assert.equal("431 A key pair with name 'bosh' does not exist for account bosh in specified domain id", text)
    assert.equal("domainId", payload.uuidList[1].description)
  end)

  it("that are made show their private key once", function()
    local row = c:call("createSSHKeyPair", { name = "new" }).keypair
    assert.matches("^%-%-%-%-%-BEGIN RSA PRIVATE KEY%-%-%-%-%-\n.+\n%-%-%-%-%-END RSA PRIVATE KEY%-%-%-%-%-\n$", row.privatekey)
    assert.is_true(#row.privatekey > 1500) -- of 2048 bits
    assert.is_nil(c:rows("listSSHKeyPairs", "sshkeypair", { name = "new" })[1].privatekey)
  end)
end)

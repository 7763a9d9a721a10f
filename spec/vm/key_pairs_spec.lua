local fake = require "tests.support.fake"
local key_pairs = require "vm.key_pairs"

local function plan(properties, default, version)
  local cpi <close> = fake.cpi { settings = { cloudstack = { default_key_name = default or "" } } }
  return key_pairs.plan(cpi, { properties = properties }, { can = { version = version or "4.19.1.0" } })
end

local function parameters(...) return key_pairs.parameters(nil, nil, nil, { key_pairs = plan(...) }) end

describe("the key pairs of a VM", function()
  it("are its own, else the configured one, else none", function()
    assert.same({ keypair = "mine" }, parameters({ key_name = "mine" }, "default"))
    assert.same({ keypair = "default" }, parameters({}, "default"))
    assert.same({}, parameters({}))
    assert.same({}, parameters({ key_names = {} }, "default"))
  end)

  it("may be several, each once, since CloudStack 4.17", function()
    local several = { key_names = { "b", "a", "b" } }
    assert.same({ "b", "a" }, plan(several, "default", "4.17.0.0"))
    assert.same({ keypairs = "b,a" }, parameters(several, "default", "4.17.0.0"))
    assert.truthy(fake.failure(plan, several, "", "4.16.1.0").message:find("CloudStack 4.16.1.0 takes one key pair for a VM, not 2",
      1, true))
    assert.same({ keypair = "a" }, parameters({ key_names = { "a", "a" } }, "", "4.16.1.0"))
    assert.same({ keypair = "a" }, parameters({ key_names = { "a", "A" } }, "", "4.16.1.0"))
  end)

  for what, properties in pairs {
    ["both ways of saying it"] = { key_name = "a", key_names = { "b" } }, ["a number"] = { key_names = { 1 } },
    ["no name"] = { key_names = { "" } }, ["a comma"] = { key_names = { "a,b" } },
  } do
    it("are refused with " .. what, function()
      assert.truthy(fake.failure(plan, properties).message:find("key_names", 1, true))
    end)
  end
end)

describe("a deploy that was refused", function()
  local refusal = { kind = "refused", code = 431, text = "Not all specified keypairs exist" }
  local function explain(script, names, failure)
    local cpi <close> = fake.cpi(script)
    return key_pairs.explain(cpi, nil, nil, { key_pairs = names }, failure or refusal)
  end
  local list = { "listSSHKeyPairs", {}, { sshkeypair = { { name = "b", id = "2" }, { name = "c", id = "3" } } } }

  it("for a key pair names it and those that are there", function()
    assert.equal("key pair 'a' is not in CloudStack; there are: b, c", explain({ list }, { "b", "a" }))
    assert.truthy(explain({ list }, { "a" }, { kind = "refused",
      text = "A key pair with name 'a' does not exist for account x in specified domain id" }))
  end)

  it("for another reason, or where the list is forbidden, is left to CloudStack's words", function()
    assert.is_nil(explain({}, { "a" }, { kind = "refused", text = "no" }))
    assert.is_nil(explain({}, {}, refusal))
    assert.is_nil(explain({ list }, { "B" }))
    assert.is_nil(explain({ { "listSSHKeyPairs", {}, refuse = "not allowed", code = 432 } }, { "a" }))
  end)
end)

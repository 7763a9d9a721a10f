-- Key pairs: the operator's command, and VMs that are deployed with them.

local rig = require "rig"

local function create_vm(cloud, properties)
  properties.compute_offering = "shared.small"
  return cloud:cpi { method = "create_vm", api_version = 2, context = { director_uuid = "d" }, arguments = { "agent-1",
    "ubuntu-builtin", properties, { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } },
    rig.json.array {}, { bosh = { password = "x" } } } }
end

local read = require("tests.support.text_file").read

describe("cpi keypair", function()
  it("makes key pairs, shows the private key once, lists and deletes", function()
    local cloud <close> = rig.start { config = { log = { level = "debug" } } }
    local made = cloud:command { "keypair", "create", "director" }
    assert.equal(0, made.exit, made.stderr)
    assert.truthy(made.stdout:find "^%-%-%-%-%-BEGIN RSA PRIVATE KEY%-%-%-%-%-\n.*\n%-%-%-%-%-END RSA PRIVATE KEY%-%-%-%-%-\n$")
    assert.is_nil(made.stderr:find("PRIVATE KEY", 1, true))
    assert.is_nil(made.stderr:find(made.stdout:match "\n([^\n]+)\n", 1, true))
    local path = cloud.directory .. "/key"
    local quiet = cloud:command { "keypair", "create", "other", "--private-key", path }
    assert.same({ exit = 0, stdout = ("key pair 'other' is made; its private key is in %s\n"):format(path) },
      { exit = quiet.exit, stdout = quiet.stdout })
    assert.truthy(read(path):find "^%-%-%-%-%-BEGIN RSA PRIVATE KEY")
    assert.equal("600\n", io.popen("stat -c %a " .. rig.quote(path)):read "a")
    local list = cloud:command { "keypair", "list" }
    assert.truthy(list.stdout:find "%x%x:%x%x%S*  other\n%S+  director\n%S+  bosh\n")
    assert.equal("other", rig.json.decode(cloud:command({ "keypair", "list", "--output", "json" }).stdout)[1].name)
    for _, words in ipairs { "is deleted", "is not there" } do
      local deleted = cloud:command { "keypair", "delete", "other" }
      assert.same({ 0, ("key pair 'other' %s\n"):format(words) }, { deleted.exit, deleted.stdout })
    end
    assert.is_nil(cloud:command({ "keypair", "list" }).stdout:find "other")
  end)

  it("leaves no key pair whose private key nobody has", function()
    local cloud <close> = rig.start()
    local there = cloud:command { "keypair", "create", "k", "--private-key", cloud.config }
    assert.equal(1, there.exit)
    assert.truthy(there.stderr:find("File exists", 1, true))
    cloud:faults { { command = "createSSHKeyPair", fault = "lose" } }
    assert.equal(1, cloud:command({ "keypair", "create", "k" }).exit)
    assert.is_nil(cloud:command({ "keypair", "list" }).stdout:find "  k\n")
  end)

  it("says what cannot be done", function()
    local cloud <close> = rig.start()
    assert.equal(0, cloud:command({ "keypair", "create", "director" }).exit)
    local again = cloud:command { "keypair", "create", "director" }
    assert.same({ 1, "" }, { again.exit, again.stdout })
    assert.truthy(again.stderr:find("key pair 'director' is there already", 1, true))
    local vm_cid = create_vm(cloud, { key_name = "director" }).response.result[1]
    local used = cloud:command { "keypair", "delete", "director" }
    assert.equal(1, used.exit)
    assert.truthy(used.stderr:find("key pair 'director' is used by VM " .. vm_cid, 1, true))
    for _, words in ipairs { {}, { "create" }, { "create", "" }, { "list", "x" }, { "make", "x" }, { "delete", "a", "b" },
      { "delete", "a", "--private-key", "x" }, { "create", "a", "--output", "json" } } do
      local run = cloud:command { "keypair", table.unpack(words) }
      assert.equal(2, run.exit)
      assert.truthy(run.stderr:find("keypair create NAME", 1, true))
    end
  end)
end)

describe("a VM's key pairs", function()
  it("are the default, its own, or several", function()
    local cloud <close> = rig.start { config = { cloudstack = { default_key_name = "bosh" } } }
    cloud:command { "keypair", "create", "mine" }
    local cases = { { {}, { "bosh" } }, { { key_name = "mine" }, { "mine" } }, { { key_names = { "mine", "bosh" } }, { "mine", "bosh" } } }
    for i, case in ipairs(cases) do
      assert.equal(rig.json.null, create_vm(cloud, case[1]).response.error)
      assert.same(case[2], cloud:state().vms[i].keypairs)
    end
  end)

  it("that are not there are named, and nothing is left", function()
    for version, properties in pairs { ["4.23.0.0"] = { key_names = { "bosh", "nosuch" } }, ["4.16.1.0"] = { key_name = "nosuch" } } do
      local cloud <close> = rig.start { world = { version = version } }
      local run = create_vm(cloud, properties)
      assert.truthy(run.response.error.message:find("key pair 'nosuch' is not in CloudStack; there are: bosh", 1, true), run.stdout)
      assert.same({}, cloud:state().vms)
    end
  end)
end)

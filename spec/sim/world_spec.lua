local cloud = require "spec.sim.cloud"
local host = require "host_native"
local sim = require "sim"

describe("a world", function()
  local function refused(text, world)
    assert.has_error(function() sim.new { host = host, world = world } end, "world: " .. text)
  end

  it("changes what it names, adds what is new and takes away what is absent", function()
    local c = cloud.new {
      hypervisor = "KVM",
      service_offerings = { { name = "shared.small", memory = 2048 }, { name = "new", cpu = 1, memory = 1 } },
      disk_offerings = { { name = "shared.medium", absent = true } },
      accounts = { { name = "bosh", limits = { user_vm = 7 } }, { name = "third", role = "user" } },
      settings = { ["expunge.delay"] = 5 },
    }
    local rows = c:rows("listServiceOfferings", "serviceoffering")
    assert.equal(2048, rows[1].memory)
    assert.equal(5, #rows)
    assert.is_nil(c.disk["shared.medium"])
    assert.equal("QCOW2", c:rows("listTemplates", "template", { templatefilter = "featured" })[1].format)
    assert.equal(4, #c.sim.accounts)
    assert.equal(86, #c.sim.accounts[4].secretkey)
    assert.not_equal(c.sim.accounts[4].secretkey, c.sim.accounts[3].secretkey)
  end)

  it("says what is wrong with it", function()
    refused("unknown key 'zone'", { zone = {} })
    refused("version is a number, not a string", { version = 4 })
    refused("'new' is not a version", { version = "new" })
    refused("unknown hypervisor 'Qemu'", { hypervisor = "Qemu" })
    refused("networks[1] has no name", { networks = { {} } })
    refused("networks 'n' has no zone", { networks = { { name = "n", type = "L2" } } })
    refused("networks 'n': zone 'x' does not exist",
      { networks = { { name = "n", zone = "x", type = "Isolated", cidr = "10.0.0.0/24", gateway = "10.0.0.1" } } })
    refused("networks 'bosh-net': '10.0.0.0' is not a cidr", { networks = { { name = "bosh-net", cidr = "10.0.0.0" } } })
    refused("networks 'bosh-net': gateway '10.0.9.1' is not inside 10.0.0.0/24",
      { networks = { { name = "bosh-net", gateway = "10.0.9.1" } } })
    for _, address in ipairs { "10.0.0.255", "10.0.2.0", "nonsense" } do
      refused(("networks 'bosh-net': range address '%s' is not inside 10.0.1.0/24"):format(address),
        { networks = { { name = "bosh-net", cidr = "10.0.1.0/24", gateway = "10.0.1.1", range = { "10.0.1.9", address } } } })
    end
    refused("accounts 'bosh': role is 'admin', 'domainadmin' or 'user', not 'boss'", { accounts = { { name = "bosh",
      role = "boss" } } })
    refused("accounts 'bosh': unknown key 'colour'", { accounts = { { name = "bosh", colour = "red" } } })
    refused("unknown setting 'expunge'", { settings = { expunge = 1 } })
    refused("default_account 'nobody' does not exist", { default_account = "nobody" })
  end)

  it("says all that is wrong with it at once", function()
    refused("4 mistakes\n  unknown key 'setings'\n  version is a number, not a string\n  networks 'n' has no zone\n"
      .. "  networks 'n' has no type", { setings = {}, version = 4, networks = { { name = "n" } } })
    refused("3 mistakes\n  settings: expunge.delay is a string, not a number\n  latency has no 'requests'\n"
      .. "  keep: jobs is not a number of things",
      { settings = { ["expunge.delay"] = "60" }, latency = { requests = 1 }, keep = { jobs = 0 } })
  end)

  it("gives the same ids every time", function()
    local a, b = cloud.new(), cloud.new()
    assert.equal(a.zone, b.zone)
    assert.equal(a:vm("vm-a").id, b:vm("vm-a").id)
    a.sim.reset()
    assert.not_equal(a:vm("vm-a").id, b.sim.state().vms[1].id)
  end)

  it("decides for whom requests are sent", function()
    local c = cloud.new { default_account = "admin" }
    assert.equal(4, #c:rows("listHosts", "host"))
    assert.has_error(function() c.sim.send({}, "nobody") end, "sim: unknown account 'nobody'")
  end)
end)

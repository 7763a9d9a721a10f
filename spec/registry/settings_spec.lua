local fake = require "tests.support.fake"
local registry = require "registry.settings"
local registry_access = require "registry.access"

local SITE = { registry = { host = "10.0.0.6", username = "admin", password = "registry-password" } }

local function old(version) return { vm = { stemcell = { api_version = version } } } end

local function row(cpi) return cpi.json.decode(cpi.store.get("registry", "cpivm-1")) end

describe("the registry of a VM", function()
  it("is for stemcells before version 2 alone", function()
    for version, wanted in pairs { [0] = true, [1] = true, [1.5] = true, [2] = false, [3] = false } do
      local cpi <close> = fake.cpi { context = old(version) }
      assert.equal(wanted, registry.is_needed(cpi))
    end
    for _, context in ipairs { {}, { vm = {} }, { vm = { stemcell = {} } }, old "1" } do
      local cpi <close> = fake.cpi { context = context }
      assert.is_false(registry.is_needed(cpi))
    end
  end)

  it("is asked for only where it is needed", function()
    local cpi <close> = fake.cpi {}
    registry.check(cpi)
    cpi.context = old(1)
    local failure = fake.failure(registry.check, cpi)
    assert.truthy(failure.message:find("the stemcell has API version 1", 1, true))
  end)

  it("is where the user data leads, with a password for these settings alone", function()
    for host, url in pairs { ["10.0.0.6"] = "10.0.0.6:6901", ["fd00::6"] = "[fd00::6]:6901", ["[fd00::6]"] = "[fd00::6]:6901" } do
      local cpi <close> = fake.cpi { settings = { registry = { host = host, username = "admin", password = "registry-password" } } }
      local settings = { agent_id = "a", server = { name = "cpivm-1" }, dns = { nameserver = {} }, env = { secret = 1 } }
      local kept, sent = registry.divide(cpi, "cpivm-1", settings)
      assert.same({ agent_id = "a", env = { secret = 1 } }, kept)
      local password = registry_access.password_of(cpi.bytes, "registry-password", "cpivm-1")
      assert.same({ server = settings.server, dns = settings.dns,
        registry = { endpoint = ("http://cpivm-1:%s@%s"):format(password, url) } }, sent)
      assert.same({ password }, cpi.log.secrets)
    end
  end)

  it("is asked over TLS where it has a certificate", function()
    local cpi <close> = fake.cpi { settings = { registry = { host = "registry.test", password = "p", port = 443,
      tls = { certificate = "PEM", private_key = "PEM" } } } }
    local _, sent = registry.divide(cpi, "cpivm-1", {})
    assert.truthy(sent.registry.endpoint:find "^https://cpivm%-1:%x+@registry%.test:443$")
  end)

  it("learns of disks that come and go, and returns to what it was byte for byte", function()
    local cpi <close> = fake.cpi { settings = SITE, store = true }
    registry.put(cpi, "cpivm-1", { agent_id = "a", disks = { system = "/dev/sda", persistent = {} } })
    local before = cpi.store.get("registry", "cpivm-1")
    registry.attach(cpi, "cpivm-1", "cpi-disk-1", { path = "/dev/xvdb", volume_id = "1" })
    registry.attach(cpi, "cpivm-1", "cpi-disk-2", { path = "/dev/xvdc", volume_id = "2" })
    assert.same({ ["cpi-disk-1"] = { path = "/dev/xvdb", volume_id = "1" },
      ["cpi-disk-2"] = { path = "/dev/xvdc", volume_id = "2" } }, row(cpi).disks.persistent)
    registry.detach(cpi, "cpivm-1", "cpi-disk-1")
    registry.detach(cpi, "cpivm-1", "cpi-disk-1")
    registry.detach(cpi, "cpivm-1", "cpi-disk-2")
    assert.equal(before, cpi.store.get("registry", "cpivm-1"))
  end)

  it("learns which NIC has which MAC", function()
    local cpi <close> = fake.cpi { settings = SITE, store = true }
    registry.put(cpi, "cpivm-1", { networks = { a = { ip = "10.0.0.11" }, vip = { type = "vip" } } })
    registry.add_macs(cpi, "cpivm-1", { a = "02:00:5e:10:00:01", b = "02:00:5e:10:00:02" })
    assert.same({ a = { ip = "10.0.0.11", mac = "02:00:5e:10:00:01" }, vip = { type = "vip" } }, row(cpi).networks)
  end)

  it("leaves VMs alone that have no row, and sites that have no registry", function()
    local cpi <close> = fake.cpi { settings = SITE, store = true }
    registry.attach(cpi, "cpivm-9", "cpi-disk-1", {})
    assert.is_nil(cpi.store.get("registry", "cpivm-9"))
    cpi.settings.registry.host = ""
    cpi.store.put("registry", "cpivm-1", "no JSON")
    registry.attach(cpi, "cpivm-1", "cpi-disk-1", {})
    cpi.store = false
    registry.detach(cpi, "cpivm-1", "cpi-disk-1")
    registry.forget(cpi, "cpivm-1")
  end)

  it("loses nothing that somebody else writes at the same time", function()
    local cpi <close> = fake.cpi { settings = SITE, store = true }
    registry.put(cpi, "cpivm-1", { disks = { persistent = {} } })
    local replace, others = cpi.store.replace, 0
    function cpi.store.replace(...)
      others = others + 1
      if others == 1 then
        cpi.store.put("registry", "cpivm-1", '{"disks":{"persistent":{"cpi-disk-other":{}}}}')
      end
      return replace(...)
    end
    registry.attach(cpi, "cpivm-1", "cpi-disk-1", { path = "/dev/xvdb" })
    assert.same({ ["cpi-disk-other"] = {}, ["cpi-disk-1"] = { path = "/dev/xvdb" } }, row(cpi).disks.persistent)
    assert.equal(2, others)
  end)

  it("says which VM's settings cannot be read or written", function()
    local cpi <close> = fake.cpi { settings = SITE, store = true, capture = {} }
    cpi.store.put("registry", "cpivm-1", "no JSON")
    local failure = fake.failure(registry.attach, cpi, "cpivm-1", "cpi-disk-1", {})
    assert.equal("Bosh::Clouds::CpiError", failure.type)
    assert.truthy(failure.message:find("the registry's settings of VM cpivm-1", 1, true))
    function cpi.store.put() return nil, "disk full" end
    function cpi.store.delete() return nil, "disk full" end
    assert.truthy(fake.failure(registry.put, cpi, "cpivm-1", {}).message:find("disk full", 1, true))
    registry.forget(cpi, "cpivm-1")
    assert.truthy(cpi.log.lines[#cpi.log.lines]:find("warn the registry keeps the settings of VM cpivm-1: disk full", 1, true))
  end)
end)

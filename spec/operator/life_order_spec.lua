local life_order = require "operator.life_order"

local SITE = { cloudstack = { default_zone = "z1" } }
local UD = { { name = "UserData" } }

local function client_of(found)
  return { gather = function(_, requests)
    assert.equal("executable", requests.templates[2].templatefilter)
    return found
  end, rows = function() return { { id = "1", name = "cpivm-1", state = "Running" } } end }
end

local function cloud(more)
  local found = {
    zones = { { id = "1", name = "z1" }, { id = "2", name = "z2" } },
    networks = { { id = "n1", name = "net", zoneid = "1", service = UD }, { id = "n2", name = "silent", zoneid = "1" },
      { id = "n3", name = "far", zoneid = "2", service = UD } },
    templates = { { id = "t1", name = "plain", zoneid = "1", isready = true, created = "2026-03-01" },
      { id = "t2", name = "cpitemplate-1", zoneid = "1", isready = true, created = "2026-01-01" },
      { id = "t3", name = "cpitemplate-2", zoneid = "1", isready = true, created = "2026-02-01" },
      { id = "t4", name = "cpitemplate-3", zoneid = "1", isready = false, created = "2026-04-01" } },
  }
  for name, value in pairs(more or {}) do found[name] = value end
  return client_of(found)
end

local function refusal(found, options)
  local ok, why = pcall(life_order, cloud(found), SITE, options, "d")
  assert.is_false(ok)
  assert.equal(2, why.exit_code)
  return why.message
end

describe("what validate makes", function()
  it("is in the only network with user data, of the newest template of a stemcell", function()
    local order = life_order(cloud(), SITE, {}, "d")
    assert.same({ "d", "z1", "net", "t3", false, 1024 },
      { order.director, order.zone.name, order.network.name, order.template.id, order.is_uploaded, order.disk })
    assert.equal("t3", order.stemcell.cloud_properties.light_template)
    assert.same({ cpu = 1, ram = 1024 }, order.properties)
    assert.equal("cpivm-1", order.find_vm("cpivm-1").name)
  end)

  it("is what the options say", function()
    local order = life_order(cloud(), SITE, { zone = "z2", network = "far", image = "/i", hypervisor = "kvm", ["disk-format"] = "raw",
      offering = "big", disk = "2048", ["disk-offering"] = "fast", ["ephemeral-disk"] = "512", affinity = "a", vip = true,
      ["second-network"] = "far", address = "10.0.0.5" }, "d")
    assert.is_nil(order.template)
    assert.same({ name = "cpi-validate", version = "1", zone = "z2", hypervisor = "kvm", disk_format = "raw" },
      order.stemcell.cloud_properties)
    assert.same({ compute_offering = "big", zone = "z2", disk = 512, affinity_group = "a" }, order.properties)
    assert.same({ true, 2048, { disk_offering = "fast" }, "far", "10.0.0.5", true },
      { order.is_uploaded, order.disk, order.disk_properties, order.second_network, order.address, order.vip })
  end)

  it("takes a template by its CID, also one of nobody's stemcell", function()
    assert.equal("t1", life_order(cloud(), SITE, { stemcell = "light-t1" }, "d").template.id)
    local plain = { { id = "t1", name = "plain", zoneid = "1", isready = true } }
    assert.equal("t1", life_order(cloud { templates = plain }, SITE, {}, "d").template.id)
  end)

  it("is refused where something is not there, with what there is", function()
    assert.equal("no template is ready in the zone: --image FILE uploads one", refusal({ templates = {} }, {}))
    assert.equal("network 'far' is not there; there are: net, silent", refusal({}, { network = "far" }))
    assert.equal("which network? --network NAME; with user data there are: none", refusal({ networks = {} }, {}))
    assert.equal("--disk '0' is not a whole number of MB above 0", refusal({}, { disk = "0" }))
  end)
end)

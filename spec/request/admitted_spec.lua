local admitted = require "request.admitted"
local errors = require "errors"
local fake = require "tests.support.fake"

local null = fake.json.null
local KNOWN = { cpu = "count", zones = "names", policy = "object" }

local function read(cpi, order, properties)
  return admitted.read(cpi, "vm", { cloud_properties = properties }, order, KNOWN, "cloud_properties of the VM")
end

describe("what a policy gets of the cloud_properties", function()
  it("has keys in lower case, and nothing for what counts as not given", function()
    assert.same({ cpu = 1, list = { 1, 2 }, policy = { deep = { a = false } } }, admitted.facts({ CPU = 1, zone = "", ram = null,
      list = { 1, null, 2 }, policy = { gone = null, deep = { a = false, b = null } } }, null))
    assert.same({}, admitted.facts(null, null))
    assert.same({ a = 1 }, admitted.site_keys({ policy = { a = 1, b = null } }, null))
    assert.is_nil(admitted.site_keys({}, null))
  end)
end)

describe("the cloud_properties that a policy makes", function()
  local order = { properties = { cpu = 1, zones = { "a" } }, instance = { group = "g" } }

  it("leave the order as it is where nothing changes", function()
    local cpi <close> = fake.cpi {}
    assert.equal(order, read(cpi, order, { CPU = 1, zones = "a" }))
  end)

  it("are read like the manifest's, and what changes is logged", function()
    local lines = {}
    local cpi <close> = fake.cpi { capture = lines, policies = { vm = function(facts) return facts end } }
    local changed = read(cpi, order, { cpu = 2.0, policy = { tier = "gold" } })
    assert.same({ cpu = 2, policy = { tier = "gold" } }, changed.properties)
    assert.same({ group = "g", policy = { tier = "gold" } }, changed.instance)
    assert.same({ cpu = 1, zones = { "a" } }, order.properties)
    assert.same({ "info policy vm (site/vm.lua) changes cloud_properties of the VM: cpu, policy, zones" }, lines)
  end)

  it("are refused in the policy's name", function()
    local cpi <close> = fake.cpi { policies = { vm = function(facts) return facts end } }
    local failure = fake.failure(read, cpi, order, { cpu = 0, zonse = "a" })
    assert.equal("Bosh::Clouds::CpiError", failure.type)
    assert.equal("policy vm (site/vm.lua): cloud_properties of the VM: 'cpu' must be a whole number above 0; 'zonse' is not known "
      .. "(did you mean 'zones'?)", failure.message)
  end)
end)

describe("a failure of an order that a policy changed", function()
  local function fail() error(errors.cloud "offering 'x' is not in CloudStack") end

  it("names the policy", function()
    local failure = fake.failure(admitted.in_its_name, { changed_by = "policy vm (vm.lua) changed cpu" }, fail)
    assert.equal("offering 'x' is not in CloudStack (policy vm (vm.lua) changed cpu)", failure.message)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
  end)

  it("is as it was where none did", function()
    assert.equal("offering 'x' is not in CloudStack", fake.failure(admitted.in_its_name, {}, fail).message)
    assert.same({ 1, nil, 3 }, { admitted.in_its_name({ changed_by = "x" }, function(...) return ... end, 1, nil, 3) })
    local ok, why = pcall(admitted.in_its_name, { changed_by = "x" }, error, "a bug", 0)
    assert.same({ false, "a bug" }, { ok, why })
  end)
end)

local fake = require "tests.support.fake"
local native = require "host_native"
local runners = require "stemcell.runners"
local trial = require "operator.trial"

local z1, z2 = { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" }

local function has(zone, ...)
  local rows = {}
  for i, name in ipairs { ... } do rows[i] = { name = name } end
  return { "listHypervisors", { zoneid = zone.id }, { count = #rows, hypervisor = #rows > 0 and rows or nil } }
end

local function of(script, zones, hypervisor)
  local cpi <close> = fake.cpi(script)
  return runners.of(cpi, zones, hypervisor or "KVM"), cpi
end

describe("the zones that run a stemcell", function()
  it("are those with hosts of its hypervisor, in whatever case", function()
    assert.same({ z1, z2 }, (of({ has(z1, "VMware", "KVM"), has(z2, "kvm") }, { z1, z2 })))
  end)

  it("are left out where they have none, with a warning, but for the first", function()
    local zones, cpi = of({ has(z1, "KVM"), has(z2, "XenServer", "VMware") }, { z1, z2 })
    assert.same({ z1 }, zones)
    assert.equal("warn the stemcell is for hypervisor KVM, which zone 'zone2' does not have; it has: VMware, XenServer; the stemcell is "
      .. "not brought there", cpi.log.lines[#cpi.log.lines])
    local failure = fake.failure(of, { has(z1), has(z2, "KVM") }, { z1, z2 })
    assert.same({ "Bosh::Clouds::CloudError", "the stemcell is for hypervisor KVM, which zone 'zone1' does not have; it has: none" },
      { failure.type, failure.message })
  end)

  it("are believed to where the account may not ask", function()
    assert.same({ z1 }, (of({ { "listHypervisors", {}, refuse = "not available", code = 432 } }, { z1 })))
    assert.equal(530, fake.failure(of, { { "listHypervisors", {}, refuse = "broken", code = 530 } }, { z1 }).failure.code)
  end)
end)

describe("a stemcell for a hypervisor of which the cloud has no host", function()
  it("is refused before anything is made", function()
    local images = { stat = function(path) return { size = 5000000, path = path, head = "conectix" } end,
      checksum = function() return "c0ffee" end }
    local t = trial.new { host = setmetatable({ images = images }, { __index = native }), world = { hypervisor = "KVM" } }
    local failure = t.failure("create_stemcell", "/tmp/image", { hypervisor = "xen" })
    assert.equal("the stemcell is for hypervisor XenServer, which zone 'zone1' does not have; it has: KVM", failure.message)
    for _, request in ipairs(t.requests()) do assert.is_nil(request.command:find "^get"); assert.is_nil(request.command:find "^create") end
  end)
end)

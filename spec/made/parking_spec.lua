local fake = require "tests.support.fake"
local ipv4 = require "base.ipv4"
local parking = require "made.parking"
local spans = require "base.spans"

local vm = { id = "vm-1", name = "cpivm-1" }

local function nic(more)
  local row = { id = "n", networkid = "net", networkname = "bosh-net", ipaddress = "10.0.0.11", netmask = "255.255.255.0",
    gateway = "10.0.0.1", type = "Isolated" }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

local function cpi_with(script)
  script = script or {}
  script.store = script.store == nil and true or script.store
  return fake.cpi(script)
end

-- Does the list have each address once, and only those from first to last?
local function check(list, first, last)
  local seen = {}
  for _, address in ipairs(list) do
    local number = ipv4.number(address)
    assert.is_true(number >= ipv4.number(first) and number <= ipv4.number(last), address)
    assert.is_nil(seen[address], address .. " twice")
    seen[address] = true
  end
end

describe("the places for parking", function()
  it("are the last quarter of the network where nobody names any: BOSH gives out the lowest first", function()
    local cpi <close> = cpi_with()
    local list = parking.places(cpi, vm, nic())
    assert.equal(16, #list)
    check(list, "10.0.0.192", "10.0.0.254")
  end)

  it("are few in a small network, and never its gateway, its own or its broadcast address", function()
    local cpi <close> = cpi_with()
    local small = nic { ipaddress = "10.66.9.2", netmask = "255.255.255.248", gateway = "10.66.9.6" }
    assert.same({ "10.66.9.5" }, parking.places(cpi, vm, small))
    local tiny = nic { ipaddress = "10.66.9.2", netmask = "255.255.255.252", gateway = "10.66.9.1" }
    assert.same({}, parking.places(cpi, vm, tiny))
  end)

  it("of a shared network, of which a user does not see what is given out, are sought further and further from its end", function()
    local cpi <close> = cpi_with()
    local list, before = parking.places(cpi, vm, nic { type = "Shared" }), nil
    check(list, "10.0.0.2", "10.0.0.254")
    assert.is_true(#list >= 7 and #list <= 16)
    for _, address in ipairs(list) do
      local number = ipv4.number(address)
      assert.is_true(not before or number < before)
      before = number
    end
  end)

  it("are the named ones and no others", function()
    local cpi <close> = cpi_with()
    local list = parking.places(cpi, vm, nic(), spans.read { "10.0.0.240-10.0.0.243", "10.0.0.9" })
    assert.equal(5, #list)
    table.sort(list)
    assert.same({ "10.0.0.240", "10.0.0.241", "10.0.0.242", "10.0.0.243", "10.0.0.9" }, list)
  end)

  it("come in an order that follows from the VM", function()
    local cpi <close> = cpi_with()
    local one, other = parking.places(cpi, vm, nic()), parking.places(cpi, { id = "vm-2" }, nic())
    assert.same(one, parking.places(cpi, vm, nic()))
    assert.not_same(one, other)
  end)

  it("leave out what is noted as taken", function()
    local cpi <close> = cpi_with()
    local first = parking.places(cpi, vm, nic())[1]
    parking.note(cpi, vm, "net", first)
    assert.not_equal(first, parking.places(cpi, vm, nic())[1])
    parking.forget(cpi, "net", first)
    assert.equal(first, parking.places(cpi, vm, nic())[1])
  end)

  it("are none where a NIC's row does not say what network it is in", function()
    local cpi <close> = cpi_with()
    local bare = nic()
    bare.netmask = nil
    assert.same({}, parking.places(cpi, vm, bare))
  end)
end)

describe("what is parked", function()
  it("is noted in the store, with whose it is and since when", function()
    local cpi <close> = cpi_with()
    parking.note(cpi, vm, "net", "10.0.0.250")
    parking.note(cpi, { id = "vm-2", name = "cpivm-2" }, "other", "10.0.0.250")
    assert.equal("cpivm-1", parking.note_of(cpi, "net", "10.0.0.250").cid)
    assert.is_nil(parking.note_of(cpi, "net", "10.0.0.251"))
    assert.equal(2, #parking.notes(cpi))
    assert.equal(1, #parking.notes(cpi, "other"))
  end)

  it("is forgotten after two days, and what cannot be read at once", function()
    local cpi <close> = cpi_with()
    parking.note(cpi, vm, "net", "10.0.0.250")
    cpi.store.put("parked", "net x", "nonsense")
    cpi.clock.advance(2 * 86400)
    assert.equal(1, #parking.notes(cpi))
    cpi.clock.advance(1)
    assert.equal(0, #parking.notes(cpi))
    assert.same({}, cpi.store.rows "parked")
  end)

  it("is nobody's to know without a store", function()
    local cpi <close> = cpi_with { store = false }
    parking.note(cpi, vm, "net", "10.0.0.250")
    parking.forget(cpi, "net", "10.0.0.250")
    assert.same({}, parking.notes(cpi))
  end)
end)

describe("the ranges of the configuration", function()
  it("are those of the network, by its name or its id", function()
    local ranges = { ["bosh-net"] = "10.0.0.250", id2 = { "10.0.1.9" } }
    local cpi <close> = cpi_with { settings = { cloudstack = { parking = { ranges = ranges } } } }
    assert.same(spans.read "10.0.0.250", parking.of_site(cpi, "bosh-net", "id1"))
    assert.same({ "10.0.0.250" }, parking.texts_of_site(cpi, "bosh-net", "id1"))
    assert.same(spans.read "10.0.1.9", parking.of_site(cpi, "x", "id2"))
    assert.is_nil(parking.of_site(cpi, "x", "id1"))
  end)
end)

local fake = require "tests.support.fake"
local held_addresses = require "vm.held_addresses"

local network = { id = "n1", name = "net-a" }
local nics = { { ip = "10.0.0.5", target = network, more = { { address = "10.0.0.6" }, { address = "2001:db8::6" } } },
  { target = { id = "n2" }, more = {} } }

-- A NIC with that address and those besides.
local function nic(address, ...)
  local more = {}
  for i, one in ipairs { ... } do more[i] = { id = "s" .. i, ipaddress = one } end
  return { networkid = "n1", ipaddress = address, secondaryip = more }
end

local function vm(...)
  return { id = "v", name = "cpivm-1", created = "then", nic = { { networkid = "n2", ipaddress = "10.0.0.5" }, nic(...) } }
end

local function find(script, of)
  local cpi <close> = fake.cpi(script)
  return held_addresses.find(cpi, nics, of)
end

describe("the addresses that a removed VM holds", function()
  it("are those of the plan that its NICs still have", function()
    local left = { nic = { nic "10.0.0.5" } }
    local list = find({ { "listNics", { virtualmachineid = "v" }, left } }, vm("10.0.0.5", "10.0.0.6"))
    assert.equal(1, #list)
    assert.same({ "10.0.0.5", "cpivm-1", "Destroyed", true, true }, { list[1].nic.ip, list[1].holder.name, list[1].holder.state,
      list[1].is_own, list[1].in_range })
    assert.equal("address 10.0.0.5 in network 'net-a', which VM cpivm-1 holds until CloudStack expunges it (expunge.delay and "
      .. "expunge.interval, a day each by default)", held_addresses.words(list))
  end)

  it("are the further ones of its NICs too, in whatever spelling", function()
    local left = { nic = { nic("10.0.0.200", "2001:DB8:0::6", "10.0.0.6") } }
    local list = find({ { "listNics", { virtualmachineid = "v" }, left } }, vm("10.0.0.5", "10.0.0.6", "2001:db8:0::6"))
    assert.same({ "10.0.0.6", "2001:db8::6" }, { list[1].nic.ip, list[2].nic.ip })
    assert.equal(2, #list)
  end)

  it("are none where it is expunged", function()
    assert.same({}, find({ { "listNics", {}, refuse = "Virtual machine id does not exist", code = 530 } }, vm "10.0.0.5"))
    assert.same({}, find({ { "listNics", {}, {} } }, vm "10.0.0.5"))
  end)

  it("are not asked for where it had none of the plan's", function()
    assert.same({}, find({}, vm "10.0.0.77"))
    assert.same({}, find({}, { id = "v", name = "cpivm-1" }))
  end)
end)

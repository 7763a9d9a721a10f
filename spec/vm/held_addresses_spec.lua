local fake = require "tests.support.fake"
local held_addresses = require "vm.held_addresses"

local network = { id = "n1", name = "net-a" }
local nics = { { ip = "10.0.0.5", target = network }, { target = network }, { ip = "10.0.0.6", target = network } }

local function vm(...)
  local list = {}
  for i, address in ipairs { ... } do list[i] = { ipaddress = address } end
  return { id = "v", name = "cpivm-1", created = "then", nic = list }
end

local function find(script, of)
  local cpi <close> = fake.cpi(script)
  return held_addresses.find(cpi, nics, of)
end

describe("the addresses that a removed VM holds", function()
  it("are those of the plan that its NICs still have", function()
    local left = { nic = { { ipaddress = "10.0.0.5" }, { ipaddress = "10.0.0.200" } } }
    local list = find({ { "listNics", { virtualmachineid = "v" }, left } }, vm("10.0.0.5", "10.0.0.6"))
    assert.equal(1, #list)
    assert.same({ "10.0.0.5", "cpivm-1", "Destroyed", true, true }, { list[1].nic.ip, list[1].holder.name, list[1].holder.state,
      list[1].is_own, list[1].in_range })
    assert.equal("address 10.0.0.5 in network 'net-a', which VM cpivm-1 holds until CloudStack expunges it (expunge.delay and "
      .. "expunge.interval, a day each by default)", held_addresses.words(list))
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

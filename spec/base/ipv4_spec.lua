local ipv4 = require "base.ipv4"

describe("an IPv4 address", function()
  it("is a number, and back", function()
    assert.equal(0x0a000001, ipv4.number "10.0.0.1")
    assert.equal(0xffffffff, ipv4.number "255.255.255.255")
    assert.equal("integer", math.type(ipv4.number "1.2.3.4"))
    for _, text in ipairs { "0.0.0.0", "10.0.0.1", "192.168.255.7", "255.255.255.255" } do
      assert.equal(text, ipv4.text(ipv4.number(text)))
    end
  end)

  for _, text in ipairs { "256.0.0.1", "1.2.3.256", "1.2.3", "1.2.3.4.5", "1.2.3.4/24", " 1.2.3.4", "1.2.3.x", "::1", "" } do
    it("is not '" .. text .. "'", function() assert.is_nil(ipv4.number(text)) end)
  end

  it("is not anything but a text", function()
    assert.is_nil(ipv4.number(nil))
    assert.is_nil(ipv4.number {})
  end)
end)

describe("an IPv4 network", function()
  it("has a first and a last address and a netmask, whichever of its addresses names it", function()
    local range = { first = 0x0a090000, last = 0x0a09ffff, netmask = "255.255.0.0", bits = 16 }
    assert.same(range, ipv4.range "10.9.0.0/16")
    assert.same(range, ipv4.range "10.9.77.3/16")
    assert.same({ first = 0x01020304, last = 0x01020304, netmask = "255.255.255.255", bits = 32 }, ipv4.range "1.2.3.4/32")
    assert.same({ first = 0, last = 0xffffffff, netmask = "0.0.0.0", bits = 0 }, ipv4.range "1.2.3.4/0")
  end)

  for _, text in ipairs { "10.9.0.0/33", "10.9.0.0/", "10.9.0.0", "10.9.0/16", "10.9.0.300/16", "10.9.0.0/16x" } do
    it("is not '" .. text .. "'", function() assert.is_nil(ipv4.range(text)) end)
  end

  it("has room for a router and a VM from 1 to 30 bits", function()
    assert.equal(30, ipv4.network("10.0.0.0/30").bits)
    assert.equal(1, ipv4.network("10.0.0.0/1").bits)
    assert.is_nil(ipv4.network "10.0.0.0/31")
    assert.is_nil(ipv4.network "10.0.0.0/0")
    assert.is_nil(ipv4.network "nonsense")
  end)
end)

local ipv6 = require "base.ipv6"

local function text_of(text)
  local groups = ipv6.parse(text)
  return groups and ipv6.text(groups)
end

describe("an IPv6 address", function()
  for given, canonical in pairs {
    ["2001:db8::1"] = "2001:db8::1",
    ["2001:0DB8:0000:0000:0000:0000:0000:0001"] = "2001:db8::1",
    ["2001:db8:0:0:1:0:0:1"] = "2001:db8::1:0:0:1",
    ["2001:db8:0:1:1:1:1:1"] = "2001:db8:0:1:1:1:1:1",
    ["::"] = "::", ["::1"] = "::1", ["fe80::"] = "fe80::", ["1:2:3:4:5:6:7:8"] = "1:2:3:4:5:6:7:8",
    ["::ffff:10.0.0.1"] = "::ffff:a00:1", ["64:ff9b::192.0.2.33"] = "64:ff9b::c000:221",
  } do
    it("has one spelling: " .. given, function() assert.equal(canonical, text_of(given)) end)
  end

  for _, text in ipairs { "", ":", ":::", "1::2::3", "2001:db8", "1:2:3:4:5:6:7:8:9", "2001:db8::12345", "2001:db8::g", "fe80::1%eth0",
    "2001:db8::1/64", " ::1", "10.0.0.1", "::10.0.0.256", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::8" } do
    it("is not '" .. text .. "'", function() assert.is_nil(ipv6.parse(text)) end)
  end

  it("is not anything but a text", function()
    assert.is_nil(ipv6.parse(nil))
    assert.is_nil(ipv6.parse {})
  end)

  it("lies between others", function()
    local first, last = ipv6.parse "2001:db8::10", ipv6.parse "2001:db8::ff"
    assert.is_true(ipv6.is_between(first, first, last))
    assert.is_true(ipv6.is_between(last, first, last))
    assert.is_false(ipv6.is_between(ipv6.parse "2001:db8::f", first, last))
    assert.is_false(ipv6.is_between(ipv6.parse "2001:db8::100", first, last))
  end)

  it("is followed by the next ones", function()
    assert.equal("2001:db8::10", ipv6.text(ipv6.after(ipv6.parse "2001:db8::f", 1)))
    assert.equal("2001:db8:0:0:1::", ipv6.text(ipv6.after(ipv6.parse "2001:db8::ffff:ffff:fff0", 16)))
    assert.equal("::", ipv6.text(ipv6.after(ipv6.parse "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1)))
  end)

  it("follows from a network and a MAC", function() -- as a server of 4.22 answered
    local network = ipv6.network "2001:db8:7::/64"
    assert.equal("2001:db8:7:0:1c00:bfff:fe00:1c2", ipv6.eui64(network, "1e:00:bf:00:01:c2"))
    assert.equal("fd17:5:8a43:4c51:2:1ff:fe19:1", ipv6.eui64(ipv6.network "fd17:5:8a43:4c51::/64", "02:02:01:19:00:01"))
  end)
end)

describe("an IPv6 network", function()
  it("has a first address and a size, whichever of its addresses names it", function()
    local network = ipv6.network "2001:db8:7::5/64"
    assert.same({ "2001:db8:7::", 64 }, { ipv6.text(network.groups), network.bits })
    assert.equal("2001:db8::20", ipv6.text(ipv6.network("2001:db8::2f/124").groups))
    assert.equal("2001:db8:8000::", ipv6.text(ipv6.network("2001:db8:ffff::/33").groups))
    assert.equal("::", ipv6.text(ipv6.network("ffff::/0").groups))
  end)

  for _, text in ipairs { "2001:db8::/129", "2001:db8::", "2001:db8::/", "2001:db8::/x", "/64", "10.0.0.0/24" } do
    it("is not '" .. text .. "'", function() assert.is_nil(ipv6.network(text)) end)
  end

  it("has addresses in it", function()
    local network = ipv6.network "2001:db8:7:8000::/49"
    assert.is_true(ipv6.is_within(ipv6.parse "2001:db8:7:ffff::1", network))
    assert.is_false(ipv6.is_within(ipv6.parse "2001:db8:7:7fff::1", network))
  end)

  it("has a netmask", function()
    assert.equal("ffff:ffff:ffff:ffff::", ipv6.netmask(64))
    assert.equal("ffff:ffff:8000::", ipv6.netmask(33))
    assert.equal("::", ipv6.netmask(0))
    assert.equal("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ipv6.netmask(128))
  end)
end)

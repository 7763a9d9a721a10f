local fake = require "tests.support.fake"
local read = require("vm.firewall_rules").read

local function rules(...) return read({ name = "public", properties = { firewall_rules = { ... } } }, fake.json.null) end

describe("the firewall rules of one vip", function()
  it("are asked for one after the other", function()
    local t = require("operator.trial").new { host = require "host_native" }
    local function vip(...)
      local list = {}
      for i, port in ipairs { ... } do list[i] = { start_port = port } end
      return { type = "vip", cloud_properties = { acquire = true, firewall_rules = list } }
    end
    local began = t.sim.clock.now()
    t.cid { networks = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } }, public = vip(22, 80, 443) } }
    assert.is_true(t.sim.clock.now() - began < 5, "CloudStack holds what is asked at once")
    assert.equal(3, #t.sim.state().firewallrules)
  end)
end)

describe("firewall rules of a vip", function()
  it("are tcp from everywhere, of one port, unless the manifest says more", function()
    assert.same({ { protocol = "tcp", cidrs = { "0.0.0.0/0" }, start_port = 22, end_port = 22 } }, rules { start_port = 22 })
    assert.same({ { protocol = "udp", cidrs = { "10.0.0.0/8", "fd00::/64" }, start_port = 1, end_port = 65535 } },
      rules { protocol = "UDP", start_port = 1, end_port = 65535, cidrs = { "10.0.0.0/8", "fd00::/64" } })
    assert.same({}, read({ name = "public", properties = {} }, fake.json.null))
  end)

  it("of icmp have a type and a code, -1 for all", function()
    assert.same({ { protocol = "icmp", cidrs = { "0.0.0.0/0" }, icmp_type = -1, icmp_code = -1 } }, rules { protocol = "icmp" })
    assert.equal(255, rules({ protocol = "icmp", icmp_type = 255 })[1].icmp_type)
  end)

  for what, row in pairs {
    ["another protocol"] = { { protocol = "sctp", start_port = 1 }, "'protocol' must be tcp, udp or icmp, got 'sctp'" },
    ["no port"] = { {}, "'start_port' is missing" },
    ["ports the wrong way round"] = { { start_port = 2, end_port = 1 }, "'end_port' is below 'start_port'" },
    ["a network that is none"] = { { start_port = 1, cidrs = { "10.0.0.0/33" } }, "'cidrs' must be a list of networks" },
    ["an IPv6 network that is none"] = { { start_port = 1, cidrs = { "fd00::/129" } }, "'cidrs' must be a list of networks" },
    ["a number for a network"] = { { start_port = 1, cidrs = { 10 } }, "'cidrs' must be a list of networks" },
    ["a type above 255"] = { { protocol = "icmp", icmp_type = 256 }, "'icmp_type' must be a number from -1 (all) to 255" },
    ["a code below -1"] = { { protocol = "icmp", icmp_code = -2 }, "'icmp_code' must be a number from -1 (all) to 255" },
  } do
    it("are refused with " .. what .. ", by number and network", function()
      local failure = fake.failure(rules, { start_port = 1 }, row[1])
      assert.equal("Bosh::Clouds::CloudError", failure.type)
      assert.truthy(failure.message:find("firewall_rules[2] of network 'public'", 1, true), failure.message)
      assert.truthy(failure.message:find(row[2], 1, true), failure.message)
    end)
  end
end)

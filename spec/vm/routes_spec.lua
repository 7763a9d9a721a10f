local fake = require "tests.support.fake"
local routes = require "vm.routes"

local function list()
  return { { name = "default", kind = "manual", given = { gateway = "10.0.0.1" } },
    { name = "public", kind = "vip", given = {} }, { name = "side", kind = "dynamic", given = {} } }
end

local function read(given)
  return routes.read({ json = fake.json }, { properties = { routes = given }, networks = list() })
end

describe("routes of networks on one NIC", function()
  local function plan(gateway_of, wanted)
    local six = { name = "six", family = 6, given = {} }
    local four = { name = "four", family = 4, given = {} }
    local main = gateway_of == "six" and six or four
    main.given.default = { "gateway" }
    local order = { routes = { [wanted] = { { Destination = "10.9.0.0" } } } }
    return routes.plan(nil, order, nil, { networks = { { networks = { four, six } } } }), order
  end

  it("are those that were read", function()
    local planned, order = plan("four", "four")
    assert.equal(order.routes, planned)
    assert.truthy(plan("six", "other"))
  end)

  it("are refused where the gateway is IPv6's: the agent would not come up", function()
    assert.equal("routes of network 'four': the agent can't set them, because the gateway of its NIC is that of the IPv6 network 'six'",
      fake.failure(plan, "six", "four").message)
  end)
end)

describe("routes", function()
  it("are told as the agent's Go struct has them", function()
    local found = read { default = { { cidr = "10.9.1.2/16", gateway = "10.0.0.7" } } }
    assert.same({ { Destination = "10.9.0.0", Gateway = "10.0.0.7", Netmask = "255.255.0.0" } }, found.default)
    assert.is_true(fake.json.is_array(found.default))
    assert.is_nil(found.side)
  end)

  it("go by the network's gateway where they name none, in any case of the keys", function()
    assert.equal("10.0.0.1", read({ default = { { CIDR = "192.168.0.0/24" } } }).default[1].Gateway)
  end)

  it("may be to one host, or to everywhere", function()
    local found = read({ default = { { cidr = "10.9.1.2/32" }, { cidr = "0.0.0.0/0" } } }).default
    assert.same({ "255.255.255.255", "0.0.0.0" }, { found[1].Netmask, found[2].Netmask })
  end)

  it("leave the networks as they came", function()
    local networks = list()
    routes.read({ json = fake.json }, { properties = { routes = { default = { { cidr = "10.9.0.0/16" } } } }, networks = networks })
    assert.same(list(), networks)
  end)

  for what, case in pairs {
    ["an unknown network"] = { { defalt = {} }, "did you mean 'default'" },
    ["a vip"] = { { public = {} }, "not a network of the VM" },
    ["no list"] = { { default = { cidr = "10.9.0.0/16" } }, "must be a list" },
    ["no cidr"] = { { default = { {} } }, "'cidr' must be" },
    ["an IPv6 network"] = { { default = { { cidr = "fd00::/8" } } }, "'cidr' must be an IPv4 network" },
    ["a gateway that is none"] = { { default = { { cidr = "10.9.0.0/16", gateway = "x" } } }, "'gateway' must be" },
    ["no gateway anywhere"] = { { side = { { cidr = "10.9.0.0/16" } } }, "has none to go by" },
    ["a misspelt key"] = { { default = { { cdir = "10.9.0.0/16" } } }, "did you mean 'cidr'" },
  } do
    it("are refused: " .. what, function()
      local failure = fake.failure(read, case[1])
      assert.equal("Bosh::Clouds::CloudError", failure.type)
      assert.truthy(failure.message:find(case[2], 1, true), failure.message)
    end)
  end
end)

-- create_network and delete_network on a simulated CloudStack.

local native = require "host_native"
local trial = require "operator.trial"

local function cloud(options)
  options = options or {}
  options.host = native
  options.world = { vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } },
    zones = { { name = "zonesg", securitygroups = true } }, clusters = { { name = "c", zone = "zonesg", hosts = {}, pools = {} } } }
  return trial.new(options)
end

local function made(t, name)
  for _, network in ipairs(t.sim.state().networks) do
    if network.name == name then return network end
  end
end

local function definition(more, properties)
  local one = { type = "manual", range = "10.7.1.0/24", gateway = "10.7.1.1", cloud_properties = properties or {} }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

describe("create_network", function()
  it("makes an isolated network, and answers what the director keeps", function()
    local t = cloud()
    local cid, address, properties = table.unpack(t.call("create_network",
      definition(nil, { reserved = { "10.7.1.2-10.7.1.9" }, undiscoverable = true })))
    assert.truthy(cid:find "^cpi%-network%-%x+%-")
    assert.same({ range = "10.7.1.0/24", gateway = "10.7.1.1", reserved = { "10.7.1.2-10.7.1.9" } }, address)
    assert.same({ name = cid, undiscoverable = true }, properties)
    local network = made(t, cid)
    assert.same({ "10.7.1.0/24", "10.7.1.1", "Isolated" }, { network.cidr, network.gateway, network.type })
    assert.same({ "director-1", cid, "network" }, { network.tags.director_uuid, network.tags.bosh_cid, network.tags.bosh_kind })
  end)

  it("tells CloudStack what to show, and the domain of the names", function()
    local t = cloud()
    t.call("create_network", definition(nil, { display_text = "BOSH's own", network_domain = "bosh.example" }))
    for _, request in ipairs(t.sim.requests) do
      if request.command == "createNetwork" then
        assert.same({ "BOSH's own", "bosh.example" }, { request.parameters.displaytext, request.parameters.networkdomain })
        return
      end
    end
    error "no network was made"
  end)

  it("answers a list of reserved addresses, also an empty one", function()
    local t = cloud()
    assert.is_true(native.json.is_array(t.call("create_network", definition())[2].reserved))
  end)

  it("finds a range where only a size is asked for", function()
    local t = cloud()
    local answer = t.call("create_network", { type = "manual", netmask_bits = 24, cloud_properties = {} })
    assert.equal("10.0.3.0/24", answer[2].range) -- 10.0.0.0 to 10.0.2.0 are there
    assert.equal("10.0.3.1", answer[2].gateway)
  end)

  it("chooses another range where another process has just chosen the same, and gives up the first network", function()
    local t = cloud()
    local send, is_chosen = t.host.cloudstack.send, false
    t.host.cloudstack.send = function(requests)
      local replies = send(requests)
      if requests[1].command == "createNetwork" and not is_chosen then
        is_chosen = true
        local params = {}
        for key, value in pairs(requests[1].params) do params[key] = value end
        params.name, params.displaytext = "theirs", "theirs"
        t.sim.send { { command = "createNetwork", params = params } }
      end
      return replies
    end
    local cid, answer = table.unpack(t.call("create_network", { type = "manual", netmask_bits = 24, cloud_properties = {} }))
    assert.equal("10.0.4.0/24", answer.range)
    assert.equal("10.0.3.0/24", made(t, "theirs").cidr)
    local count = 0
    for _, network in ipairs(t.sim.state().networks) do count = count + (network.name:find "^cpi%-network" and 1 or 0) end
    assert.equal(1, count)
    assert.truthy(made(t, cid))
  end)

  it("makes a network in which VMs live", function()
    local t = cloud()
    local cid, _, properties = table.unpack(t.call("create_network", definition()))
    local vm = t.cid { networks = { default = { type = "manual", ip = "10.7.1.20", cloud_properties = properties } } }
    assert.equal("10.7.1.20", t.vm(vm).nic[1].ipaddress)
    local failure = t.failure("delete_network", cid)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.truthy(failure.message:find("VMs are in it: " .. vm, 1, true), failure.message)
    t.call("delete_vm", vm)
    assert.truthy(t.failure("delete_network", cid).message:find("destroyed and not expunged yet", 1, true))
    t.sim.advance(300)
    assert.is_nil(t.call("delete_network", cid))
    assert.is_nil(made(t, cid))
    assert.equal(0, t.sim.state().left.networks)
  end)

  it("makes a tier of a VPC, with a list of ACLs", function()
    local t = cloud()
    local cid = t.call("create_network", definition({ range = "10.90.5.0/24", gateway = "10.90.5.1" },
      { vpc = "vpc1", acl = "default_allow" }))[1]
    assert.same({ "vpc1", "default_allow" }, { made(t, cid).vpc, made(t, cid).acl })
    local second = t.call("create_network", { type = "manual", netmask_bits = 24, cloud_properties = { vpc = "vpc1" } })
    assert.equal("10.90.0.0/24", second[2].range)
    t.call("delete_network", cid)
    t.call("delete_network", second[1])
  end)

  it("finds the network although the answer is lost", function()
    local t = cloud()
    t.sim.fault { command = "createNetwork", fault = "lose" }
    local cid = t.call("create_network", definition())[1]
    assert.is_table(made(t, cid))
    assert.equal(1, t.sim.state().left.networks)
  end)

  it("finds the network although the answer is none, and chooses no other block for it", function()
    local t = cloud()
    t.sim.fault { command = "createNetwork", fault = "garbage", body = '{"createnetworkresponse":{"network":"none"}}', times = 99 }
    local sized = { type = "manual", netmask_bits = 24, cloud_properties = {} }
    assert.is_table(made(t, t.call("create_network", sized)[1]))
    assert.equal(1, t.sim.state().left.networks)
    local tries = 0
    for _, request in ipairs(t.sim.requests) do tries = tries + (request.command == "createNetwork" and 1 or 0) end
    assert.equal(1, tries)
  end)

  it("leaves nothing when it is refused", function()
    local t = cloud { store = true }
    local failure = t.failure("create_network", definition({ range = "10.91.1.0/24", gateway = "10.91.1.1" }, { vpc = "vpc1" }))
    assert.truthy(failure.message:find("is not within vpc", 1, true), failure.message)
    assert.equal(0, t.sim.state().left.networks)
    assert.same({}, t.store.journal or {})
  end)

  it("keeps the network when it can't be tagged", function()
    local t = cloud()
    t.sim.fault { command = "createTags", fault = "fail_job", errortext = "no" }
    assert.is_table(made(t, t.call("create_network", definition())[1]))
  end)

  for what, case in pairs {
    ["a dynamic network"] = { definition { type = "dynamic" }, "NotSupported", "manual is known" },
    ["a misspelt property"] = { definition(nil, { vcp = "vpc1" }), "CloudError", "did you mean 'vpc'" },
    ["an unknown VPC"] = { definition(nil, { vpc = "vpc9" }), "CloudError", "there are: vpc1" },
    ["an unknown offering"] = { definition(nil, { network_offering = "fast" }), "CloudError",
      "there are: DefaultIsolatedNetworkOfferingWithSourceNatService" },
    ["an unknown list of ACLs"] = { definition(nil, { vpc = "vpc1", acl = "x" }), "CloudError", "default_allow, default_deny" },
    ["ACLs without a VPC"] = { definition(nil, { acl = "default_allow" }), "CloudError", "'vpc' is missing" },
    ["a zone with security groups"] = { definition(nil, { zone = "zonesg" }), "NotSupported", "zone 'zonesg' has security groups" },
    ["no definition"] = { "x", "CpiError", "definition must be an object" },
    ["a range that is no text"] = { definition { range = 7 }, "CpiError", "definition.range must be a string" },
  } do
    it("refuses before anything is made: " .. what, function()
      local t = cloud()
      local failure = t.failure("create_network", case[1])
      assert.equal("Bosh::Clouds::" .. case[2], failure.type)
      assert.truthy(failure.message:find(case[3], 1, true), failure.message)
      for _, request in ipairs(t.requests()) do assert.truthy(request.command:find "^list", request.command) end
    end)
  end
end)

describe("a network of a dual-stack offering", function()
  local function dual()
    return trial.new { host = native, world = { zones = { { name = "zone1", ip6prefix = "fd17:5:8a43::/48" } },
      network_offerings = { { name = "dual", type = "Isolated", internetprotocol = "DualStack" } } } }
  end

  it("is managed by its IPv4 range, and has VMs of both families", function()
    local t = dual()
    local cid, address = table.unpack(t.call("create_network", definition(nil, { network_offering = "dual" })))
    assert.same({ range = "10.7.1.0/24", gateway = "10.7.1.1", reserved = {} }, address)
    local vm = t.cid { networks = { a = { type = "manual", ip = "10.7.1.20", netmask = "255.255.255.0", cloud_properties = { name = cid } },
      b = { type = "manual", ip = "fd17:5:8a43::20", prefix = "128", netmask = "ffff:ffff:ffff:ffff::",
        cloud_properties = { name = cid } } } }
    assert.equal("fd17:5:8a43::20", t.vm(vm).nic[1].secondaryip[1].ipaddress)
  end)

  it("is not made for an IPv6 range, which CloudStack chooses", function()
    local t = dual()
    for _, more in ipairs { { range = "fd17::/64", gateway = "fd17::1" }, { gateway = "fd17::1" } } do
      local failure = t.failure("create_network", definition(more, { network_offering = "dual" }))
      assert.equal("Bosh::Clouds::NotSupported", failure.type)
      assert.truthy(failure.message:find("is IPv6: CloudStack chooses the prefix of a network itself", 1, true), failure.message)
    end
  end)
end)

describe("delete_network", function()
  it("says that a network is gone, so that the director forgets it", function()
    assert.equal("Bosh::Clouds::NetworkNotFound", cloud().failure("delete_network", "cpi-network-1").type)
  end)

  it("is done when somebody else was faster", function()
    local t = cloud()
    local cid = t.call("create_network", definition())[1]
    t.sim.fault { command = "deleteNetwork", fault = "fail_job", errortext = "no", when = "after" }
    t.call("delete_network", cid)
    assert.is_nil(made(t, cid))
  end)

  it("is done although the management server forgot its job", function()
    local t = cloud()
    local cid = t.call("create_network", definition())[1]
    t.sim.fault { command = "deleteNetwork", fault = "restart", done = true }
    t.call("delete_network", cid)
    assert.is_nil(made(t, cid))
  end)

  it("needs a CID", function()
    assert.equal("Bosh::Clouds::CpiError", cloud().failure("delete_network", "").type)
  end)
end)

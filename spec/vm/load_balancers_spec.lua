-- Load balancers on a simulated CloudStack: made once, joined, left, and collected with their last VM.

local native = require "host_native"
local trial = require "operator.trial"

local function lb(more)
  local one = { name = "web", private_port = 8080, public_port = 80, public_ip = "192.0.2.50" }
  for key, value in pairs(more or {}) do one[key] = value end
  for key, value in pairs(one) do
    if value == native.json.null then one[key] = nil end
  end
  return one
end

local function cloud(world, options)
  world = world or {}
  world.public_addresses = { { name = "192.0.2.50", network = "bosh-net" } }
  world.settings = { ["allow.user.expunge.recover.vm"] = true }
  options = options or {}
  options.host, options.world = native, world
  local t = trial.new(options)
  function t.rules() return t.sim.state().loadbalancers end
  function t.create(lbs, network)
    return t.cid { cloud_properties = { compute_offering = "shared.small", lbs = lbs },
      networks = { default = { type = "dynamic", cloud_properties = { name = network or "bosh-net" } } } }
  end
  function t.refused(...)
    local ok, failure = pcall(t.create, ...)
    assert.is_false(ok, "nothing was raised")
    assert.is_table(failure, tostring(failure))
    return failure.message
  end
  return t
end

describe("a load balancer", function()
  it("is made for the first VM, joined by the next, and goes with the last", function()
    local t = cloud()
    local first, second = t.create { lb() }, t.create { lb() }
    assert.equal(1, #t.rules())
    local rule = t.rules()[1]
    assert.same({ "web", 80, 8080, "roundrobin", "192.0.2.50" },
      { rule.name, rule.publicport, rule.privateport, rule.algorithm, rule.address })
    assert.same({ first, second }, rule.members)
    t.call("delete_vm", first)
    assert.same({ second }, t.rules()[1].members)
    assert.is_nil(t.rules()[1].tags[first])
    t.call("delete_vm", second)
    assert.same({}, t.left())
  end)

  it("on the port that the router has for itself is refused before a VM is made", function()
    local t = cloud()
    assert.truthy(t.refused({ lb { public_port = 8081 } }):find("load balancer 'web': public_port 8081 is the virtual router's own; choose "
      .. "another one", 1, true))
    assert.equal(0, t.sim.state().left.vms)
    for _, request in ipairs(t.requests()) do assert.not_equal("deployVirtualMachine", request.command) end
  end)

  it("goes with its last VM also where nobody came to tag it with the director", function()
    local t = cloud()
    local vm = t.create { lb() }
    local rule = t.rules()[1]
    t.sim.send { { command = "deleteTags", params = { resourceids = rule.id, resourcetype = "LoadBalancer",
      ["tags[0].key"] = "bosh_made_for", ["tags[1].key"] = "director_uuid", ["tags[2].key"] = "bosh_request" } } }
    t.sim.advance(5)
    assert.same({ [vm] = "member" }, t.rules()[1].tags)
    t.call("delete_vm", vm)
    assert.same({}, t.left())
  end)

  it("opens the firewall where it is told to, and only there", function()
    local t = cloud()
    t.create { lb(), lb { name = "open", public_port = 81, open_firewall = true } }
    local rules = t.sim.state().firewallrules
    assert.equal(1, #rules)
    assert.equal(81, rules[1].startport)
  end)

  it("without an address has the network's own", function()
    local t = cloud()
    local cid = t.create { lb { public_ip = native.json.null } }
    local router
    for _, address in ipairs(t.sim.state().publicaddresses) do router = address.sourcenat and address.address or router end
    assert.equal(router, t.rules()[1].address)
    t.call("delete_vm", cid)
    assert.same({}, t.left())
  end)

  it("that was there is joined, left, and never deleted", function()
    local t = cloud()
    local id = t.sim.state().publicaddresses[1].id
    t.sim.send { { command = "createLoadBalancerRule", params = { name = "web", algorithm = "source", privateport = 8080,
      publicport = 80, publicipid = id } } }
    local cid = t.create { lb() }
    assert.same({ cid }, t.rules()[1].members)
    t.call("delete_vm", cid)
    assert.same({}, t.rules()[1].members)
    assert.same({}, t.rules()[1].tags)
  end)

  it("takes keys in any case, as the Go CPI", function()
    local t = cloud()
    t.create { { Name = "web", Private_Port = 8080, PUBLIC_PORT = 80, public_ip = "192.0.2.50", Algorithm = "leastconn" } }
    assert.equal("leastconn", t.rules()[1].algorithm)
  end)

  -- Another process does something between two calls of ours: `when` is the command before which it happens.
  local function meanwhile(t, when, act)
    local send, done = t.host.cloudstack.send, false
    t.host.cloudstack.send = function(requests)
      for _, request in ipairs(requests) do
        if request.command == when and not done then
          done = true
          act()
        end
      end
      return send(requests)
    end
  end

  it("is made once by two at once: who comes second joins", function()
    local t = cloud()
    local other
    meanwhile(t, "createLoadBalancerRule", function() other = t.create { lb() } end)
    local cid = t.create { lb() }
    assert.equal(1, #t.rules())
    assert.same({ other, cid }, t.rules()[1].members)
    t.call("delete_vm", other)
    t.call("delete_vm", cid)
    assert.same({}, t.left())
  end)

  -- Another rule of the name, on another address: CloudStack sees no conflict.
  local function make_another(t)
    t.sim.send { { command = "associateIpAddress", params = { networkid = t.sim.state().networks[1].id, ipaddress = "192.0.2.51" } } }
    t.sim.advance(1)
    local id
    for _, address in ipairs(t.sim.state().publicaddresses) do id = address.address == "192.0.2.51" and address.id or id end
    t.sim.send { { command = "createLoadBalancerRule", params = { name = "web", algorithm = "roundrobin", privateport = 8080,
      publicport = 80, publicipid = id, openfirewall = false } } }
  end

  it("of which two were made all the same is the one with the lowest id, for both", function()
    local outcomes = {}
    for _, seed in ipairs { "a", "b", "c", "d", "e", "f" } do
      local t = cloud { seed = seed }
      meanwhile(t, "createLoadBalancerRule", function() make_another(t) end)
      local cid = t.create { lb { public_ip = native.json.null } }
      local theirs, ours
      for _, rule in ipairs(t.rules()) do
        if rule.address == "192.0.2.51" then theirs = rule else ours = rule end
      end
      local is_ours = ours ~= nil
      outcomes[is_ours] = true
      if is_ours then assert.is_true(ours.id < theirs.id) end -- else our own is gone
      assert.same(is_ours and {} or { cid }, theirs.members)
      assert.same(is_ours and { cid } or nil, ours and ours.members)
      t.call("delete_vm", cid)
      assert.equal(1, #t.rules()) -- theirs
    end
    assert.same({ [true] = true, [false] = true }, outcomes)
  end)

  it("that vanishes with its last VM while we join is made again", function()
    local t = cloud()
    local last = t.create { lb() }
    meanwhile(t, "deployVirtualMachine", function() t.call("delete_vm", last) end)
    local cid = t.create { lb() }
    assert.equal(1, #t.rules())
    assert.same({ cid }, t.rules()[1].members)
    t.call("delete_vm", cid)
    assert.same({}, t.left())
  end)

  it("goes with two VMs that leave at once, each of which sees the other", function()
    local t = cloud()
    local first, second = t.create { lb() }, t.create { lb() }
    meanwhile(t, "deleteTags", function() t.call("delete_vm", second) end)
    t.call("delete_vm", first)
    assert.same({}, t.left())
  end)

  it("that such a VM can't delete is found again by it", function()
    local t = cloud()
    local first, second = t.create { lb() }, t.create { lb() }
    meanwhile(t, "deleteTags", function()
      t.call("delete_vm", second)
      t.sim.fault { command = "deleteLoadBalancerRule", fault = "fail_job", errortext = "no" }
    end)
    assert.truthy(t.failure("delete_vm", first).message:find("deleting a load balancer", 1, true))
    assert.equal("member", t.rules()[1].tags[first])
    t.call("delete_vm", first)
    assert.same({}, t.left())
  end)

  it("is kept for a VM that has only announced itself", function()
    local t = cloud()
    local last = t.create { lb() }
    meanwhile(t, "assignToLoadBalancerRule", function() t.call("delete_vm", last) end)
    t.requests()
    local cid = t.create { lb() }
    assert.same({ cid }, t.rules()[1].members)
    for _, request in ipairs(t.requests()) do assert.not_equal("deleteLoadBalancerRule", request.command) end
  end)

  it("in a VPC is on the tier, and needs its address", function()
    local t = cloud { vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } },
      networks = { { name = "tier", zone = "zone1", type = "Isolated", cidr = "10.90.1.0/24", gateway = "10.90.1.1", vpc = "vpc1" } } }
    t.sim.send { { command = "associateIpAddress", params = { vpcid = t.sim.state().vpcs[1].id, ipaddress = "192.0.2.60" } } }
    t.sim.advance(1)
    local cid = t.create({ lb { public_ip = "192.0.2.60" } }, "tier")
    assert.same({ cid }, t.rules()[1].members)
    assert.equal("tier", t.rules()[1].network)
    assert.truthy(t.refused({ lb { name = "x", public_ip = native.json.null } }, "tier"):find("it needs 'public_ip'", 1, true))
    assert.truthy(t.refused({ lb { name = "x", public_ip = "192.0.2.60", public_port = 82, open_firewall = true } }, "tier")
      :find("network ACLs", 1, true))
  end)

  for what, case in pairs {
    ["no name"] = { { { private_port = 1, public_port = 1 } }, "'name' is missing" },
    ["no port"] = { { { name = "x", public_port = 1 } }, "'private_port' is missing" },
    ["a port that is none"] = { { lb { public_port = 70000 } }, "a port number" },
    ["a misspelt key"] = { { lb { algoritm = "source" } }, "did you mean 'algorithm'" },
    ["a misspelt algorithm"] = { { lb { algorithm = "roundrobbin" } }, "did you mean 'roundrobin'" },
    ["a name twice"] = { { lb(), lb() }, "named twice" },
    ["an address of nobody"] = { { lb { public_ip = "192.0.2.99" } }, "not one of this account's" },
    ["a network without load balancing"] = { { lb { public_ip = native.json.null } }, "offers load balancing", "shared-net" },
    ["an address of another network"] = { { lb() }, "in which the VM has no NIC", "bosh-net-2" },
  } do
    it("is refused before anything is made: " .. what, function()
      local t = cloud()
      local message = t.refused(case[1], case[3])
      assert.truthy(message:find(case[2], 1, true), message)
      for _, request in ipairs(t.requests()) do assert.truthy(request.command:find "^list", request.command) end
    end)
  end

  it("that does something else is refused, and left as it is", function()
    local t = cloud()
    t.create { lb() }
    local message = t.refused { lb { private_port = 9090, algorithm = "source" } }
    assert.truthy(message:find("private_port 8080, not 9090, algorithm roundrobin, not source", 1, true), message)
    assert.equal(1, t.sim.state().left.vms)
  end)

  it("whose port is another rule's says so, and nothing is left", function()
    local t = cloud()
    local id = t.sim.state().publicaddresses[1].id
    t.sim.send { { command = "createLoadBalancerRule", params = { name = "theirs", algorithm = "source", privateport = 1,
      publicport = 80, publicipid = id, openfirewall = false } } }
    assert.truthy(t.refused({ lb() }):find("conflicts with rule", 1, true))
    assert.same({ rules = 1 }, t.left())
  end)

  it("keeps no tag of a VM that failed because tagging was refused, and went on", function()
    local t = cloud { latency = { request = 0, template = 0, jobs = { createTags = 1 } } }
    local first = t.create { lb() }
    t.sim.fault { command = "createTags", fault = "status", status = 530, after = true, times = 99 }
    assert.truthy(t.refused({ lb() }):find("tagging 'web': createTags", 1, true))
    t.sim.advance(5)
    assert.equal("member", t.rules()[1].tags[first])
    for key in pairs(t.rules()[1].tags) do assert.is_true(key == first or not key:find "^cpivm%-", key) end
    assert.same({ first }, t.rules()[1].members)
  end)

  for _, command in ipairs { "createLoadBalancerRule", "assignToLoadBalancerRule" } do
    it("leaves nothing when " .. command .. " fails", function()
      local t = cloud(nil, { store = true })
      t.sim.fault { command = command, fault = "fail_job", errortext = "no", times = 9 }
      t.refused { lb() }
      assert.same({}, t.left())
      assert.same({}, t.store.journal or {})
    end)

    it("is joined although the answer to " .. command .. " is lost", function()
      local t = cloud()
      t.sim.fault { command = command, fault = "lose" }
      local cid = t.create { lb() }
      assert.same({ cid }, t.rules()[1].members)
      t.call("delete_vm", cid)
      assert.same({}, t.left())
    end)
  end
end)

describe("a load balancer on a vip of the same VM", function()
  it("is refused before anything is made", function()
    local t = cloud()
    local ok, failure = pcall(t.cid, { cloud_properties = { compute_offering = "shared.small", lbs = { lb() } }, networks = {
      default = { type = "dynamic", cloud_properties = { name = "bosh-net" } }, public = { type = "vip", ip = "192.0.2.50" } } })
    assert.is_false(ok)
    assert.equal("load balancer 'web': address 192.0.2.50 is the VM's vip 'public'", failure.message)
    assert.same({}, t.left())
  end)
end)

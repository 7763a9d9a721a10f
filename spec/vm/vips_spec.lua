-- Vips on a simulated CloudStack: given with the VM, gone with it, and nothing left of a create_vm that fails.

local native = require "host_native"
local trial = require "operator.trial"

local json = native.json
local NIC = { type = "dynamic", cloud_properties = { name = "bosh-net" } }

local function vip(ip, properties)
  return { type = "vip", ip = ip, cloud_properties = properties or {} }
end

-- A trial in whose cloud the account has the address 192.0.2.50 in bosh-net.
local function cloud(world, options)
  world = world or {}
  world.public_addresses = world.public_addresses or { { name = "192.0.2.50", network = "bosh-net" } }
  world.settings = { ["allow.user.expunge.recover.vm"] = true }
  options = options or {}
  options.host, options.world = native, world
  local t = trial.new(options)
  function t.address(text)
    for _, row in ipairs(t.sim.state().publicaddresses) do
      if row.address == text then return row end
    end
  end
  function t.create(networks, properties)
    networks.default = networks.default or NIC
    properties = properties or {}
    properties.compute_offering = "shared.small"
    return t.call("create_vm", "agent-1", t.sim.state().templates[1].name, properties, networks, {}, {})
  end
  function t.refused(networks, properties)
    local ok, failure = pcall(t.create, networks, properties)
    assert.is_false(ok, "nothing was raised")
    assert.is_table(failure, tostring(failure))
    assert.same({}, t.left())
    return failure.message
  end
  return t
end

-- A user's destroyed VM is expunged by the clock.
local function deleted(t, cid)
  t.call("delete_vm", cid)
  assert.same({}, t.left())
end

describe("a vip", function()
  it("that was there is the VM's, and the account's again when the VM is deleted", function()
    local t = cloud()
    local answer = t.create { public = vip "192.0.2.50" }
    assert.equal(answer[1], t.address("192.0.2.50").virtualmachine)
    assert.equal("192.0.2.50", answer[2].public.ip)
    assert.equal("vip", t.address("192.0.2.50").tags[answer[1]])
    deleted(t, answer[1])
    assert.is_nil(t.address("192.0.2.50").virtualmachine)
    assert.same({}, t.address("192.0.2.50").tags)
  end)

  it("may be taken by the CPI: a wanted address", function()
    local t = cloud()
    local cid = t.create({ public = vip("192.0.2.77", { acquire = true }) })[1]
    assert.equal(cid, t.address("192.0.2.77").virtualmachine)
    assert.equal("acquired", t.address("192.0.2.77").tags[cid])
    deleted(t, cid)
    assert.is_nil(t.address("192.0.2.77"))
  end)

  it("may be taken by the CPI: any address, which the director is told", function()
    local t = cloud()
    local answer = t.create { public = vip(nil, { acquire = true }) }
    assert.equal(answer[1], t.address(answer[2].public.ip).virtualmachine)
    deleted(t, answer[1])
  end)

  it("that shall be taken and is the account's already stays the account's", function()
    local t = cloud()
    deleted(t, t.create({ public = vip("192.0.2.50", { acquire = true }) })[1])
    assert.is_table(t.address "192.0.2.50")
  end)

  it("goes to the NIC in the address's network, whatever its place", function()
    local t = cloud { public_addresses = { { name = "192.0.2.60", network = "bosh-net-2" } } }
    local cid = t.create({ b = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } }, public = vip "192.0.2.60" })[1]
    local vm = t.vm(cid)
    for _, nic in ipairs(vm.nic) do
      assert.equal(nic.networkname == "bosh-net-2" and "192.0.2.60" or nil, nic.publicip)
    end
  end)

  it("may be one of several, a NIC each", function()
    local t = cloud { public_addresses = { { name = "192.0.2.50", network = "bosh-net" } } }
    local cid = t.create({
      b = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } }, one = vip "192.0.2.50",
      two = vip("192.0.2.88", { acquire = true, name = "bosh-net-2" }),
    })[1]
    assert.equal(cid, t.address("192.0.2.50").virtualmachine)
    assert.equal(cid, t.address("192.0.2.88").virtualmachine)
    deleted(t, cid)
  end)

  it("that may be anywhere takes a NIC that has none yet", function()
    local t = cloud()
    local networks = { b = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } }, any = vip(nil, { acquire = true }),
      one = vip "192.0.2.50" }
    local answer = t.create(networks)
    assert.equal("bosh-net-2", t.address(answer[2].any.ip).network)
    deleted(t, answer[1])
  end)

  it("opens the firewall as it is told, and closes it again", function()
    local t = cloud()
    local cid = t.create({ public = vip("192.0.2.50", { firewall_rules = {
      { protocol = "tcp", start_port = 22 },
      { protocol = "tcp", start_port = 443, end_port = 444, cidrs = { "10.0.0.0/8", "192.168.0.0/16" } },
      { protocol = "icmp" },
    } }) })[1]
    local rules = t.sim.state().firewallrules
    assert.equal(3, #rules)
    assert.same({ 443, 444, "10.0.0.0/8,192.168.0.0/16" }, { rules[2].startport, rules[2].endport, rules[2].cidrs })
    assert.equal("rule", rules[1].tags[cid])
    deleted(t, cid)
    assert.equal(0, #t.sim.state().firewallrules)
  end)

  it("says which kind of ICMP", function()
    local t = cloud()
    t.create { public = vip("192.0.2.50", { firewall_rules = { { protocol = "icmp", icmp_type = 8, icmp_code = 0 } } }) }
    for _, request in ipairs(t.sim.requests) do
      if request.command == "createFirewallRule" then
        assert.same({ "8", "0" }, { tostring(request.parameters.icmptype), tostring(request.parameters.icmpcode) })
      end
    end
  end)

  it("leaves a rule alone that was there", function()
    local t = cloud()
    local address = t.address("192.0.2.50").id
    t.sim.send { { command = "createFirewallRule", params = { ipaddressid = address, protocol = "tcp", startport = 22, endport = 22,
      cidrlist = "0.0.0.0/0" } } }
    local cid = t.create({ public = vip("192.0.2.50", { firewall_rules = { { start_port = 22 } } }) })[1]
    t.call("delete_vm", cid)
    assert.equal(1, #t.sim.state().firewallrules)
  end)

  it("in a VPC goes to the tier", function()
    local t = cloud { vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } },
      networks = { { name = "tier", zone = "zone1", type = "Isolated", cidr = "10.90.1.0/24", gateway = "10.90.1.1", vpc = "vpc1" } },
      public_addresses = { { name = "192.0.2.50", vpc = "vpc1" } } }
    local nic = { type = "dynamic", cloud_properties = { name = "tier" } }
    local cid = t.create({ default = nic, public = vip "192.0.2.50" })[1]
    assert.equal(cid, t.address("192.0.2.50").virtualmachine)
    deleted(t, cid)
    cid = t.create({ default = nic, public = vip("192.0.2.77", { acquire = true }) })[1]
    assert.equal(cid, t.address("192.0.2.77").virtualmachine)
    deleted(t, cid)
    assert.truthy(t.refused({ default = nic, public = vip("192.0.2.50", { firewall_rules = { { start_port = 22 } } }) })
      :find("network ACLs", 1, true))
  end)

  it("of another VM is refused, and the holder named", function()
    local t = cloud()
    local holder = t.create({ public = vip "192.0.2.50" })[1]
    local ok, failure = pcall(t.create, { public = vip "192.0.2.50" })
    assert.is_false(ok)
    assert.truthy(failure.message:find("already the vip of VM '" .. holder .. "'", 1, true), failure.message)
    assert.equal(1, t.sim.state().left.vms)
  end)

  for what, case in pairs {
    ["an address of nobody"] = { { public = vip "192.0.2.99" }, "not one of this account's" },
    ["no address at all"] = { { public = vip() }, "has no ip" },
    ["an unknown property"] = { { public = vip("192.0.2.50", { aquire = true }) }, "did you mean 'acquire'" },
    ["another network than the address's"] = { { public = vip("192.0.2.50", { name = "bosh-net-2" }) }, "belongs to network 'bosh-net'" },
    ["an address of a network without NIC"] = {
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } }, public = vip "192.0.2.50" },
      "needs a NIC in network 'bosh-net'" },
    ["a network without static NAT"] = {
      { default = { type = "dynamic", cloud_properties = { name = "shared-net" } }, public = vip("192.0.2.77", { acquire = true }) },
      "a network with static NAT" },
    ["two vips for one NIC"] = { { a = vip "192.0.2.50", b = vip("192.0.2.77", { acquire = true }) }, "are for one address" },
    ["an IPv6 address"] = { { public = vip("2001:db8::5", { acquire = true }) }, "network 'public' is an IPv6 vip" },
    ["a rule without ports"] = { { public = vip("192.0.2.50", { firewall_rules = { {} } }) }, "'start_port' is missing" },
    ["ports the wrong way round"] = { { public = vip("192.0.2.50", { firewall_rules = { { start_port = 9, end_port = 8 } } }) },
      "below 'start_port'" },
    ["a protocol that is none"] = { { public = vip("192.0.2.50", { firewall_rules = { { protocol = "tpc", start_port = 1 } } }) },
      "tcp, udp or icmp" },
    ["an ICMP type that is none"] = { { public = vip("192.0.2.50", { firewall_rules = { { protocol = "icmp", icmp_type = 256 } } }) },
      "'icmp_type' must be a number from -1 (all) to 255" },
    ["an address that is none"] = { { public = vip("x y", { acquire = true }) }, "network 'public': 'x y' is not an IPv4 address" },
    ["a cidr of too many bits"] = { { public = vip("192.0.2.50", { firewall_rules = { { start_port = 1,
      cidrs = { "10.0.0.0/33" } } } }) }, "'cidrs' must be" },
    ["an IPv6 cidr of too many bits"] = { { public = vip("192.0.2.50", { firewall_rules = { { start_port = 1,
      cidrs = { "fd00::/129" } } } }) }, "'cidrs' must be" },
    ["a cidr that is none"] = { { public = vip("192.0.2.50", { firewall_rules = { { start_port = 1, cidrs = { "all" } } } }) },
      "'cidrs' must be" },
  } do
    it("is refused before anything is made: " .. what, function()
      local t = cloud()
      local message = t.refused(case[1])
      assert.truthy(message:find(case[2], 1, true), message)
      for _, request in ipairs(t.requests()) do assert.truthy(request.command:find "^list", request.command) end
    end)
  end

  it("of the manifest's choice is not taken where CloudStack can't be asked for it", function()
    local t = cloud { version = "4.11.3.0" }
    assert.truthy(t.refused({ public = vip("192.0.2.77", { acquire = true }) }):find("4.13", 1, true))
  end)

  it("is refused when it is a router's address", function()
    local t = cloud()
    t.call("delete_vm", t.create({})[1])
    local router
    for _, row in ipairs(t.sim.state().publicaddresses) do router = row.sourcenat and row.address or router end
    assert.truthy(t.refused({ public = vip(router) }):find("a router's", 1, true))
  end)

  for what, fault in pairs {
    ["the address can't be had"] = { command = "associateIpAddress", fault = "fail_job", errortext = "no" },
    ["the address is had, and its job says no"] = { command = "associateIpAddress", fault = "fail_job", errortext = "no",
      when = "after" },
    ["static NAT is refused"] = { command = "enableStaticNat", fault = "status", status = 431 },
    ["a firewall rule fails"] = { command = "createFirewallRule", fault = "fail_job", errortext = "no" },
  } do
    it("leaves nothing when " .. what, function()
      local t = cloud(nil, { store = true })
      t.sim.fault(fault)
      t.refused { public = vip("192.0.2.77", { acquire = true, firewall_rules = { { start_port = 22 } } }) }
      assert.same({}, t.store.journal or {})
    end)
  end

  for _, command in ipairs { "associateIpAddress", "enableStaticNat", "createFirewallRule", "createTags" } do
    it("is given although the answer to " .. command .. " is lost", function()
      local t = cloud()
      t.sim.fault { command = command, fault = "lose", nth = command == "createTags" and 2 or 1 }
      local cid = t.create({ public = vip("192.0.2.77", { acquire = true, firewall_rules = { { start_port = 22 } } }) })[1]
      assert.equal(cid, t.address("192.0.2.77").virtualmachine)
      deleted(t, cid)
    end)
  end

  it("that an operator has moved to another VM is not taken from it", function()
    local t = cloud()
    local first, second = t.create({ public = vip "192.0.2.50" })[1], t.create({})[1]
    local id = t.address("192.0.2.50").id
    t.sim.send { { command = "disableStaticNat", params = { ipaddressid = id } } }
    t.sim.advance(1)
    t.sim.send { { command = "enableStaticNat", params = { ipaddressid = id, virtualmachineid = t.vm(second).id } } }
    t.call("delete_vm", first)
    assert.equal(second, t.address("192.0.2.50").virtualmachine)
  end)

  it("that another CPI gave without a tag ends with the VM", function()
    local t = cloud()
    local cid = t.create({})[1]
    t.sim.send { { command = "enableStaticNat", params = { ipaddressid = t.address("192.0.2.50").id, virtualmachineid = t.vm(cid).id } } }
    t.requests()
    t.call("delete_vm", cid)
    local sent = {}
    for _, request in ipairs(t.requests()) do sent[request.command] = true end
    assert.is_true(sent.disableStaticNat)
  end)

  it("is what a half-done delete finds again, the VM being gone", function()
    local t = cloud()
    local cid = t.create({ public = vip("192.0.2.77", { acquire = true }) })[1]
    t.sim.send({ { command = "destroyVirtualMachine", params = { id = t.vm(cid).id, expunge = true } } }, "admin")
    t.sim.advance(1)
    assert.is_table(t.address "192.0.2.77")
    deleted(t, cid)
  end)

  for _, fault in ipairs { "fail_job", "lose", "drop" } do
    for _, command in ipairs { "disassociateIpAddress", "disableStaticNat", "deleteFirewallRule", "removeFromLoadBalancerRule",
      "deleteTags", "deleteLoadBalancerRule" } do
      it(("leaves nothing when %s meets %s in delete_vm, and it is tried again"):format(command, fault), function()
        local t = cloud()
        local cid = t.create({
          b = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } },
          one = vip("192.0.2.50", { firewall_rules = { { start_port = 22 } } }),
          two = vip("192.0.2.88", { acquire = true, name = "bosh-net-2" }),
        }, { lbs = { { name = "web", public_port = 80, private_port = 80 } } })[1]
        t.sim.fault { command = command, fault = fault, errortext = fault == "fail_job" and "no" or nil }
        pcall(t.call, "delete_vm", cid)
        deleted(t, cid)
      end)
    end
  end

  it("costs a VM without one nothing", function()
    local t = cloud()
    t.requests()
    local cid = t.create({})[1]
    local commands = {}
    for _, request in ipairs(t.requests()) do commands[request.command] = (commands[request.command] or 0) + 1 end
    assert.same({ listZones = 1, listServiceOfferings = 1, listNetworks = 1, listTemplates = 1, listCapabilities = 1,
      deployVirtualMachine = 1, startVirtualMachine = 1, createTags = 1 }, commands)
    t.call("delete_vm", cid)
    commands = {}
    for _, request in ipairs(t.requests()) do commands[request.command] = (commands[request.command] or 0) + 1 end
    assert.equal(1, commands.listTags)
    assert.is_nil(commands.listPublicIpAddresses)
  end)

  it("is in the agent's settings as it came: the agent skips it", function()
    local t = cloud()
    t.create { public = vip "192.0.2.50" }
    local settings = json.decode(t.sim.state().vms[1].userdata_decoded)
    assert.equal("vip", settings.networks.public.type)
    assert.is_nil(settings.networks.public.mac)
  end)
end)

describe("the jobs of a vip", function()
  it("that open the firewall have ids that follow from the VM's CID, in order", function()
    local job_ids = require "made.job_ids"
    local t = cloud()
    local cid = t.create({ public = vip("192.0.2.50", { firewall_rules = { { protocol = "tcp", start_port = 22 },
      { protocol = "tcp", start_port = 80 } } }) })[1]
    local ids = {}
    for _, request in ipairs(t.requests()) do
      local id = request.parameters.customjobid
      if request.command == "createFirewallRule" then ids[#ids + 1] = id end
      if request.command == "enableStaticNat" then assert.is_nil(id) end
    end
    assert.same({ job_ids.of(native, cid, "firewall rule", 1), job_ids.of(native, cid, "firewall rule", 2) }, ids)
  end)
end)

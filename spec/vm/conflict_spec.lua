-- An address that is taken: every way in which the ip_conflict policy may deal with it, in simulated clouds.

local conflict = require "vm.conflict"
local failures = require "cloudstack.failures"
local fake = require "tests.support.fake"
local native = require "host_native"
local site_policies = require "tests.support.site_policies"
local trial = require "operator.trial"

local function manual(ip)
  return { default = { type = "manual", ip = ip or "10.0.0.5", netmask = "255.255.255.0", gateway = "10.0.0.1",
    cloud_properties = { name = "bosh-net" } } }
end

-- A cloud, and the CID of a VM with 10.0.0.5. site: { policy = function } of the site.
local function new(options, site)
  options.host = native
  options.policies = site and "site" or nil
  local t = trial.new(options)
  if site then site_policies(t, site) end
  return t, t.cid { networks = manual() }
end

local leave = function() return "leave" end

local function again(t, ip) return pcall(t.cid, { networks = manual(ip) }) end

local function count(t, command)
  local n = 0
  for _, request in ipairs(t.sim.requests) do n = n + (request.command == command and 1 or 0) end
  return n
end

local as_admin = { account = "admin", settings = { cloudstack = { account = "bosh", domain = "bosh" } } }

local function copy(options)
  local twin = {}
  for key, value in pairs(options) do twin[key] = value end
  return twin
end

describe("an address that is taken", function()
  it("by a living VM is explained at once", function()
    local t, cid = new {}
    local ok, failure = again(t)
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.is_false(failure.ok_to_retry)
    assert.truthy(failure.message:find(("address 10.0.0.5 is held by VM '%s' (Running)"):format(cid), 1, true))
    assert.equal(2, count(t, "deployVirtualMachine"))
    t.sim.advance(3600)
    assert.equal(1, t.sim.state().left.vms)
  end)

  it("is said to be anybody's where the look for it fails", function()
    local t = new {}
    t.sim.fault { command = "listVirtualMachines", fault = "status", status = 431, nth = 2 }
    local _, failure = again(t)
    assert.truthy(failure.message:find("; the CPI could not find out which VM has its addresses: listVirtualMachines: ", 1, true),
      failure.message)
  end)

  it("by nobody, because no VM can have it, is explained at once", function()
    local t = new {}
    for _, ip in ipairs { "10.0.0.0", "10.0.0.1", "10.0.9.5", "10.0.0.255" } do
      local _, failure = again(t, ip)
      assert.truthy(failure.message:find(("address %s is not one that a VM can have in network 'bosh-net' (10.0.0.0/24, gateway 10.0.0.1)")
        :format(ip), 1, true), failure.message)
    end
    assert.equal(5, count(t, "deployVirtualMachine"))
  end)

  it("by a VM of another director's is told from one of ours by the tag", function()
    local ours
    local t, cid = new({}, { ip_conflict = function(facts)
      ours = facts.holder.ours
      return "fail"
    end })
    again(t)
    assert.is_true(ours)
    t.sim.send { { command = "deleteTags", params = { resourceids = t.vm(cid).id, resourcetype = "UserVm",
      ["tags[0].key"] = "director_uuid" } } }
    t.sim.advance(5)
    again(t)
    assert.is_false(ours)
  end)

  it("by a destroyed VM that nobody sees is waited for until CloudStack has expunged it", function()
    local t, cid = new({}, { expunge = leave })
    t.call("delete_vm", cid)
    assert.is_true((again(t)))
    t.sim.advance(3600)
    assert.equal(1, t.sim.state().left.vms, "the tries have left nothing")
  end)

  it("is waited for no longer than the policy says", function()
    local t, cid = new({ world = { settings = { ["expunge.delay"] = 86400 } } }, { expunge = leave,
      ip_conflict = function() return { answer = "wait", deadline = 60 } end })
    t.call("delete_vm", cid)
    local began = t.sim.clock.now()
    local ok, failure = again(t)
    assert.is_false(ok)
    assert.truthy(failure.message:find("nobody that this account sees holds address 10.0.0.5", 1, true))
    assert.truthy(failure.message:find("it was not free after ", 1, true))
    assert.is_true(t.sim.clock.now() - began < 120)
  end)

  it("by a destroyed VM of ours is expunged where the account may", function()
    local t, cid = new(copy(as_admin), { expunge = leave })
    t.call("delete_vm", cid)
    assert.is_true((again(t)))
    assert.equal(1, count(t, "expungeVirtualMachine"))
    assert.equal(2, count(t, "deployVirtualMachine") - 1)
  end)

  it("by a VM that does not go when it is expunged is no endless loop", function()
    local t, cid = new(copy(as_admin), { expunge = leave })
    t.call("delete_vm", cid)
    local send = t.host.cloudstack.send
    t.host.cloudstack.send = function(requests)
      for _, request in ipairs(requests) do
        -- Stopping what is destroyed succeeds and does nothing.
        if request.command == "expungeVirtualMachine" then request.command = "stopVirtualMachine" end
      end
      return send(requests)
    end
    local ok, failure = again(t)
    assert.is_false(ok)
    assert.truthy(failure.message:find(("is held by VM '%s' (Destroyed)"):format(cid), 1, true))
    assert.equal(3, count(t, "deployVirtualMachine"))
  end)

  it("by a destroyed VM that an administrator sees is watched", function()
    local t, cid = new(copy(as_admin), { expunge = leave, ip_conflict = function(facts)
      assert.equal("Destroyed", facts.holder.state)
      assert.is_true(facts.holder.ours)
      return "wait"
    end })
    t.call("delete_vm", cid)
    assert.is_true((again(t)))
    assert.is_true(count(t, "listNics") > 3)
    assert.equal(3, count(t, "deployVirtualMachine"))
  end)

  it("is ignored once when the policy says so", function()
    local t = new({}, { ip_conflict = function() return "ignore" end })
    assert.is_false((again(t)))
    assert.equal(3, count(t, "deployVirtualMachine"))
  end)

  it("is nobody's business when the deploy fails for another reason, or networks choose the address", function()
    local asked = 0
    local t = new({}, { ip_conflict = function()
      asked = asked + 1
      return "fail"
    end })
    t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = "broken" }
    assert.is_false((again(t, "10.0.0.9")))
    assert.equal(0, asked)
  end)

  it("stops create_vm when the policy is broken, and leaves nothing", function()
    local t = new({}, { ip_conflict = function() return "perhaps" end })
    local _, failure = again(t)
    assert.equal("Bosh::Clouds::CpiError", failure.type)
    assert.truthy(failure.message:find("site/ip_conflict.lua", 1, true))
    t.sim.advance(3600)
    assert.equal(1, t.sim.state().left.vms)
  end)
end)

-- Networks of a VM in bosh-net, or in a shared network with IPv6; the second and further ones are no NIC's own address.
local function with_more(first, more, name)
  local networks = manual(first)
  networks.default.cloud_properties.name = name or "bosh-net"
  networks.more = { type = "manual", ip = more, prefix = more:find ":" and "128" or "32", netmask = "255.255.255.0",
    cloud_properties = { name = name or "bosh-net" } }
  return networks
end

local DUAL = { { name = "dual", zone = "zone1", type = "Shared", cidr = "10.7.1.0/24", gateway = "10.7.1.1",
  range = { "10.7.1.10", "10.7.1.200" }, ip6cidr = "2001:db8:7::/64", ip6gateway = "2001:db8:7::1" } }

describe("an address that a NIC has besides its own", function()
  it("is found with its VM, as the own address of another's", function()
    local t = new {}
    local holder = t.cid { networks = with_more("10.0.0.20", "10.0.0.21") }
    local began = t.sim.clock.now()
    local ok, failure = again(t, "10.0.0.21")
    assert.is_false(ok)
    assert.truthy(failure.message:find(("address 10.0.0.21 is held by VM '%s' (Running)"):format(holder), 1, true), failure.message)
    assert.is_true(t.sim.clock.now() - began < 30)
  end)

  it("is found when another VM wants it besides its own, and nothing is left of that VM", function()
    local t, cid = new {}
    local ok, failure = pcall(t.cid, { networks = with_more("10.0.0.20", "10.0.0.5") })
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.is_false(failure.ok_to_retry)
    assert.truthy(failure.message:find(("addIpToNic: Failed to assign secondary ip to nic (530); address 10.0.0.5 is held by VM '%s' "
      .. "(Running)"):format(cid), 1, true), failure.message)
    t.sim.advance(3600)
    assert.equal(1, t.sim.state().left.vms)
    assert.is_true((again(t, "10.0.0.20")))
  end)

  it("of IPv6 is found in whatever spelling, and one that is the router's not waited for", function()
    local t = new { world = { networks = DUAL } }
    local holder = t.cid { networks = with_more("10.7.1.20", "2001:db8:7::20", "dual") }
    local _, failure = pcall(t.cid, { networks = with_more("10.7.1.21", "2001:DB8:7:0::20", "dual") })
    assert.truthy(failure.message:find(("address 2001:db8:7::20 is held by VM '%s' (Running)"):format(holder), 1, true), failure.message)
  end)

  it("of a destroyed VM that nobody sees is waited for until CloudStack has expunged it", function()
    local t = new({}, { expunge = leave })
    t.call("delete_vm", t.cid { networks = with_more("10.0.0.20", "10.0.0.21") })
    assert.is_true((pcall(t.cid, { networks = with_more("10.0.0.30", "10.0.0.21") })))
    t.sim.advance(3600)
    assert.equal(2, t.sim.state().left.vms)
  end)

  it("is free as soon as its VM is deleted", function()
    local t = new { world = { settings = { ["expunge.delay"] = 86400, ["expunge.interval"] = 86400 } } }
    for _ = 1, 2 do t.call("delete_vm", t.cid { networks = with_more("10.0.0.20", "10.0.0.21") }) end
    assert.is_true((again(t, "10.0.0.21")))
  end)

  it("can be one too many for CloudStack, which says which setting it is", function()
    local t = new { world = { settings = { ["vm.network.nic.max.secondary.ipaddresses"] = 2 } } }
    local networks = with_more("10.0.0.20", "10.0.0.32")
    networks.more.prefix = "30"
    local ok, failure = pcall(t.cid, { networks = networks })
    assert.is_false(ok)
    assert.truthy(failure.message:find("the NICs of the VM need further addresses: 4 in network 'bosh-net'. CloudStack's global setting "
      .. "vm.network.nic.max.secondary.ipaddresses", 1, true), failure.message)
    t.sim.advance(3600)
    assert.equal(1, t.sim.state().left.vms)
  end)
end)

describe("a right to expunge that CloudStack only claims", function()
  local world = { settings = { ["allow.user.expunge.recover.vm"] = true },
    accounts = { { name = "bosh", without = { "expungeVirtualMachine" } } } }

  it("is found out without harm: the VM leaves in another way, and its address is free", function()
    local t, cid = new { world = world }
    t.call("delete_vm", cid)
    assert.is_false(t.call("has_vm", cid))
    assert.is_true((again(t)))
    assert.equal(2, count(t, "destroyVirtualMachine"))
  end)

  it("is remembered by the processes that share a store, for a while", function()
    local t, cid = new { world = world, store = true }
    t.call("delete_vm", cid)
    local second = t.cid { networks = manual() }
    t.call("delete_vm", second)
    assert.equal(3, count(t, "destroyVirtualMachine"), "one try in vain")
    t.sim.advance(601)
    t.call("delete_vm", t.cid { networks = manual() })
    assert.equal(5, count(t, "destroyVirtualMachine"), "and another one later")
  end)
end)

describe("a destroyed VM that CloudStack is expunging already", function()
  local target = { id = "n-1", name = "bosh-net", cidr = "10.0.0.0/24", gateway = "10.0.0.1" }
  local holder = { id = "v-1", name = "cpivm-1", state = "Destroyed", nic = { { networkid = "n-1", ipaddress = "10.0.0.5" } } }
  local task = { request = { "deployVirtualMachine", {} }, failure = { kind = "refused", code = 533, class = "insufficient",
    text = "Unable to acquire the address 10.0.0.5" } }

  -- settle() after another address was waited for so long; in the last look CloudStack says this of the VM's NICs.
  local function settled_after(seconds, last)
    local cpi <close> = fake.cpi {
      { "listVirtualMachines", { networkid = "n-1" }, { virtualmachine = { holder } } },
      { "expungeVirtualMachine", { id = "v-1" }, job_fails = "it is being expunged" },
      { "listNics", { virtualmachineid = "v-1" }, { nic = holder.nic } },
      last, policies = { ip_conflict = function() return "expunge" end },
    }
    local waiting = conflict.new_wait(cpi, {})
    waiting.began, waiting.attempts = waiting.began - seconds, 1
    return conflict.settle(cpi, { { ip = "10.0.0.5", target = target, more = {} } }, { may_expunge = true }, task, waiting)
  end
  local GONE = { "listNics", { virtualmachineid = "v-1" }, refuse = "no such VM", code = 431 }

  it("is waited for, however long other addresses were waited for before", function()
    assert.is_true((settled_after(0, GONE)))
    assert.is_true((settled_after(3000, GONE)))
  end)

  it("is waited for where its NICs may not be listed, until the next deploy", function()
    assert.is_true((settled_after(0, { "listNics", { virtualmachineid = "v-1" }, refuse = "not allowed", code = 432 })))
  end)
end)

describe("the answers of the expunge policy", function()
  local function after(strategy, options)
    local t, cid = new(options or {}, { expunge = function() return strategy end, ip_conflict = function() return "fail" end })
    t.call("delete_vm", cid)
    return (again(t)), t
  end

  it("release: the address is free at once, for every account", function() assert.is_true(after "release") end)
  it("leave: it stays taken", function() assert.is_false(after "leave") end)
  it("wait: it is free when delete_vm is over", function() assert.is_true(after { strategy = "wait", deadline = 600 }) end)
  it("now: it is free at once, where the account may", function()
    assert.is_true(after("now", { world = { settings = { ["allow.user.expunge.recover.vm"] = true } } }))
  end)
end)

describe("an address that a VM of a create_vm holds whose answer nobody took", function()
  local NETWORKS = { default = { type = "manual", ip = "10.0.0.50", netmask = "255.255.255.0", gateway = "10.0.0.1",
    default = { "gateway", "dns" }, dns = { "8.8.8.8" }, cloud_properties = { name = "bosh-net" } } }

  it("is told with the commands that show and remove it", function()
    local t = trial.new { host = native }
    local holder = t.cid { networks = NETWORKS }
    local ok, failure = pcall(t.cid, { networks = NETWORKS })
    assert.is_false(ok)
    assert.truthy(failure.message:find(("is held by VM '%s' (Running), of which BOSH has not spoken: `cpi cid %s` shows it, and `cpi gc` "
      .. "removes"):format(holder, holder), 1, true), failure.message)
    t.call("set_vm_metadata", holder, { deployment = "cf" })
    ok, failure = pcall(t.cid, { networks = NETWORKS })
    assert.is_false(ok)
    assert.is_nil(failure.message:find("has not spoken", 1, true), failure.message)
  end)
end)

describe("a network without a free address", function()
  local function fill(type_, cidr, gateway, range)
    local t = trial.new { host = native, world = { networks = { { name = "tiny", zone = "zone1", type = type_, cidr = cidr,
      gateway = gateway, range = range, account = type_ == "Isolated" and "bosh" or nil } } } }
    local networks = { default = { type = "dynamic", cloud_properties = { name = "tiny" } } }
    for _ = 1, 9 do
      local ok, failure = pcall(t.cid, { networks = networks })
      if not ok then return failure, t end
    end
    error("it was never full")
  end

  it("is told as far as it can be seen", function()
    local failure, t = fill("Isolated", "10.7.0.0/29", "10.7.0.1")
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.truthy(failure.message:find("network 'tiny' (10.7.0.0/29, 5 for VMs) has no free address: VMs that this account "
      .. "sees hold 5; destroyed ones", 1, true), failure.message)
    t.sim.advance(3600)
    assert.equal(5, t.sim.state().left.vms)
    failure = fill("Shared", "10.6.0.0/24", "10.6.0.1", { "10.6.0.10", "10.6.0.11" })
    assert.truthy(failure.message:find("network 'tiny' (10.6.0.0/24) may have no free address: VMs that this account sees hold 2",
      1, true), failure.message)
  end)
end)

describe("an address that a removed VM of the same create_vm holds", function()
  local network = { id = "n1", name = "net", cidr = "10.0.0.0/24", gateway = "10.0.0.1" }

  -- What settle() returns of another failure, and the addresses that are known as held afterwards.
  local function settled(answer, script)
    script.policies = { ip_conflict = function() return answer end }
    local cpi <close> = fake.cpi(script)
    local waiting = conflict.new_wait(cpi, {})
    for i, ip in ipairs { "10.0.0.9", "10.0.0.5" } do
      waiting.own[i] = { nic = { ip = ip, target = network }, in_range = true, is_own = true,
        holder = { id = "v" .. i, name = "cpivm-" .. i, state = "Destroyed" } }
    end
    local task = { request = { "deployVirtualMachine", {} }, failure = failures.new("deployVirtualMachine", { kind = "refused", code = 533,
      text = "no room", sent = true }) }
    local can, nics = { version = "4.20", may_expunge = false }, { { ip = "10.0.0.5", target = network, more = {} } }
    local is_settled = conflict.settle(cpi, nics, can, task, waiting)
    local held = {}
    for i, one in ipairs(waiting.own) do held[i] = one.nic.ip end
    return is_settled, held
  end

  it("is in nobody's way once it was waited for", function()
    assert.same({ true, { "10.0.0.9" } }, { settled("wait", { { "listNics", { virtualmachineid = "v2" }, refuse = "no such VM" } }) })
  end)

  it("is known as held for as long as it is ignored", function()
    assert.same({ true, { "10.0.0.9", "10.0.0.5" } }, { settled("ignore", {}) })
  end)
end)

describe("an address on which a deleted VM is parked", function()
  local parking = require "made.parking"
  local leaving = require "tests.support.leaving"

  -- The notes as a process has them.
  local function cpi_of(s) return { store = s.store, json = s.json, clock = s.sim.clock, bytes = require("host_native").bytes } end

  it("is moved on from where its delete_vm did not come to its end", function()
    local s = leaving.stage { store = true }
    local old = s:small_vm()
    function s.before_send(_, requests)
      if requests[1].command == "destroyVirtualMachine" then coroutine.yield "kill" end
    end
    s:run(s:begin("delete_vm", { old }))
    s.before_send = nil
    local parked = s:find("vms", old).nics[1].address
    local vm = s:small_vm(nil, s:networks(parked))
    assert.equal(parked, s:find("vms", vm).nics[1].address)
    assert.not_equal(parked, s:find("vms", old).nics[1].address)
    assert.equal(1, #parking.notes(cpi_of(s)))
  end)

  it("is named by its own VM, which CloudStack does not show", function()
    local s = leaving.stage { store = true }
    local old = s:small_vm()
    s:good("delete_vm", { old })
    local parked = parking.notes(cpi_of(s))[1].address
    local answer = s:call("create_vm", s:small_order(nil, s:networks(parked)))
    local words = ("address %s is held by VM '%s', which was deleted and parked there"):format(parked, old)
    assert.truthy(answer.error.message:find(words, 1, true), answer.error.message)
  end)
end)

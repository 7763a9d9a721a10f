-- The addresses of a create_vm that fails, across vm/deployment, vm/conflict, made/removal and the policies: a cloud that keeps
-- what is destroyed for a day, and a key that may not expunge. The CPI frees them, or says which it could not free.

local native = require "host_native"
local site_policies = require "tests.support.site_policies"
local trial = require "operator.trial"

local DAY = 86400
local ADDRESS = "10.0.0.50"

local function world(more)
  local all = { accounts = { { name = "bosh", role = "user" } }, settings = { ["expunge.delay"] = DAY, ["expunge.interval"] = DAY } }
  for key, value in pairs(more or {}) do all[key] = value end
  return all
end

local function manual(ip, name)
  return { type = "manual", ip = ip, netmask = "255.255.255.0", gateway = (ip:gsub("%d+$", "1")), default = { "dns", "gateway" },
    cloud_properties = { name = name or "bosh-net" } }
end

-- policies: { NAME = function }: the site's.
local function new(more, policies)
  local t = trial.new { host = native, world = world(more), policies = policies and "site" or nil }
  if policies then site_policies(t, policies) end
  return t
end

local function create(t, cloud_properties, networks)
  return t.call("create_vm", "agent-1", t.sim.state().templates[1].name, cloud_properties or { compute_offering = "shared.small" },
    networks or { default = manual(ADDRESS) }, {}, {})
end

local function no_room(t, times) t.sim.fault { command = "startVirtualMachine", fault = "capacity", times = times } end

local function refused(t, ...)
  local ok, failure = pcall(create, t, ...)
  assert.is_false(ok)
  assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
  return failure
end

local function address_of(t, cid) return t.vm(cid).nic[1].ipaddress end

local function count(t, command)
  local n = 0
  for _, request in ipairs(t.requests()) do n = n + (request.command == command and 1 or 0) end
  return n
end

describe("the address of a VM for which there was no room", function()
  it("is free at once: the same create_vm succeeds a moment later", function()
    local t = new()
    no_room(t)
    local failure = refused(t)
    assert.is_true(failure.ok_to_retry)
    assert.truthy(failure.message:find("no room for offering 'shared.small' in zone 'zone1'", 1, true), failure.message)
    assert.equal(ADDRESS, address_of(t, create(t)[1]))
    assert.is_true(t.sim.clock.utc() < t.sim.world.start + 60)
  end)

  it("stays with the VM when it gets the second offering", function()
    local t = new()
    no_room(t)
    local cid = create(t, { cpu = 1, ram = 512 })[1]
    assert.equal(ADDRESS, address_of(t, cid))
    assert.equal("shared.medium", t.vm(cid).serviceofferingname)
    assert.equal(1, count(t, "deployVirtualMachine"))
  end)

  it("is named where the site's policy leaves it with the VM, and no other try is asked for", function()
    local t = new(nil, { expunge = function() return "leave" end })
    no_room(t)
    local failure = refused(t)
    assert.is_false(failure.ok_to_retry)
    assert.truthy(failure.message:find("left behind: address 10.0.0.50 in network 'bosh-net', which VM cpivm-", 1, true), failure.message)
  end)

  it("is free at once where no host has the offering's tag", function()
    local t = new { service_offerings = { { name = "gpu", cpu = 1, mhz = 1000, memory = 600, hosttags = "gpu" } } }
    local failure = refused(t, { compute_offering = "gpu" })
    assert.truthy(failure.message:find("no room for offering 'gpu' in zone 'zone1': startVirtualMachine: No suitable host found", 1,
      true), failure.message)
    assert.equal(ADDRESS, address_of(t, create(t)[1]))
  end)

  it("goes with a new VM where CloudStack does not change the offering", function()
    local t = new { service_offerings = { { name = "local.small", cpu = 1, mhz = 1000, memory = 600, storage = "local" } },
      zones = { { name = "zone1", localstorage = true } } }
    no_room(t)
    local cid = create(t, { cpu = 1, ram = 512 })[1]
    assert.equal(ADDRESS, address_of(t, cid))
    assert.equal("shared.small", t.vm(cid).serviceofferingname)
    assert.equal(2, count(t, "deployVirtualMachine"))
  end)

  it("is another VM's in the second zone", function()
    local t = new { zones = { { name = "zone2" } }, clusters = { { name = "cluster-z2", zone = "zone2", pools = { { name = "z2-primary" } },
      hosts = { { name = "z2-host", cpu = 16, mhz = 4000, memory = 65536, pool = 1024 } } } } }
    local function ask(command, params)
      local body = native.json.decode(t.sim.send({ { command = command, params = params } })[1].body)
      return select(2, next(body))
    end
    local offering = ask("listNetworkOfferings", { forvpc = "false", guestiptype = "Isolated" }).networkoffering[1].id
    for _, zone in ipairs(ask("listZones", {}).zone) do
      ask("createNetwork", { name = "twin", displaytext = "twin", zoneid = zone.id, networkofferingid = offering, gateway = "10.5.0.1",
        netmask = "255.255.255.0" })
    end
    no_room(t)
    local cid = create(t, { compute_offering = "shared.small", zones = { "zone1", "zone2" } }, { default = manual("10.5.0.9", "twin") })[1]
    assert.same({ "zone2", "10.5.0.9" }, { t.vm(cid).zonename, address_of(t, cid) })
  end)
end)

describe("a VM of two networks whose second address is taken", function()
  local both = { a = manual(ADDRESS), b = manual("10.0.1.60", "bosh-net-2") }
  both.b.default = nil

  local function taken(more)
    local t = new(more)
    return t, create(t, nil, { default = manual("10.0.1.60", "bosh-net-2") })[1]
  end

  -- The VM that has the second address is destroyed, which no user sees.
  local function dying(more)
    local t, cid = taken(more)
    t.sim.send { { command = "destroyVirtualMachine", params = { id = t.vm(cid).id } } }
    t.sim.advance(1)
    return t
  end

  it("leaves its first address with a dead VM, which is said with until when, and is no case for another try", function()
    local t = taken()
    local failure = refused(t, nil, both)
    assert.is_true(t.sim.clock.utc() < t.sim.world.start + 60, "nobody waits for what is in the way for good")
    assert.is_false(failure.ok_to_retry)
    assert.truthy(failure.message:find("address 10.0.1.60 is held by VM 'cpivm-", 1, true), failure.message)
    assert.truthy(failure.message:find("left behind: address 10.0.0.50 in network 'bosh-net', which VM cpivm-", 1, true), failure.message)
    assert.truthy(failure.message:find("until CloudStack expunges it (expunge.delay and expunge.interval, a day each by default)", 1,
      true), failure.message)
  end)

  it("leaves nothing where the account may expunge", function()
    local t = taken { settings = { ["expunge.delay"] = DAY, ["expunge.interval"] = DAY, ["allow.user.expunge.recover.vm"] = true } }
    local failure = refused(t, nil, both)
    assert.is_nil(failure.message:find("left behind", 1, true), failure.message)
    assert.equal(ADDRESS, address_of(t, create(t)[1]))
  end)

  it("is waited for where CloudStack expunges soon, with the holder of the second", function()
    local t = dying { settings = { ["expunge.delay"] = 60, ["expunge.interval"] = 60 } }
    assert.equal(ADDRESS, address_of(t, create(t, nil, both)[1]))
  end)

  it("is waited for in vain where it does not, and says so", function()
    local failure = refused(dying(), nil, both)
    assert.is_false(failure.ok_to_retry)
    for _, words in ipairs { "address 10.0.0.50 is held by VM 'cpivm-", ", which this create_vm made and has removed",
      "it was not free after 18", "left behind: address 10.0.0.50 in network 'bosh-net', which VM cpivm-" } do
      assert.truthy(failure.message:find(words, 1, true), words .. ": " .. failure.message)
    end
  end)

  it("is told to the ip_conflict policy as its own", function()
    local asked = {}
    local t = new(nil, { ip_conflict = function(facts)
      asked[#asked + 1] = ("%s %s"):format(facts.address, facts.holder and tostring(facts.holder.own) or "nobody")
      return facts.holder and facts.holder.own and "fail" or { answer = "wait", deadline = 600 }
    end })
    local other = create(t, nil, { default = manual("10.0.1.60", "bosh-net-2") })[1]
    t.sim.send { { command = "destroyVirtualMachine", params = { id = t.vm(other).id } } }
    t.sim.advance(1)
    refused(t, nil, both)
    assert.same({ "10.0.0.50 true" }, asked)
  end)
end)

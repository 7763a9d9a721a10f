-- create_vm where CloudStack has no room, across vm/deployment, vm/exhaustion and the policies: offerings, the policy once
-- more, zones, an end.

local native = require "host_native"
local site_policies = require "tests.support.site_policies"
local trial = require "operator.trial"

-- Two zones with a network of the same name each; the first is full for what wants a GPU.
local function world()
  local function cluster(zone, name, tags)
    return { name = name, zone = zone, pools = { { name = name .. "-primary" } },
      hosts = { { name = name .. "-host", cpu = 16, mhz = 4000, memory = 65536, pool = 1024, tags = tags } } }
  end
  return {
    zones = { { name = "zone2" } }, clusters = { cluster("zone2", "cluster-z2", "gpu") },
    networks = { { name = "bosh-net-z2", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1",
      account = "bosh" }, { name = "everywhere", zone = "zone1", type = "Shared", cidr = "10.7.0.0/24",
      gateway = "10.7.0.1", range = { "10.7.0.10", "10.7.0.90" } } },
    service_offerings = {
      { name = "gpu.1", cpu = 1, mhz = 1000, memory = 600, hosttags = "gpu" },
      { name = "gpu.2", cpu = 1, mhz = 1000, memory = 700, hosttags = "gpu" },
    },
  }
end

local function new(policies)
  local w = world()
  local t = trial.new { host = native, world = w, policies = policies and "site" or nil }
  if policies then site_policies(t, policies) end
  return t
end

-- The offering of each start.
local function starts(t)
  local names, of, now = {}, {}, nil
  for _, offering in ipairs(t.sim.state().serviceofferings) do of[offering.id] = offering.name end
  for _, request in ipairs(t.requests()) do
    now = of[request.parameters.serviceofferingid] or now
    if request.command == "startVirtualMachine" then names[#names + 1] = now end
  end
  return table.concat(names, " ")
end

local function order(properties)
  properties.cpu, properties.ram = properties.cpu or 1, properties.ram or 512
  return { cloud_properties = properties, networks = properties.networks }
end

local function full(t, times)
  t.sim.fault { command = "startVirtualMachine", fault = "capacity", times = times }
end

describe("without room", function()
  it("the next offerings are tried, three of ours", function()
    local t = new()
    full(t, 9)
    local ok, failure = pcall(t.cid, order {})
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.is_true(failure.ok_to_retry)
    assert.equal("gpu.1 gpu.2 shared.small", starts(t))
    t.sim.advance(3600)
    assert.equal(0, t.sim.state().left.vms)
  end)

  it("the policy is asked again with what was refused", function()
    local asked = {}
    local t = new { service_offering = function(facts)
      asked[#asked + 1] = #facts.refused
      local refused = {}
      for _, id in ipairs(facts.refused) do refused[id] = true end
      for _, offering in ipairs(facts.offerings) do
        if not refused[offering.id] and not offering.iscustomized then return offering end
      end
      return nil, "that was all"
    end }
    full(t, 2)
    t.cid(order {})
    assert.same({ 0, 1, 2 }, asked)
    assert.equal("shared.small shared.medium shared.large", starts(t))
  end)

  it("a policy that answers the same again is asked no more", function()
    local asked = 0
    local t = new { service_offering = function(facts)
      asked = asked + 1
      return facts.offerings[1]
    end }
    full(t, 9)
    assert.is_false((pcall(t.cid, order {})))
    assert.equal(2, asked)
    assert.equal("shared.small", starts(t))
  end)

  it("there is an end, whatever a policy says", function()
    local t = new { service_offering = function(facts)
      local list = {}
      for i = 1, 40 do list[i] = facts.offerings[1] end
      return list
    end }
    full(t, 60)
    assert.is_false((pcall(t.cid, order {})))
    assert.equal(12, select(2, starts(t):gsub("shared.small", "")))
  end)

  it("a refusal that has nothing to do with room ends it at once", function()
    local t = new()
    t.sim.fault { command = "startVirtualMachine", fault = "fail_job", errortext = "broken" }
    assert.is_false((pcall(t.cid, order { cpu = 2, ram = 2048 })))
    assert.equal("shared.medium", starts(t))
  end)

  it("a named offering is the only one", function()
    local t = new()
    full(t, 9)
    assert.is_false((pcall(t.cid, order { compute_offering = "gpu.2" })))
    assert.equal("gpu.2", starts(t))
  end)

  it("the zones of the manifest are tried in turn, with networks of the same name", function()
    local t = new()
    local network = { default = { type = "dynamic", cloud_properties = { name = "same-net" } } }
    -- Two networks of one name, one per zone.
    local send = t.host.cloudstack.send
    t.host.cloudstack.send = function(requests)
      local replies = send(requests)
      for i, request in ipairs(requests) do
        if request.command == "listNetworks" then
          replies[i].body = replies[i].body:gsub('"name":"bosh%-net%-z2"', '"name":"same-net"')
            :gsub('"name":"bosh%-net"', '"name":"same-net"')
        end
      end
      return replies
    end
    local cid = t.cid { cloud_properties = { compute_offering = "gpu.1", zones = { "zone1", "zone2" } }, networks = network }
    assert.equal("zone2", t.vm(cid).zonename)
    assert.equal("gpu.1 gpu.1", starts(t))
  end)

  it("a zone that lacks something is passed over", function()
    local t = new()
    full(t, 9)
    local _, failure = pcall(t.cid, { cloud_properties = { compute_offering = "gpu.1", zone = "zone1", zones = { "zone2" } } })
    assert.truthy(failure.message:find("No suitable host found", 1, true))
    assert.truthy(table.concat(t.log, "\n"):find("zone 'zone2' will not do: network 'bosh-net' is not in zone 'zone2'", 1, true))
  end)

  it("a policy says which zone is next", function()
    local seen
    local t = new { service_offering = function(facts)
      seen = seen or facts.zones
      if facts.zone.name == "zone1" then return { facts.offerings[1], zone = "zone2" } end
      return facts.offerings[1]
    end }
    full(t, 1)
    pcall(t.cid, order { zones = { "zone1", "nowhere", "zone2" } })
    assert.same({ "nowhere", "zone2" }, seen)
    assert.truthy(table.concat(t.log, "\n"):find "zone 'zone2' will not do")
  end)
end)

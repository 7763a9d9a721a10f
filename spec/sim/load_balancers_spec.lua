-- What a list of load balancer rules goes by.
local cloud = require "spec.sim.cloud"

describe("a list of load balancer rules", function()
  local c, rules, addresses, vms

  local function names(parameters)
    local list = {}
    for i, row in ipairs(c:rows("listLoadBalancerRules", "loadbalancerrule", parameters)) do list[i] = row.name end
    table.sort(list)
    return table.concat(list, " ")
  end

  before_each(function()
    c, rules, addresses, vms = cloud.new(), {}, {}, {}
    for i, network in ipairs { "bosh-net", "bosh-net-2" } do
      vms[i] = c:vm("vm-" .. i, { networkids = c.network[network] })
      addresses[i] = c:job("associateIpAddress", { networkid = c.network[network] }).ipaddress
      rules[i] = c:job("createLoadBalancerRule", { name = "lb-" .. i, algorithm = "source", publicport = 80, privateport = 80,
        publicipid = addresses[i].id }).loadbalancer
      c:job("assignToLoadBalancerRule", { id = rules[i].id, virtualmachineids = vms[i].id })
    end
  end)

  it("has all of them, or that of an id or a name", function()
    assert.equal("lb-1 lb-2", names())
    assert.equal("lb-2", names { id = rules[2].id })
    assert.equal("lb-1", names { name = "lb-1" })
  end)

  it("has those of an address, a network, a zone or a VM", function()
    for i = 1, 2 do
      assert.equal("lb-" .. i, names { publicipid = addresses[i].id })
      assert.equal("lb-" .. i, names { virtualmachineid = vms[i].id })
    end
    assert.equal("lb-1", names { networkid = c.network["bosh-net"] })
    assert.equal("lb-2", names { networkid = c.network["bosh-net-2"] })
    assert.equal("lb-1 lb-2", names { zoneid = c.zone })
    assert.equal("", names { publicipid = addresses[1].id, networkid = c.network["bosh-net-2"] })
  end)

  it("has none of another zone's", function()
    c.sim.reset()
    c = cloud.new { zones = { { name = "zone2" } } }
    local other
    for _, zone in ipairs(c.sim.state().zones) do
      if zone.name == "zone2" then other = zone.id end
    end
    local address = c:job("associateIpAddress", { networkid = c.network["bosh-net"] }).ipaddress
    c:job("createLoadBalancerRule", { name = "lb", algorithm = "source", publicport = 80, privateport = 80, publicipid = address.id })
    assert.equal("", names { zoneid = other })
    assert.equal("lb", names { zoneid = c.zone })
  end)
end)

-- Several zones as a 4.23 management server was seen to treat them.
local cloud = require "spec.sim.cloud"

local function new(more)
  local world = {
    zones = { { name = "zone2" } },
    clusters = { { name = "c2", zone = "zone2", hosts = { { name = "h2", cpu = 16, mhz = 4000, memory = 65536, pool = 1024 } },
      pools = { { name = "p2", size = 1024 } } } },
    networks = { { name = "net-two", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1", account = "bosh" } },
    service_offerings = { { name = "only.one", cpu = 1, mhz = 500, memory = 512, zone = "zone1" } },
    disk_offerings = { { name = "disk.one", size = 5, zone = "zone1" } },
    templates = { { name = "mine", account = "bosh", zones = { "zone1" } } },
  }
  for key, value in pairs(more or {}) do world[key] = value end
  local c = cloud.new(world)
  for _, row in ipairs(c.sim.state().zones) do c[row.name] = row.id end
  for _, row in ipairs(c.sim.state().templates) do c[row.name] = row.id end
  return c
end

describe("of several zones", function()
  local c
  before_each(function() c = new() end)

  local function in_two(more)
    local params = { zoneid = c.zone2, networkids = c.network["net-two"] }
    for key, value in pairs(more or {}) do params[key] = value end
    return c:deployment("vm-two", params)
  end

  it("a template has a row in each, of one id, also when it is asked for by that", function()
    local params = { templatefilter = "executable", id = c.template }
    assert.equal(2, #c:rows("listTemplates", "template", params))
    params.zoneid = c.zone2
    assert.equal("zone2", c:rows("listTemplates", "template", params)[1].zonename)
    params.zoneid, params.showunique = nil, true
    assert.equal(1, #c:rows("listTemplates", "template", params))
  end)

  it("an offering of one is left out of the lists for another", function()
    for command, row in pairs { listServiceOfferings = "serviceoffering", listDiskOfferings = "diskoffering" } do
      local of_one, of_two = #c:rows(command, row, { zoneid = c.zone }), #c:rows(command, row, { zoneid = c.zone2 })
      assert.equal(1, of_one - of_two, command)
    end
    assert.same({}, c:call("listServiceOfferings", { zoneid = c.zone2, id = c.offering["only.one"] }))
  end)

  it("an offering of one is denied in another, as if it were a matter of permission", function()
    assert.truthy(c:refused("deployVirtualMachine", in_two { serviceofferingid = c.offering["only.one"] })
      :find("^531 There's no way to confirm Account %[.-%] has access to Service offering"))
    assert.truthy(c:refused("deployVirtualMachine", in_two { diskofferingid = c.disk["disk.one"] })
      :find("^531 There's no way to confirm Account %[.-%] has access to DiskOffering"))
    assert.truthy(c:refused("createVolume", { name = "v", zoneid = c.zone2, diskofferingid = c.disk["disk.one"] })
      :find("^531 Access denied to Account %[.-%] for disk offering: DiskOffering {.-}., zone: Zone {"))
    assert.same({}, c:left())
  end)

  it("a template of one is not available in another until it is copied", function()
    assert.truthy(c:refused("deployVirtualMachine", in_two { templateid = c.mine })
      :find "^431 The template %d+ is not available for use$")
    assert.equal("431 Please specify different source and destination zones.",
      c:failed("copyTemplate", { id = c.mine, sourcezoneid = c.zone, destzoneid = c.zone }))
    c:job("copyTemplate", { id = c.mine, sourcezoneid = c.zone, destzoneid = c.zone2 })
    assert.equal("Running", c:job("deployVirtualMachine", in_two { templateid = c.mine }).virtualmachine.state)
  end)

  it("a template goes from one, and goes again", function()
    c:job("copyTemplate", { id = c.mine, sourcezoneid = c.zone, destzoneid = c.zone2 })
    c:job("deleteTemplate", { id = c.mine, zoneid = c.zone2 })
    c:job("deleteTemplate", { id = c.mine, zoneid = c.zone2 })
    assert.equal(1, #c:rows("listTemplates", "template", { templatefilter = "self", id = c.mine }))
  end)

  it("a user names the ones for a new template", function()
    local params = { name = "t", displaytext = "t", url = "http://images.example/t.vhd", format = "VHD", hypervisor = "XenServer" }
    assert.equal("431 Either zoneid or zoneids is required. Both cannot be null.", c:refused("registerTemplate", params))
    params.zoneid = "-1"
    assert.equal("431 Template registered for 'All zones' can only be owned a Root Admin account. Please select specific zone(s).",
      c:refused("registerTemplate", params))
    params.zoneid, params.zoneids = nil, c.zone .. "," .. c.zone2
    local rows = c:call("registerTemplate", params).template
    assert.equal(2, #rows)
    assert.equal(rows[1].id, rows[2].id)
  end)

  it("a volume stays in its own", function()
    local vm = c:job("deployVirtualMachine", in_two()).virtualmachine
    local volume = c:volume "v"
    assert.equal("431 Please specify a VM that is in the same zone as the volume.",
      c:failed("attachVolume", { id = volume.id, virtualmachineid = vm.id }))
  end)

  it("a network is of its own", function()
    assert.truthy(c:refused("deployVirtualMachine", in_two { networkids = c.network["bosh-net"] })
      :find("^431 Network Network {.-} doesn't belong to zone Zone {"))
  end)

  it("names of VMs may be those of another", function()
    c:vm "same"
    assert.equal("same", c:job("deployVirtualMachine", in_two { name = "same" }).virtualmachine.name)
    assert.equal(2, #c:rows("listVirtualMachines", "virtualmachine", { name = "same" }))
  end)

  it("one that is disabled is not there for users", function()
    c = new { zones = { { name = "zone2", allocationstate = "Disabled" } } }
    assert.equal(1, #c:rows("listZones", "zone"))
    assert.equal(2, #c:rows("listZones", "zone", {}, "admin"))
    assert.truthy(c:refused("deployVirtualMachine", in_two())
      :find("^531 Cannot perform this operation, Zone is currently disabled: Zone {"))
    assert.truthy(c:refused("createVolume", { name = "v", zoneid = c.zone2, diskofferingid = c.disk["shared.small"] })
      :find("^531 .*is currently disabled"))
  end)
end)

local cloud = require "spec.sim.cloud"

describe("lists", function()
  local c
  before_each(function()
    c = cloud.new()
    for i = 1, 5 do c:volume("disk-" .. i) end
  end)

  local function page(number, size) return c:call("listVolumes", { page = number, pagesize = size }) end

  it("come in pages, with the count of all", function()
    assert.same({ 5, 2 }, { page(1, 2).count, #page(1, 2).volume })
    assert.equal("disk-5", page(3, 2).volume[1].name)
    assert.equal("disk-1", page(0, 2).volume[1].name)
    assert.same({ count = 5 }, page(99, 2))
    assert.same({ count = 5 }, page(1, 0))
    assert.equal(5, #c:rows("listVolumes", "volume", { pagesize = -1 }))
  end)

  it("want page and pagesize together, and no more than the server gives", function()
    local function refused(params) return (c:refused("listVolumes", params)) end
    assert.equal('431 "pagesize" parameter is required when "page" is specified', refused { page = 1 })
    assert.equal('431 "page" parameter is required when "pagesize" is specified', refused { pagesize = 2 })
    assert.equal("431 Page size can't exceed max allowed page size value: 500", refused { page = 1, pagesize = 501 })
    assert.equal("431 Can't specify page parameter when pagesize is -1 (Unlimited)", refused { page = -1,
      pagesize = -1 })
  end)

  it("end silently at the cap when no page is asked for, while the count is true", function()
    c = cloud.new { settings = { ["default.page.size"] = 3 } }
    for i = 1, 5 do c:volume("disk-" .. i) end
    local payload = c:call("listVolumes")
    assert.same({ 5, 3 }, { payload.count, #payload.volume })
  end)

  it("of nothing are an empty envelope", function()
    assert.same({}, c:call("listVirtualMachines"))
    assert.same({}, c:call("listAffinityGroups"))
  end)

  it("with an id that never was are an error, with one that is gone empty, with another account's empty", function()
    local disk = c:volume("gone")
    c:call("deleteVolume", { id = disk.id })
    assert.same({}, c:call("listVolumes", { id = disk.id }))
    assert.same({}, c:call("listVolumes", { ids = disk.id }))
    assert.same({}, c:call("listVolumes", { id = "4711" }))
    local other = c:volume("kept")
    assert.same({}, c:call("listVolumes", { id = other.id }, "other"))
    for _, id in ipairs { "not-a-uuid", "", "9b3964a3-adc7-4c55-a999-ddd73587418a" } do
      assert.equal(("431 Unable to execute API command listvolumes due to invalid value. Invalid parameter id value=%s due to "
        .. "incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in "
        .. "api cmd class."):format(id), (c:refused("listVolumes", { id = id })))
    end
  end)

  it("take an object's internal number for its id", function()
    assert.equal("disk-2", c:rows("listVolumes", "volume", { id = "2" })[1].name)
  end)

  it("compare names whole and without case, keywords in part", function()
    assert.equal(1, #c:rows("listVolumes", "volume", { name = "DISK-1" }))
    assert.equal(0, #c:rows("listVolumes", "volume", { name = "disk" }))
    assert.equal(5, #c:rows("listVolumes", "volume", { keyword = "ISK" }))
  end)

  it("show a root admin his own unless he asks for all, or for one by id", function()
    assert.same({}, c:call("listVolumes", {}, "admin"))
    assert.equal(5, #c:rows("listVolumes", "volume", { listall = true }, "admin"))
    assert.equal(5, #c:rows("listVolumes", "volume", { account = "bosh", domainid = c.domain }, "admin"))
    local id = c:rows("listVolumes", "volume")[1].id
    assert.equal(1, #c:rows("listVolumes", "volume", { id = id }, "admin"))
    assert.equal("531 Caller does not have permission to operate with provided resource.",
      (c:refused("listVolumes", { account = "other", domainid = c.domain })))
  end)

  it("of networks take a name only since 4.22", function()
    assert.equal(1, #c:rows("listNetworks", "network", { name = "bosh-net" }))
    local old = cloud.new { version = "4.18.0" }
    assert.equal(4, #old:rows("listNetworks", "network", { name = "bosh-net" }))
  end)

  it("of zones and offerings hide what is elsewhere", function()
    c = cloud.new {
      zones = { { name = "zone2" }, { name = "closed", allocationstate = "Disabled" } },
      service_offerings = { { name = "there", cpu = 1, memory = 512, zone = "zone2" } },
    }
    assert.equal(2, #c:rows("listZones", "zone"))
    assert.equal(3, #c:rows("listZones", "zone", {}, "admin"))
    assert.same({}, c:call("listServiceOfferings", { zoneid = c.zone, name = "there" }))
    assert.matches("^531 There's no way to confirm Account %[.*%] has access to Service offering", (c:refused(
      "deployVirtualMachine", c:deployment("vm-a", { serviceofferingid = c.offering["there"] }))))
  end)
end)

describe("listApis", function()
  it("tells each caller the commands that are his", function()
    local c = cloud.new()
    local function names(who)
      local out = {}
      for _, api in ipairs(c:rows("listApis", "api", {}, who)) do out[api.name] = api end
      return out
    end
    local user, admin = names "bosh", names "admin"
    assert.is_nil(user.listHosts)
    assert.is_not_nil(admin.listHosts)
    assert.is_true(user.deployVirtualMachine.isasync)
    assert.is_false(user.listZones.isasync)
    local one = c:call("listApis", { name = "attachVolume" })
    assert.equal(1, one.count)
    assert.equal("id", one.api[1].params[1].name)
    assert.is_true(one.api[1].params[1].required)
    assert.is_true(c:call("listApis", { name = "listHosts" }).count > 10)
  end)

  it("leaves out what the version does not have", function()
    local c = cloud.new { version = "4.11.3" }
    assert.is_true(c:call("listApis", { name = "destroyVolume" }).count > 1)
    local payload, key = c:reply("destroyVolume", { id = "x" })
    assert.same({ "errorresponse", 401 }, { key, payload.errorcode })
  end)
end)

describe("limits", function()
  it("refuse what would be too much and leave nothing", function()
    local c = cloud.new { accounts = { { name = "bosh", limits = { user_vm = 1, volume = 2 } } } }
    c:vm("vm-a")
    local text, payload = c:refused("deployVirtualMachine", c:deployment("vm-b"))
    assert.equal("535 Maximum amount of resources of Type = 'user_vm', tag = 'null' for Account Name = bosh in Domain Id = 2 is "
      .. "exceeded: Account Resource Limit = 1, Current Account Resource Amount = 1, Current Account Resource Reservation = 0, "
      .. "Requested Resource Amount = 1.", text)
    assert.equal(9999, payload.cserrorcode)
    c:volume("disk")
    local _, volume = c:refused("createVolume", { name = "v", zoneid = c.zone, size = 1,
      diskofferingid = c.disk["shared.custom"] })
    assert.same({ 535, 4370 }, { volume.errorcode, volume.cserrorcode })
    assert.equal(1, c.sim.state().left.vms)
  end)

  it("on storage are in GB and hold for resizing too", function()
    local c = cloud.new { accounts = { { name = "bosh", limits = { primary_storage = 3 } } } }
    local disk = c:volume("disk", { size = 2 })
    assert.matches("Account Resource Limit = %(3.00 GB%) 3221225472, Current Account Resource Amount = %(2.00 GB%) 2147483648",
      c:failed("resizeVolume", { id = disk.id, size = 9 }))
  end)
end)

describe("throttling", function()
  it("says how many milliseconds to wait, per account, and exempts root admins", function()
    local c = cloud.new { settings = { ["api.throttling.enabled"] = true } }
    local refused
    for _ = 1, 30 do
      local payload, key, reply = c:reply("listZones")
      if reply.status == 429 then refused = refused or { key, payload } end
    end
    assert.equal("listzonesresponse", refused[1])
    assert.matches("^The given user has reached his/her account api limit, please retry after %[%d+%] ms.$",
      refused[2].errortext)
    assert.equal(9999, refused[2].cserrorcode)
    c:call("listZones", {}, "other")
    for _ = 1, 40 do c:call("listZones", {}, "admin") end
    c.sim.advance(1)
    c:call("listZones")
  end)
end)

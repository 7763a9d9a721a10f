local native = require "host_native"
local trial = require "operator.trial"

local ANTI = "host anti-affinity"

local function new(more)
  local options = { host = native, store = true }
  for key, value in pairs(more or {}) do options[key] = value end
  return trial.new(options)
end

local function with(properties)
  properties.compute_offering = "shared.small"
  return { cloud_properties = properties }
end

local function auto(more)
  return new { settings = { cloudstack = { enable_auto_anti_affinity = true, auto_anti_affinity_type = more } } }
end

local function in_group(name) return { env = { bosh = { group = name } } } end

-- The groups that there are: { name = { type, number of VMs } }
local function groups(t)
  local list = {}
  for _, group in ipairs(t.sim.state().affinitygroups) do list[group.name] = { group.type, #group.vms } end
  return list
end

local function commands(t)
  local names = {}
  for i, request in ipairs(t.requests()) do names[i] = request.command end
  return table.concat(names, " ")
end

local function foreign(t, name, kind)
  t.sim.send { { command = "createAffinityGroup", params = { name = name, type = kind } } }
end

describe("the affinity groups of a VM", function()
  it("cost nothing when there are none", function()
    local t = new()
    local cid = t.cid {}
    assert.is_nil(commands(t):find "Affinity")
    t.call("delete_vm", cid)
    assert.is_nil(commands(t):find "Affinity")
  end)

  it("have one name in whatever case, which is that of whoever made them", function()
    local t = new()
    foreign(t, "Databases", ANTI)
    t.sim.advance(1)
    local cid = t.cid(with { affinity_group = { "databases", "DATABASES" } })
    assert.same({ Databases = { ANTI, 1 } }, groups(t))
    assert.equal("Databases", t.vm(cid).affinitygroup[1].name)
    t.call("delete_vm", cid)
    assert.equal(ANTI, groups(t).Databases[1], "it is somebody else's and stays")
  end)

  it("are made by the first VM and go with the last", function()
    local t = new()
    local one, two = t.cid(with { affinity_group = "db" }), t.cid(with { affinity_group = "db" })
    assert.same({ db = { ANTI, 2 } }, groups(t))
    assert.equal("made by cloudstack_cpi for director director-1 at 1767225600", t.sim.state().affinitygroups[1].description)
    t.call("delete_vm", one)
    assert.equal(ANTI, groups(t).db[1])
    t.call("delete_vm", two)
    assert.same({}, groups(t))
  end)

  it("may be several, of any type", function()
    local t = new()
    t.cid(with { affinity_group = { "a", "b" }, affinity_group_type = "non-strict host affinity" })
    assert.same({ a = { "non-strict host affinity", 1 }, b = { "non-strict host affinity", 1 } }, groups(t))
  end)

  it("of others are used and stay", function()
    local t = new()
    foreign(t, "theirs", "host affinity")
    t.call("delete_vm", t.cid(with { affinity_group = "theirs" }))
    assert.equal("host affinity", groups(t).theirs[1])
  end)

  it("of another type are an error that changes nothing", function()
    local t = new()
    foreign(t, "db", "host affinity")
    local ok, failure = pcall(t.cid, with { affinity_group = "db", affinity_group_type = ANTI })
    assert.is_false(ok)
    assert.equal("affinity group 'db' is of type 'host affinity', 'host anti-affinity' is wanted; it is left as it is",
      failure.message)
    assert.same({ db = { "host affinity", 0 } }, groups(t))
    assert.equal(0, t.sim.state().left.vms)
  end)

  it("that were made for a VM that failed go with it", function()
    local t = new()
    for _ = 1, 3 do t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = "no" } end
    assert.is_false((pcall(t.cid, with { affinity_group = "db" })))
    assert.same({}, groups(t))
  end)

  it("stay while its create_vm tries the next offering", function()
    local t = new { store = false }
    t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", when = "after", errortext = "insufficient capacity" }
    t.cid { cloud_properties = { affinity_group = "db", cpu = 1, ram = 512 } }
    local sent = commands(t)
    assert.truthy(sent:find("deployVirtualMachine.*destroyVirtualMachine.*deployVirtualMachine"), sent)
    assert.is_nil(sent:find("deleteAffinityGroup", 1, true), sent)
    assert.equal(ANTI, groups(t).db[1])
  end)

  it("are left with a VM that could not be removed, and the message says so", function()
    local t = new()
    t.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = "no" }
    t.sim.fault { command = "listVolumes", fault = "status", status = 431, times = 9 }
    local ok, why = pcall(t.cid, with { affinity_group = "db" })
    assert.is_false(ok)
    assert.truthy(why.message:find "affinity group db %(VM cpivm%-[%x-]+ is in it%)", why.message)
    assert.is_false(why.ok_to_retry)
  end)

  it("are made once by two processes at a time", function()
    local t = new()
    local send, raced = t.host.cloudstack.send, false
    t.host.cloudstack.send = function(requests)
      if requests[1].command == "createAffinityGroup" and not raced then
        raced = true
        foreign(t, "db", ANTI)
      end
      return send(requests)
    end
    t.cid(with { affinity_group = "db" })
    assert.same({ db = { ANTI, 1 } }, groups(t))
  end)

  it("that were deleted under the deploy's hands are made again", function()
    local t = new()
    foreign(t, "db", ANTI)
    local id = t.sim.state().affinitygroups[1].id
    local send, raced = t.host.cloudstack.send, false
    t.host.cloudstack.send = function(requests)
      if requests[1].command == "deployVirtualMachine" and not raced then
        raced = true
        send { { command = "deleteAffinityGroup", params = { id = id } } }
      end
      return send(requests)
    end
    t.cid(with { affinity_group = "db" })
    assert.same({ db = { ANTI, 1 } }, groups(t))
  end)

  it("that another process is about to use are not deleted", function()
    for owner, stays in pairs { living = ANTI, dead = false } do
      local t = new()
      t.host.process.alive = function(one) return one == "living" end
      local cid = t.cid(with { affinity_group = "db" })
      t.store.cache = { ["affinity db 1"] = native.json.encode { at = t.sim.clock.utc(), owner = owner } }
      t.call("delete_vm", cid)
      assert.equal(stays, groups(t).db and groups(t).db[1] or false)
    end
  end)

  it("that another process is about to delete are waited for, as long as it lives, and then made anew", function()
    local t, began = new(), nil
    local cid = t.cid(with { affinity_group = "db" })
    t.store.cache = { ["affinity end db 1"] = native.json.encode { at = t.sim.clock.utc(), owner = "9.9" } }
    t.host.process.alive = function(owner)
      began = began or t.sim.clock.now()
      if owner == "9.9" and t.sim.clock.now() < began + 5 then return true end
      if groups(t).db and groups(t).db[2] == 1 then
        t.sim.send { { command = "deleteAffinityGroup", params = { id = t.sim.state().affinitygroups[1].id } } }
      end
      return false
    end
    t.cid(with { affinity_group = "db" })
    assert.is_true(t.sim.clock.now() - began >= 5)
    assert.same({ db = { ANTI, 1 } }, groups(t))
    t.call("delete_vm", cid)
  end)

  it("are spoken of in the store only for as long as it takes", function()
    local t = new()
    local function claims()
      local count = 0
      for key in pairs(t.store.cache) do count = count + (key:find "^affinity" and 1 or 0) end
      return count
    end
    local cid = t.cid(with { affinity_group = { "db", "web" } })
    assert.equal(0, claims())
    t.call("delete_vm", cid)
    assert.equal(0, claims())
  end)

  it("that another process deletes for ever are not waited for as long", function()
    local t = new()
    t.store.cache = { ["affinity end db 1"] = native.json.encode { at = t.sim.clock.utc(), owner = "9.9" } }
    t.host.process.alive = function() return true end
    t.cid(with { affinity_group = "db" })
    assert.same({ db = { ANTI, 1 } }, groups(t))
  end)

  it("are said to be misspelt with a suggestion", function()
    local _, failure = pcall(new().cid, with { affinity_group = "db", affinity_group_type = "host anti-afinity" })
    assert.truthy(failure.message:find("did you mean 'host anti-affinity'?", 1, true))
    _, failure = pcall(new().cid, with { affinity_group = { "db", 5 } })
    assert.truthy(failure.message:find("'affinity_group' must be a string or a list of strings", 1, true))
  end)

  it("end where there is no host left", function()
    local t = new()
    for _ = 1, 4 do t.cid(with { affinity_group = "db" }) end
    local ok, failure = pcall(t.cid, with { affinity_group = "db" })
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.truthy(failure.message:find("Please check the affinity groups provided", 1, true))
    t.sim.advance(3600)
    assert.equal(4, groups(t).db[2])
  end)
end)

describe("automatic anti-affinity", function()
  it("makes one group for an instance group, named as the Go CPI named it", function()
    local t = auto()
    for _ = 1, 2 do t.cid(in_group "bosh-cf-db") end
    assert.same({ ["director-1-bosh-cf-db"] = { ANTI, 2 } }, groups(t))
  end)

  it("has a name of 255 bytes at most, one for each instance group", function()
    local t = auto()
    local long = ("é"):rep(150)
    for _, group in ipairs { long .. "1", long .. "1", long .. "2" } do t.cid(in_group(group)) end
    local sizes = {}
    for name, group in pairs(groups(t)) do
      assert.is_true(#name <= 255 and utf8.len(name) ~= nil, name)
      sizes[#sizes + 1] = group[2]
    end
    table.sort(sizes)
    assert.same({ 1, 2 }, sizes)
  end)

  it("has a type of the site's choice", function()
    local t = auto "non-strict host anti-affinity"
    t.cid(in_group "g")
    assert.equal("non-strict host anti-affinity", groups(t)["director-1-g"][1])
  end)

  it("leaves compilation VMs alone", function()
    local t = auto()
    t.cid { env = { bosh = {} } }
    assert.same({}, groups(t))
    assert.is_nil(commands(t):find "Affinity")
  end)

  it("steps back behind a group that the manifest names", function()
    local t = auto()
    local order = with { affinity_group = "db" }
    order.env = { bosh = { group = "g" } }
    t.cid(order)
    assert.same({ db = { ANTI, 1 } }, groups(t))
  end)
end)

describe("a new group whose making failed", function()
  it("is taken away again where it is there all the same", function()
    local t = new()
    t.sim.fault { command = "createAffinityGroup", fault = "fail_job", errortext = "no", when = "after" }
    local ok, failure = pcall(t.cid, with { affinity_group = "db" })
    assert.is_false(ok)
    assert.truthy(failure.message:find("creating affinity group db", 1, true), failure.message)
    assert.same({}, groups(t))
    assert.same({}, t.store.journal)
  end)
end)

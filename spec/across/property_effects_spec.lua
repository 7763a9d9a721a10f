-- Properties whose whole effect is one number or one word: given another value, the CPI does another thing.

local native = require "host_native"
local new_trial = require("operator.trial").new

local function trial(settings, more)
  local options = more or {}
  local images = { stat = function() return { size = 9, head = "BZh9" } end, checksum = function() return "c0" end }
  options.host = setmetatable({ images = images }, { __index = native })
  options.settings = settings
  return new_trial(options)
end

local STEMCELL = { name = "ubuntu", version = "1.1", hypervisor = "xen", disk_format = "vhdx" }
local NETWORK = { type = "manual", range = "10.7.1.0/24", gateway = "10.7.1.1", cloud_properties = {} }
local function disk(t) return t.call("create_disk", 1024, { disk_offering = "shared.custom" }) end

local function vm_with_disk(t)
  local vm, cid = t.cid(), disk(t)
  t.call("attach_disk", vm, cid)
  return vm, cid
end

-- The job that takes for ever, the verb, and what goes before: it answers the verb's arguments.
local timeout = {
  create_vm = { "deployVirtualMachine", "create_vm", function(t)
    return "agent", t.sim.state().templates[1].name, { compute_offering = "shared.small" },
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, {}, {}
  end },
  delete_vm = { "destroyVirtualMachine", "delete_vm", function(t) return t.cid() end },
  reboot_vm = { "rebootVirtualMachine", "reboot_vm", function(t) return t.cid() end },
  create_volume = { "createVolume", "create_disk", function() return 1024, { disk_offering = "shared.custom" } end },
  attach_volume = { "attachVolume", "attach_disk", function(t) return t.cid(), disk(t) end },
  detach_volume = { "detachVolume", "detach_disk", vm_with_disk },
  resize_volume = { "resizeVolume", "resize_disk", function(t)
    local vm, cid = vm_with_disk(t)
    t.call("detach_disk", vm, cid)
    return cid, 2048
  end },
  snapshot_volume = { "createSnapshot", "snapshot_disk", function(t) return (select(2, vm_with_disk(t))), {} end },
  delete_snapshot_volume = { "deleteSnapshot", "delete_snapshot", function(t)
    return t.call("snapshot_disk", (select(2, vm_with_disk(t))), {})
  end },
  global = { "deleteNetwork", "delete_network", function(t) return t.call("create_network", NETWORK)[1] end },
}

describe("cloudstack.timeout", function()
  for name, case in pairs(timeout) do
    it("." .. name .. " ends the wait for " .. case[1], function()
      local t = trial { cloudstack = { timeout = { [name] = 47 } } }
      local arguments = table.pack(case[3](t))
      t.sim.world.latency.jobs[case[1]] = 100000
      local message = t.failure(case[2], table.unpack(arguments)).message
      local waited = tonumber(message:match(case[1] .. ": .- has not ended after ([%d.]+) s"))
      assert.is_true(waited and waited >= 47 and waited < 60, message)
    end)
  end

  it(".stop_vm ends the wait for a VM that does not stop; it is destroyed all the same", function()
    local t = trial { cloudstack = { timeout = { stop_vm = 47, delete_vm = 10 } } }
    local vm = t.cid()
    t.sim.world.latency.jobs.stopVirtualMachine = 100000
    pcall(t.call, "delete_vm", vm)
    local waited = tonumber(table.concat(t.log, "\n"):match "stopVirtualMachine: .- has not ended after ([%d.]+) s")
    assert.is_true(waited and waited >= 47 and waited < 60, table.concat(t.log, "\n"))
  end)

  -- timeout.delete_volume = SECONDS is taken for the sake of old manifests.
  it(".delete_volume has nothing to end: deleteVolume is no job", function()
    local t = trial { cloudstack = { timeout = { delete_volume = 1 } } }
    local cid = disk(t)
    t.requests()
    t.call("delete_disk", cid)
    for _, request in ipairs(t.requests()) do
      assert.is_nil(request.parameters.customjobid, request.command)
    end
  end)
end)

describe("cloudstack.default_offer.custom_disk", function()
  it("is what a disk gets whose manifest names no offering", function()
    local world = { disk_offerings = { { name = "site.custom", customized = true }, { name = "other.custom", customized = true } } }
    for _, name in ipairs { "site.custom", "other.custom" } do
      local t = trial({ cloudstack = { default_offer = { custom_disk = name } } }, { world = world })
      assert.equal(name, t.disk(t.call("create_disk", 1024, {})).diskofferingname)
    end
  end)
end)

describe("cloudstack.throttle", function()
  it("is what the processes of a store are held to", function()
    local limits
    require("setup.configuration").sender({ bytes = native.bytes, cloudstack = {}, log = {}, throttle = { open = function(path, given)
      assert.truthy(path:find "^/s/store%.db%.throttle%-%x+$")
      limits = given
      return true
    end } }, { store = { path = "/s/store.db" }, cloudstack = { endpoint = "e", api_key = "k", request_timeout = 9,
      throttle = { concurrent = 20, per_second = 2.5 } } })
    assert.same({ concurrent = 20, per_second = 2.5, patience = 9 }, limits)
  end)
end)

describe("cloudstack.stemcell.requires_hvm", function()
  for _, value in ipairs { true, false } do
    it(("is what the template says: %s"):format(value), function()
      local t = trial { cloudstack = { stemcell = { requires_hvm = value } } }
      t.call("create_stemcell", "/image", STEMCELL)
      local told
      for _, request in ipairs(t.requests()) do
        if request.command == "getUploadParamsForTemplate" then told = tostring(request.parameters.requireshvm) end
      end
      assert.equal(tostring(value), told)
    end)
  end
end)

describe("cloudstack.enable_auto_anti_affinity", function()
  local function groups_of(more)
    local settings = { cloudstack = { enable_auto_anti_affinity = true } }
    for key, value in pairs(more or {}) do settings.cloudstack[key] = value end
    local t = trial(settings)
    t.cid { env = { bosh = { group = "director-dep-router" } } }
    return t.sim.state().affinitygroups
  end

  it("puts the VMs of a group into one of that name", function()
    local groups = groups_of()
    assert.equal(1, #groups)
    assert.equal("host anti-affinity", groups[1].type)
    assert.same({}, groups_of { enable_auto_anti_affinity = false })
  end)

  it("makes it of the type that auto_anti_affinity_type says", function()
    assert.equal("non-strict host anti-affinity", groups_of { auto_anti_affinity_type = "non-strict host anti-affinity" }[1].type)
  end)
end)

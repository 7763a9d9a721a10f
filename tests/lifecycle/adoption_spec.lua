-- A foundation that the Go CPI (or the Java CPI) made: its CIDs resolve, its VMs and disks are worked on as our own, and
-- nothing of it is touched that was not asked for.

local rig = require "rig"

local json = rig.json
local VM, DISK = "cpivm-98a3c6f0-52f5-4c6a-9f0b-2f6d3f1c9b11", "cpi-disk-1d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b12"
local EPHEMERAL = "cpi-ephemeral-disk-2d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b13"

local function by_name(list, name)
  for _, row in ipairs(list) do
    if row.name == name then return row end
  end
end

-- A command that the other CPI sent, and its job's end.
local function done(cloud, command, params)
  local started = assert(cloud:api(command, params))
  if not started.jobid then return started end
  return rig.wait(function()
    local job = cloud:api("queryAsyncJobResult", { jobid = started.jobid })
    assert(job.jobstatus ~= 2, command .. ": " .. json.encode(job))
    return job.jobstatus == 1 and job.jobresult
  end, 10)
end

-- What the other CPI left: a template, a VM of it with an ephemeral and a persistent disk, tags of the director's.
local function foundation(template_name)
  local cloud = rig.start { store = true }
  local state = cloud:state()
  local zone = state.zones[1].id
  local offering, custom = by_name(state.serviceofferings, "shared.small").id, by_name(state.diskofferings, "shared.custom").id
  local template = done(cloud, "registerTemplate", { name = template_name, displaytext = template_name, format = "VHD",
    hypervisor = "XenServer", zoneid = zone, url = "http://192.0.2.2/x.vhd.bz2" }).template[1]
  local vm = done(cloud, "deployVirtualMachine", { name = VM, zoneid = zone, templateid = template.id,
    serviceofferingid = offering, ["iptonetworklist[0].networkid"] = by_name(state.networks, "bosh-net").id,
    ["iptonetworklist[0].ip"] = "10.0.0.11", keypair = "bosh" }).virtualmachine
  for _, name in ipairs { EPHEMERAL, DISK } do
    local disk = done(cloud, "createVolume", { name = name, diskofferingid = custom, zoneid = zone, size = 2 }).volume
    done(cloud, "attachVolume", { id = disk.id, virtualmachineid = vm.id })
  end
  done(cloud, "createTags", { resourceids = vm.id, resourcetype = "UserVm", ["tags[0].key"] = "job", ["tags[0].value"] = "web" })
  return cloud, vm
end

local function ask(cloud, method, ...)
  local run = cloud:cpi { method = method, arguments = json.array { ... }, api_version = 2, context = { director_uuid = "d" } }
  assert.equal(json.null, run.response.error, method .. ": " .. run.stdout)
  return run.response.result
end

-- Everything that asks and changes nothing.
local function writes_since(cloud, before)
  local list = {}
  for _, request in ipairs(cloud:requests(before)) do
    if not request.command:find "^list" and request.command ~= "queryAsyncJobResult" then list[#list + 1] = request.command end
  end
  return list
end

for who, template_name in pairs { Go = "cpitemplate-7d5d1a3e-52f5-4c6a", Java = "cpitemplate-48213" } do
  describe("a foundation of the " .. who .. " CPI", function()
    it("is found by its CIDs, and not touched", function()
      local cloud <close>, vm = foundation(template_name)
      local before = #cloud:requests()
      assert.is_true(ask(cloud, "has_vm", VM))
      assert.is_true(ask(cloud, "has_vm", vm.id))
      assert.is_true(ask(cloud, "has_disk", DISK))
      assert.same({ DISK }, ask(cloud, "get_disks", VM))
      assert.same({}, writes_since(cloud, before))
      assert.same({ path = "/dev/xvdc", volume_id = "2" }, ask(cloud, "attach_disk", VM, DISK))
      assert.same({ "createTags" }, writes_since(cloud, before)) -- the disk is marked as taken, and stays where it is
      assert.same({ path = "/dev/xvdc", volume_id = "2" }, ask(cloud, "attach_disk", VM, DISK))
      assert.same({ "createTags" }, writes_since(cloud, before))
    end)

    it("lives on under ours, to its end", function()
      local cloud <close> = foundation(template_name)
      ask(cloud, "set_vm_metadata", VM, { job = "web2", index = 0 })
      ask(cloud, "detach_disk", VM, DISK)
      assert.same({ path = "/dev/xvdc", volume_id = "2" }, ask(cloud, "attach_disk", VM, DISK))
      ask(cloud, "reboot_vm", VM)
      ask(cloud, "detach_disk", VM, DISK)
      ask(cloud, "delete_vm", VM)
      assert.is_false(ask(cloud, "has_vm", VM))
      local volumes = cloud:state().volumes
      assert.truthy(by_name(volumes, DISK))
      assert.is_nil(by_name(volumes, EPHEMERAL))

      local vm_cid = ask(cloud, "create_vm", "agent-1", template_name, { compute_offering = "shared.small" },
        { default = { type = "manual", ip = "10.0.0.11", netmask = "255.255.255.0", gateway = "10.0.0.1",
          cloud_properties = { name = "bosh-net" } } }, json.array { DISK }, json.array {})[1]
      ask(cloud, "attach_disk", vm_cid, DISK)
      ask(cloud, "delete_vm", vm_cid)
      ask(cloud, "delete_disk", DISK)
      ask(cloud, "delete_stemcell", template_name)
      assert.is_nil(by_name(cloud:state().templates, template_name))
    end)
  end)
end

-- A request of every verb, with what it needs to be there: for specs that walk all of them.
--   local trial, vm, disk = verb_calls.setting{ settings =, account =, world = }
--   for _, row in ipairs(verb_calls) do
--     local made = row.before and row.before(trial, vm, disk)
--     trial.call(row[1], row[2](vm, disk, made))
--   end
-- row.failure is the type of the error that the verb answers by its nature.

local native = require "host_native"
local new_trial = require("operator.trial").new

local image = os.tmpname()
local function stat() return { size = 1048576, head = "BZh9" } end

local stemcell = { name = "s", version = "1", hypervisor = "xen", disk_format = "vhdx", container_format = "bare" }
local network = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }
local function attach(trial, vm, disk) trial.call("attach_disk", vm, disk) end

local verb_calls = {
  { "has_vm", function(vm) return vm end },
  { "has_disk", function(_, disk) return disk end },
  { "get_disks", function(vm) return vm end },
  { "reboot_vm", function(vm) return vm end },
  { "set_vm_metadata", function(vm) return vm, { job = "web", index = 0 } end },
  { "set_disk_metadata", function(_, disk) return disk, { job = "web" } end },
  { "attach_disk", function(vm, disk) return vm, disk end },
  { "detach_disk", function(vm, disk) return vm, disk end, before = attach },
  { "resize_disk", function(_, disk) return disk, 4096 end },
  { "update_disk", function(_, disk) return disk, 2048, {} end },
  { "snapshot_disk", function(_, disk) return disk, {} end, before = attach },
  { "delete_snapshot", function(_, _, made) return made end, before = function(trial, vm, disk)
    attach(trial, vm, disk)
    return trial.call("snapshot_disk", disk, {})
  end },
  { "create_network", function() return { type = "manual", netmask_bits = 24, cloud_properties = {} } end },
  { "delete_network", function(_, _, made) return made end, before = function(trial)
    return trial.call("create_network", { type = "manual", netmask_bits = 24, cloud_properties = {} })[1]
  end },
  { "delete_stemcell", function(_, _, made) return made end, before = function(trial)
    return trial.call("create_stemcell", image, stemcell)
  end },
  { "delete_disk", function(_, disk) return disk end },
  { "delete_vm", function(vm) return vm end },
  { "create_disk", function(vm) return 2048, {}, vm end },
  { "create_vm", function(_, disk)
    return "agent-2", "ubuntu-builtin", { cpu = 2, ram = 4096, disk = 5120 }, network, { disk }, { bosh = { group = "web" } }
  end },
  { "calculate_vm_cloud_properties", function() return { cpu = 1, ram = 512, ephemeral_disk_size = 1024 } end },
  { "create_stemcell", function() return image, stemcell end },
  { "info", function() end },
  { "ping", function() end },
  { "configure_networks", function(vm) return vm, network end, failure = "Bosh::Clouds::NotSupported" },
}

-- A world with a VM and a disk. options: as for lua/operator/trial.lua.
function verb_calls.setting(options)
  options = options or {}
  options.host = setmetatable({ images = { stat = stat, checksum = function() return "c0ffee" end } }, { __index = native })
  local trial = new_trial(options)
  local upload = trial.host.http.upload
  trial.host.http.upload = function(url, _, headers, form) return upload(url, { size = 1048576, sha256 = "x" }, headers, form) end
  local vm = trial.cid { cloud_properties = { compute_offering = "shared.small", disk = 10240 } }
  local disk = trial.call("create_disk", 1024, {}, vm)
  return trial, vm, disk
end

-- The verbs of lua/verbs that are missing here.
function verb_calls.missing()
  local there, missing = {}, {}
  for _, row in ipairs(verb_calls) do there[row[1]] = true end
  for name in io.popen("ls lua/verbs"):read("a"):gmatch "([%l_]+)%.lua" do
    if not there[name] then missing[#missing + 1] = name end
  end
  return missing
end

return verb_calls

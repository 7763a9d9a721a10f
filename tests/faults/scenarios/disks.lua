-- Scenarios of the verbs about disks and snapshots. The form: tests/faults/scenarios.lua.

local clouds = require "tests.faults.clouds"

local GONE = "cpi-disk-5d2b1a52-0000-4000-8000-000000000000"

local function ready_disk(s)
  local _, disk = s:vm_with_disk()
  return disk
end

local function detached_disk(s)
  local vm, disk = s:vm_with_disk()
  s:good("detach_disk", { vm, disk })
  return disk
end

-- A local disk that was on one host, and a VM on another.
local function far_disk(s)
  local near, disk = s:small_vm(nil, s:networks "10.0.0.20"), s:disk(1024, "local.custom")
  s:good("attach_disk", { near, disk })
  s:good("detach_disk", { near, disk })
  return s:small_vm(), disk
end

-- A VM whose agent reads the registry.
local function old_vm(s)
  return s:good("create_vm", s:small_order(), clouds.OLD_AGENT)[1]
end

local OLD = { settings = clouds.REGISTRY, request = clouds.OLD_AGENT, needs_store = true }

local function old(what, arrange)
  return { what = what, settings = OLD.settings, request = OLD.request, needs_store = true, arrange = arrange }
end

local IN_PROJECT = { world = clouds.PROJECT, settings = clouds.IN_PROJECT }

local verbs = {}

verbs.create_disk = {
  { what = "for nobody", arrange = function() return { 1024, { disk_offering = "shared.custom" } } end },
  { what = "for a VM", arrange = function(s) return { 1024, {}, s:vm() } end },
  { what = "in a project", world = IN_PROJECT.world, settings = IN_PROJECT.settings,
    arrange = function() return { 1024, { disk_offering = "shared.custom" } } end },
  { what = "in another zone", world = clouds.TWO_ZONES, arrange = function() return { 1024, { zone = "zone2" } } end },
}
verbs.delete_disk = {
  { what = "never attached", arrange = function(s) return { s:disk() } end },
  { what = "detached", arrange = function(s) return { detached_disk(s) } end },
  { what = "gone", arrange = function() return { GONE } end },
}
verbs.has_disk = {
  { what = "there", arrange = function(s) return { s:disk() } end },
  { what = "gone", arrange = function() return { GONE } end },
}
verbs.attach_disk = {
  { what = "new", arrange = function(s) return { s:vm(), s:disk() } end },
  { what = "again", arrange = function(s) return { s:vm_with_disk() } end },
  { what = "moved to the VM's host", world = clouds.ADMIN, arrange = function(s) return { far_disk(s) } end },
  old("to a VM with an old agent", function(s) return { old_vm(s), s:disk() } end),
}
verbs.detach_disk = {
  { what = "attached", arrange = function(s) return { s:vm_with_disk() } end },
  { what = "detached", arrange = function(s) return { s:vm(), s:disk() } end },
  old("from a VM with an old agent", function(s)
    local vm, disk = old_vm(s), s:disk()
    s:good("attach_disk", { vm, disk })
    return { vm, disk }
  end),
}
verbs.get_disks = { { arrange = function(s) return { (s:vm_with_disk()) } end } }
verbs.set_disk_metadata = {
  { what = "new", arrange = function(s) return { s:disk(), { director = "d", deployment = "dep" } } end },
  { what = "changed", arrange = function(s)
    local disk = s:disk()
    s:good("set_disk_metadata", { disk, { director = "d", deployment = "old" } })
    return { disk, { director = "d", deployment = "new" } }
  end },
}
verbs.resize_disk = {
  { what = "of a customised offering", arrange = function(s) return { detached_disk(s), 2048 } end },
  { what = "to another offering", world = { version = "4.15.2.0" }, arrange = function(s)
    local vm, disk = s:small_vm(), s:disk(10240, "shared.small")
    s:good("attach_disk", { vm, disk })
    s:adopt(nil, disk)
    s:good("detach_disk", { vm, disk })
    return { disk, 40960 }
  end },
  { what = "large enough", arrange = function(s) return { s:disk(2048), 2048 } end },
}
verbs.update_disk = {
  { what = "larger", arrange = function(s) return { s:disk(), 2048, { disk_offering = "shared.custom" } } end },
  { what = "another offering", arrange = function(s)
    return { detached_disk(s), 20480, { disk_offering = "shared.small" } }
  end },
}
verbs.snapshot_disk = {
  { what = "of an attached disk", arrange = function(s) return { ready_disk(s), { deployment = "dep" } } end },
  { what = "of a detached disk", arrange = function(s) return { detached_disk(s), {} } end },
}
verbs.delete_snapshot = {
  { what = "there", arrange = function(s) return { s:good("snapshot_disk", { ready_disk(s), {} }) } end },
  { what = "gone", arrange = function() return { "5d2b1a52-0000-4000-8000-000000000000" } end },
}

return verbs

-- The program in a VM of tests/job/installed_spec.lua: reads its user data as a bosh-agent does, and lets disks come and
-- go under the names that a guest would see them by.
--
--   lua5.4 tests/job/guest.lua start | attach | detach | resize      in the repository, GUESTS = a directory that outlives VMs
--
-- GUESTS/VM/settings is what it read, GUESTS/VM/problems what an agent would stumble over; GUESTS/VM/dev has the disks,
-- each a link to GUESTS/volumes/ID, which is what is on the disk.

package.path = "./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local agent = require "agent"
local json = require("host_native").json

local home = ("%s/%s"):format(os.getenv "GUESTS", os.getenv "VM_NAME")

local function write(path, text)
  local file = assert(io.open(path .. ".new", "wb"))
  file:write(text)
  file:close()
  os.rename(path .. ".new", path)
end

-- Every name that some hypervisor or other gives the disk with that device number.
local function names(volume, device)
  local letter = string.char(("a"):byte() + device)
  return { "sd" .. letter, "xvd" .. letter, "vd" .. letter, "disk/by-id/virtio-" .. volume:gsub("%-", ""):sub(1, 20) }
end

local function attach(volume, device)
  local content = ("%s/volumes/%s"):format(os.getenv "GUESTS", volume)
  os.execute(("mkdir -p '%s' '%s/dev/disk/by-id'"):format(content, home))
  for _, name in ipairs(names(volume, device)) do os.execute(("ln -sfn '%s' '%s/dev/%s'"):format(content, home, name)) end
end

local function detach(volume, device)
  for _, name in ipairs(names(volume, device)) do os.remove(("%s/dev/%s"):format(home, name)) end
end

local function is_there(hint)
  for _, path in ipairs(agent.paths(hint)) do
    if os.execute(("test -e '%s%s'"):format(home, path)) then return true end
  end
end

local function boot()
  os.execute(("rm -rf '%s/dev'"):format(home)) -- a reboot finds what is attached now
  os.execute(("mkdir -p '%s/dev'"):format(home))
  for device, volume in os.getenv("VM_VOLUMES"):gmatch "(%d+)/([^,/]+)" do attach(volume, tonumber(device)) end
  local pipe = io.popen(("curl -sf '%s'"):format(os.getenv "VM_USERDATA_URL"))
  local text = pipe:read "a"
  pipe:close()
  local problems = agent.problems(text)
  if #problems == 0 then
    local disks = json.decode(text).disks
    if not is_there(disks.system) then problems[1] = "there is no " .. disks.system end
    if disks.ephemeral and not is_there(disks.ephemeral) then problems[#problems + 1] = "the ephemeral disk is not there" end
  end
  write(home .. "/problems", table.concat(problems, "\n"))
  write(home .. "/settings", text)
end

if arg[1] == "start" then
  boot()
elseif arg[1] ~= "resize" then
  local act = arg[1] == "attach" and attach or detach
  act(os.getenv "VOLUME_ID", tonumber(os.getenv "VOLUME_DEVICE"))
end

-- A small CloudStack whose VMs are qemu processes: the simulator behind every address of this network namespace, with
-- tests/guest/qemu as its guest. It runs where tests/guest/run puts it.
--
--   local cloud <close> = require("tests.guest.cloud").start { world = ..., role = ..., config = ... }
--
-- A cloud is a rig of tests/support/rig.lua, with ask, wait_until_up and console beside it.

local native = require "host_native"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local cloud = {}

local GRACE = 30       -- seconds: a Linux that is emulated needs some to end
local UP_SECONDS = 60
local PORT = 2000      -- small/agent

local quote = rig.quote

local output_of = require("tests.support.shell").output_of

-- CLOUD/guest, which knows where it lives.
local function write_program(place)
  local path = place .. "/guest"
  text_file.write(path, ("#!/bin/sh\nexport CLOUD=%s\nexec %s \"$@\"\n"):format(quote(place),
    quote(output_of("realpath tests/guest/qemu"):match "[^\n]+")))
  os.execute("chmod +x " .. quote(path))
  return path
end

-- Sends a line of shell to the small guest at that address; what it prints, without the last newline.
local function ask(_, address, format, ...)
  local text = output_of("echo %s | timeout 20 busybox nc -w 20 %s %d 2>/dev/null", quote(format:format(...)), address, PORT)
  return (text:gsub("\n$", ""))
end

-- What the VM has printed on its serial port.
local function console(self, name) return text_file.read_any(("%s/vms/%s/console"):format(self.place, name)) end

-- The VM's small guest has begun to listen at its address.
local function wait_until_up(self, address)
  local ok = pcall(rig.wait, function()
    local up = self:ask(address, "echo up") == "up"
    if not up then native.clock.sleep(0.1) end
    return up
  end, UP_SECONDS)
  if not ok then error("the guest at " .. address .. " does not come up", 2) end
end

-- start{ world, role, config: as rig.start takes them; kvm and images are there }
function cloud.start(options)
  local place = output_of "mktemp -d":match "%S+"
  os.execute(("mkdir -p %s/images %s/boot && ln -s \"$PWD\"/build/guest/vmlinuz \"$PWD\"/build/guest/initrd %s/boot/"):format(place, place,
    place))
  local world = options.world or {}
  world.hypervisor = world.hypervisor or "KVM"
  local self = rig.start { world = world, role = options.role or "bosh", config = options.config, store = options.store,
    guest = write_program(place), images = place .. "/images", listen = "0.0.0.0:80", grace = options.grace or GRACE }
  self.place, self.ask, self.console, self.wait_until_up = place, ask, console, wait_until_up
  return self
end

-- Ends it, and removes all that its VMs had.
function cloud.stop(self)
  self:stop()
  os.execute("rm -rf " .. quote(self.place))
end

return cloud

-- What the real bosh CLI (cli.lua) needs around it in tests/bosh/e2e.lua: the simulator with a bosh-agent in each VM, and what is
-- checked of the result.

local cli = require "tests.bosh.cli"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local ADDRESS = "127.0.0.11"
local GIGABYTE = 1024 ^ 3
local START_SECONDS = 20

local quote, read, write = rig.quote, text_file.read_any, text_file.write
local output_of, sh, sha1, check = cli.output_of, cli.sh, cli.sha1, cli.check

-- ---------------------------------------------------------------------------------------------------------
-- what the CLI is given

local STEMCELL = [[
name: bosh-cloudstack-xen-ubuntu-e2e
version: "1.1"
api_version: 3
bosh_protocol: "1"
operating_system: ubuntu-e2e
stemcell_formats: [cloudstack-vhdx]
sha1: %s
cloud_properties: {name: bosh-cloudstack-xen-ubuntu-e2e, version: "1.1", infrastructure: cloudstack, hypervisor: xen,
  disk: 5120, disk_format: vhdx, container_format: bare, os_type: linux, os_distro: ubuntu, architecture: x86_64,
  auto_disk_config: true}
]]

local function make_stemcell(directory)
  sh("mkdir -p %s/stemcell", directory)
  write(directory .. "/stemcell/image", "BZh9" .. ("a root disk "):rep(1000)) -- as far as anybody looks, a VHD under bzip2
  write(directory .. "/stemcell/stemcell.MF", STEMCELL:format(sha1(directory .. "/stemcell/image")))
  sh("cd %s/stemcell && tar -czf ../stemcell.tgz stemcell.MF image", directory)
  return directory .. "/stemcell.tgz"
end

-- ---------------------------------------------------------------------------------------------------------
-- one environment: the simulator, the CLI's files, what is checked

local env = setmetatable({}, cli)
env.__index = env

function env.new()
  local self = setmetatable({}, env)
  self:prepare(ADDRESS)
  local directory = self.directory
  write(directory .. "/guest", ("#!/bin/sh\nexport BOSH_AGENT=%s GUESTS=%s/guests PATH=/usr/sbin:/usr/bin:/sbin:/bin\nexec %s \"$@\"\n")
    :format(quote(cli.agent), quote(directory), quote(output_of "realpath tests/bosh/guest.sh")))
  sh("chmod +x %s/guest && cp tests/bosh/manifest.yml %s", directory, directory)
  self:use_stemcell(make_stemcell(directory))
  self:set { disk_size = 32768 }
  self:start_cloud()
  return self
end

-- Another simulated CloudStack in the place of the one that there was; `world` as rig.start takes it.
function env:start_cloud(world)
  if self.cloud then self.cloud:stop() end
  self.cloud = rig.start { role = "bosh", guest = self.directory .. "/guest", world = world }
  self:set { endpoint = self.cloud.endpoint, api_key = self.cloud.api_key, secret_access_key = self.cloud.secret_access_key }
end

-- Keeps what the CLI has compiled, for `afresh`.
function env:keep_installation()
  sh("rm -rf %s/kept && cp -R %s/.bosh %s/kept", self.directory, self.directory, self.directory)
  local state = rig.json.decode(read(self.directory .. "/state.json"))
  self.kept = { director_id = state.director_id, installation_id = state.installation_id }
end

-- CloudStack, the CLI's state and its installation as before the first create-env, but that nothing has to be compiled.
function env:afresh()
  rig.wait(function() return self:cpis() == "" end, self.stage_seconds)
  self.cloud:reset()
  rig.wait(function() return self:agents() == "" end, START_SECONDS)
  sh("cd %s && rm -rf .bosh store && mkdir store && cp -R kept .bosh", self.directory)
  write(self.directory .. "/state.json", rig.json.encode(self.kept))
end

-- Asks the agent; the decoded value, or nil.
function env.ask_agent(method) return cli.ask_agent_at(ADDRESS, method) end

-- One VM that has one disk of that size, an agent that runs the job and knows the disk. Answers both.
function env:check_life(gigabytes)
  local vms, disks = self:running_vms(), self:persistent_disks()
  check(#vms == 1 and #disks == 1, "one VM and one persistent disk are there (%d, %d)", #vms, #disks)
  if #vms ~= 1 or #disks ~= 1 then return {}, {} end
  local vm, disk = vms[1], disks[1]
  check(vm.nics[1].address == ADDRESS, "the VM has its address")
  check(disk.size == gigabytes * GIGABYTE, "the disk has %d GB", gigabytes)
  check(disk.virtualmachineid == vm.id, "the VM has the disk")
  local state = env.ask_agent "get_state" or {}
  check(state.job_state == "running", "the agent says that its job is running (%s)", state.job_state)
  check(state.agent_id == rig.json.decode(vm.userdata_decoded).agent_id, "the agent is the one that create_vm was told of")
  local listed = env.ask_agent "list_disk" or {}
  check(#listed == 1 and listed[1] == disk.name, "the agent lists the disk, and no other")
  return vm, disk
end

-- A file that the agent of that VM keeps, decoded; {} when it is not there.
function env:agent_file(vm, name)
  return rig.json.decode(read(("%s/guests/%s/bosh/%s"):format(self.directory, vm.name, name))) or {}
end

function env:agents()
  return output_of("pgrep -f %s || true", quote(self.directory .. "/[g]uests/")) -- [g]: not this very command
end

function env:check_nothing_left()
  cli.check_nothing_left(self)
  check(self:agents() == "", "no agent lives")
end

-- Ends the simulator. The directory stays where something failed.
function env:close()
  self.cloud:stop()
  if cli.failed == 0 then sh("rm -rf %s", self.directory) else print("kept: " .. self.directory) end
end

return env

-- The real bosh CLI drives this tree's release: create-env compiles it, makes a VM in the simulator in which a real
-- bosh-agent lives, recreates it, moves its disk, stops and starts it; once more with failures in the middle; and deletes
-- it.
--
--   lua5.4 tests/bosh/e2e.lua
--
-- BOSH and BOSH_AGENT name the programs; else they are taken from PATH. Without them nothing is tested, which is said
-- in one line. The release is what `make dist` made (build/dist/*.tgz); RELEASE names another tarball.

package.path = "./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local rig = require "rig"
local text_file = require "tests.support.text_file"

io.stdout:setvbuf "line"

local ADDRESS, PORT, PASSWORD = "127.0.0.11", 6868, "e2e-mbus-password"
local GIGABYTE = 1024 ^ 3
local STAGE_SECONDS = 1800 -- the first compiles OpenSSL and the rest

-- ---------------------------------------------------------------------------------------------------------
-- the machine

local quote = rig.quote

local function output_of(format, ...)
  local pipe = assert(io.popen(format:format(...)))
  local text = pipe:read "a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function program(variable, name)
  local path = output_of("command -v %s || true", quote(os.getenv(variable) or name))
  return path ~= "" and os.execute("test -f " .. quote(path)) and output_of("realpath %s", quote(path)) or nil
end

local BOSH, AGENT = program("BOSH", "bosh"), program("BOSH_AGENT", "bosh-agent")
if not (BOSH and AGENT and program("RUBY", "ruby")) then
  print "e2e: nothing was tested: it needs the programs bosh and bosh-agent (BOSH, BOSH_AGENT, or in PATH) and ruby"
  os.exit(0)
end

local read, write = text_file.read_any, text_file.write

local function sh(format, ...)
  local command = format:format(...)
  if not os.execute(command) then error("failed: " .. command, 2) end
end

local function sha1(path) return output_of("sha1sum %s", quote(path)):match "%x+" end

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

-- A release with one job that does nothing, made by the CLI itself.
local function make_tiny_release(directory)
  sh("cp -R tests/bosh/release %s/tiny && mkdir %s/tiny/packages %s/tiny/src", directory, directory, directory)
  sh("HOME=%s %s create-release --force --dir %s/tiny --tarball %s/tiny.tgz >%s/tiny.log 2>&1", directory, quote(BOSH),
    directory, directory, directory)
  return directory .. "/tiny.tgz"
end

local function our_release()
  local path = os.getenv "RELEASE" or output_of "ls -t build/dist/*.tgz 2>/dev/null | head -n 1"
  if path == "" then
    print "e2e: there is no release in build/dist: make dist makes it, or RELEASE names one"
    os.exit(2)
  end
  return output_of("realpath %s", quote(path))
end

-- ---------------------------------------------------------------------------------------------------------
-- one environment: the simulator, the CLI's files, what is checked

local passed, failed = 0, 0

local function check(condition, format, ...)
  local what = format:format(...)
  if condition then passed = passed + 1 else failed = failed + 1 end
  print(("    %s %s"):format(condition and "ok    " or "NOT ok", what))
end

local env = {}
env.__index = env

local function new_environment()
  local directory = output_of "mktemp -d"
  local self = setmetatable({ directory = directory }, env)
  write(directory .. "/guest", ("#!/bin/sh\nexport BOSH_AGENT=%s GUESTS=%s/guests PATH=/usr/sbin:/usr/bin:/sbin:/bin\nexec %s \"$@\"\n")
    :format(quote(AGENT), quote(directory), quote(output_of "realpath tests/bosh/guest.sh")))
  sh("chmod +x %s/guest && cp tests/bosh/manifest.yml %s", directory, directory)
  self.cloud = rig.start { role = "bosh", guest = directory .. "/guest" }
  local release, tiny, stemcell = our_release(), make_tiny_release(directory), make_stemcell(directory)
  self.variables = {
    cpi_release = release, cpi_release_sha1 = sha1(release), tiny_release = tiny, tiny_release_sha1 = sha1(tiny),
    stemcell = stemcell, stemcell_sha1 = sha1(stemcell), directory = directory, address = ADDRESS, port = PORT,
    password = PASSWORD, endpoint = self.cloud.endpoint, api_key = self.cloud.api_key,
    secret_access_key = self.cloud.secret_access_key, motto = "first", disk_size = 32768,
  }
  return self
end

function env:set(variables)
  for name, value in pairs(variables) do self.variables[name] = value end
end

-- Runs the CLI; what it says is kept in NAME.log, what it does in NAME.debug. Checks that it succeeds (nothing goes on
-- when it does not), or fails where that is `expected`; answers the requests that it made of the CPI, without info.
function env:bosh(name, command, expected)
  write(self.directory .. "/vars.json", rig.json.encode(self.variables))
  local started = rig.now()
  local ok = os.execute(("cd %s && HOME=%s BOSH_LOG_LEVEL=debug BOSH_LOG_PATH=%s.debug timeout %d %s --tty -n %s manifest.yml "
    .. "--state state.json --vars-store store.yml -l vars.json >%s.log 2>&1 </dev/null"):format(self.directory, self.directory,
    name, STAGE_SECONDS, quote(BOSH), command, name)) == true
  print(("  %s (%s): %.1f s"):format(name, command, rig.now() - started))
  check(ok == (expected ~= "fails"), "%s %s", command, expected or "succeeds")
  if not ok and expected ~= "fails" then error(read(("%s/%s.log"):format(self.directory, name)):sub(-3000), 0) end
  local methods = {}
  for method in read(("%s/%s.debug"):format(self.directory, name)):gmatch "STDIN: '{\"method\":\"([%l_]+)\"" do
    if method ~= "info" then methods[#methods + 1] = method end
  end
  return table.concat(methods, " ")
end

-- Asks the agent over mbus, as the CLI does; the decoded value, or nil.
local function ask_agent(method)
  local text = output_of("curl -sk --max-time 10 -d '%s' https://mbus:%s@%s:%d/agent", rig.json.encode {
    method = method, arguments = rig.json.array {}, reply_to = "e2e" }, PASSWORD, ADDRESS, PORT)
  local answer = rig.json.decode(text)
  return answer and answer.value
end

local function those(list, fits)
  local found = {}
  for _, row in ipairs(list) do
    if fits(row) then found[#found + 1] = row end
  end
  return found
end

function env:running_vms()
  return those(self.cloud:state().vms, function(vm) return vm.state == "Running" end)
end

function env:persistent_disks()
  return those(self.cloud:state().volumes, function(volume) return volume.name:find "^cpi%-disk%-" ~= nil end)
end

-- One VM that has one disk of that size, an agent that runs the job and knows the disk. Answers both.
function env:check_life(gigabytes)
  local vms, disks = self:running_vms(), self:persistent_disks()
  check(#vms == 1 and #disks == 1, "one VM and one persistent disk are there (%d, %d)", #vms, #disks)
  if #vms ~= 1 or #disks ~= 1 then return {}, {} end
  local vm, disk = vms[1], disks[1]
  check(vm.nics[1].address == ADDRESS, "the VM has its address")
  check(disk.size == gigabytes * GIGABYTE, "the disk has %d GB", gigabytes)
  check(disk.virtualmachineid == vm.id, "the VM has the disk")
  local state = ask_agent "get_state" or {}
  check(state.job_state == "running", "the agent says that its job is running (%s)", state.job_state)
  check(state.agent_id == rig.json.decode(vm.userdata_decoded).agent_id, "the agent is the one that create_vm was told of")
  local listed = ask_agent "list_disk" or {}
  check(#listed == 1 and listed[1] == disk.name, "the agent lists the disk, and no other")
  return vm, disk
end

-- A file that the agent of that VM keeps, decoded; {} when it is not there.
function env:agent_file(vm, name)
  return rig.json.decode(read(("%s/guests/%s/bosh/%s"):format(self.directory, vm.name, name))) or {}
end

function env:check_nothing_left()
  self.cloud:clock(86400)
  local left = {}
  for kind, count in pairs(self.cloud:state().left) do
    if count > 0 then left[#left + 1] = ("%d %s"):format(count, kind) end
  end
  check(#left == 0, "0 objects are left in CloudStack%s", #left > 0 and ": " .. table.concat(left, ", ") or "")
  local agents = output_of("pgrep -f %s || true", quote(self.directory .. "/[g]uests/")) -- [g]: not this very command
  check(agents == "", "no agent lives")
end

-- ---------------------------------------------------------------------------------------------------------
-- the stages

local CREATE = "create_vm set_vm_metadata create_disk attach_disk set_disk_metadata"
local AGAIN = "has_vm delete_vm create_vm set_vm_metadata attach_disk set_disk_metadata"

local function told(methods, wanted) check(methods == wanted, "the CPI was asked for: %s", methods) end

local function all_stages(e)
  told(e:bosh("create", "create-env"), "create_stemcell " .. CREATE)
  local first, disk = e:check_life(32)
  check(first.tags and first.tags.told_by == "the manifest", "the policy in the manifest gave the VM its tags")

  told(e:bosh("unchanged", "create-env"), "")
  check(read(e.directory .. "/unchanged.log"):find("Skipping deploy", 1, true), "an unchanged manifest changes nothing")

  e:set { motto = "second" }
  told(e:bosh("recreate", "create-env"), AGAIN)
  local second, same = e:check_life(32)
  check(second.name ~= first.name and same.name == disk.name, "another VM has the same disk")
  check(read(("%s/guests/%s/jobs/tiny/config/motto"):format(e.directory, second.name)) == "second\n",
    "the job has its new property")

  e:set { disk_size = 65536 }
  told(e:bosh("disk", "create-env"), AGAIN .. " create_disk attach_disk set_disk_metadata detach_disk delete_disk")
  local third, larger = e:check_life(64)
  local moved = e:agent_file(third, "disk_migrations.json")
  check(#moved == 1 and moved[1].FromDiskCid == disk.name and moved[1].ToDiskCid == larger.name,
    "the agent moved the data from the old disk to the new one")

  told(e:bosh("stop", "stop-env"), "")
  check((ask_agent "get_state" or {}).job_state ~= "running", "the agent says that its job is stopped")
  told(e:bosh("start", "start-env"), "")
  e:check_life(64)
end

-- The deployment's job fails although the VM is there, and then the management server restarts in the middle of one. In
-- the same environment, so that the packages are compiled once.
local function with_faults(e)
  local _, disk = e:check_life(64)
  e:set { motto = "third" }
  e.cloud:faults { { command = "deployVirtualMachine", fault = "fail_job", when = "after" } }
  told(e:bosh("broken", "create-env", "fails"), "has_vm delete_vm create_vm")
  check(#e:running_vms() == 0, "the failed create_vm left no VM")
  e.cloud:faults { { command = "deployVirtualMachine", fault = "restart" } }
  told(e:bosh("broken-again", "create-env", "fails"), "create_vm")
  check(#e:running_vms() == 0, "the interrupted create_vm left no VM")
  told(e:bosh("recovered", "create-env"), "create_vm set_vm_metadata attach_disk set_disk_metadata")
  local _, same = e:check_life(64)
  check(same.name == disk.name, "the VM has the disk that was there before")
end

local function to_the_end(e)
  told(e:bosh("delete", "delete-env"), "has_vm delete_vm delete_disk delete_stemcell")
  e:check_nothing_left()
end

print(("e2e: bosh %s, agent %s"):format(output_of("%s --version | head -n 1", BOSH), output_of("%s -v", AGENT)))
local e = new_environment()
local started = rig.now()
local ok, why = pcall(function()
  all_stages(e)
  with_faults(e)
  to_the_end(e)
end)
check(ok, "it came to its end%s", ok and "" or ": " .. tostring(why))
e.cloud:stop()
if failed == 0 then sh("rm -rf %s", e.directory) else print("kept: " .. e.directory) end
print(("%d passed, %d failed, %.0f s"):format(passed, failed, rig.now() - started))
os.exit(failed == 0 and 0 or 1)

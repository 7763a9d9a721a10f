-- The real bosh CLI drives this tree's release: create-env compiles it, makes a VM in the simulator in which a
-- real bosh-agent lives, recreates it, moves its disk, stops, starts and deletes it; and does it once more with
-- a failure in the middle.
--   lua5.4 tests/bosh/e2e.lua
-- BOSH and BOSH_AGENT name the programs; else they are taken from PATH. Without them nothing is tested, which
-- is said in one line. The release tarball is made by `make dist`; RELEASE names another.

package.path = "./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local rig = require "rig"

local ADDRESS, PORT, PASSWORD = "127.0.0.11", 6868, "e2e-mbus-password"

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function program(variable, name)
  local path = os.getenv(variable) or output_of("command -v " .. name .. " || true")
  return path ~= "" and path or nil
end

local BOSH, AGENT = program("BOSH", "bosh"), program("BOSH_AGENT", "bosh-agent")
if not (BOSH and AGENT and program("RUBY", "ruby")) then
  print "e2e: nothing was tested: it needs the programs bosh, bosh-agent (or BOSH, BOSH_AGENT) and ruby"
  os.exit(0)
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read "a"
  file:close()
  return text
end

local function sh(format, ...)
  local command = format:format(...)
  local ok = os.execute(command)
  if not ok then error("failed: " .. command, 2) end
end

local function sha1(path)
  return output_of("sha1sum " .. path):match "%x+"
end

-- ---------------------------------------------------------------------------------------------------------
-- what the CLI is given: a stemcell, a tiny release, ours, and a manifest

local function make_stemcell(directory)
  sh("mkdir -p %s/stemcell/root", directory)
  write(directory .. "/stemcell/root/root.img", ("a root disk "):rep(1000))
  sh("tar -C %s/stemcell/root -czf %s/stemcell/image root.img", directory, directory)
  write(directory .. "/stemcell/stemcell.MF", ([[
name: bosh-cloudstack-xen-ubuntu-e2e
version: "1.1"
api_version: 3
bosh_protocol: "1"
operating_system: ubuntu-e2e
stemcell_formats: [cloudstack-vhdx]
sha1: %s
cloud_properties:
  name: bosh-cloudstack-xen-ubuntu-e2e
  version: "1.1"
  infrastructure: cloudstack
  hypervisor: xen
  disk: 5120
  disk_format: vhdx
  container_format: bare
  os_type: linux
  os_distro: ubuntu
  architecture: x86_64
  auto_disk_config: true
]]):format(sha1(directory .. "/stemcell/image")))
  sh("tar -C %s/stemcell -czf %s/stemcell.tgz stemcell.MF image", directory, directory)
  return directory .. "/stemcell.tgz"
end

-- A release with one job that does nothing, made by the CLI itself.
local function make_tiny_release(directory)
  local root = directory .. "/tiny"
  sh("mkdir -p %s/jobs/tiny/templates %s/packages %s/config %s/src", root, root, root, root)
  write(root .. "/jobs/tiny/monit", "")
  write(root .. "/jobs/tiny/templates/motto.erb", "<%= p('tiny.motto') %>\n")
  write(root .. "/jobs/tiny/spec", "name: tiny\ntemplates:\n  motto.erb: config/motto\npackages: []\n"
    .. "properties:\n  tiny.motto:\n    description: a word\n    default: first\n")
  write(root .. "/config/final.yml", "name: tiny\n")
  write(root .. "/config/blobs.yml", "--- {}\n")
  sh("HOME=%s %s create-release --force --dir %s --tarball %s/tiny.tgz >%s/tiny.log 2>&1", directory, BOSH, root,
    directory, directory)
  return directory .. "/tiny.tgz"
end

-- what: { endpoint, api_key, secret, release, tiny, stemcell, motto, disk_size }
local function manifest(what)
  return ([[
name: e2e
releases:
- {name: cloudstack_cpi, url: "file://%s", sha1: %s}
- {name: tiny, url: "file://%s", sha1: %s}
resource_pools:
- name: vms
  network: default
  stemcell: {url: "file://%s", sha1: %s}
  cloud_properties: {compute_offering: shared.medium, disk: 25000, ephemeral_disk_offering: shared.custom, root_disk_size: 15000}
  env: {bosh: {password: "*"}}
disk_pools:
- {name: disks, disk_size: %d, cloud_properties: {disk_offering: shared.custom}}
networks:
- name: default
  type: manual
  subnets:
  - {range: 127.0.0.0/24, gateway: 127.0.0.254, dns: [127.0.0.1], cloud_properties: {name: bosh-loop}}
instance_groups:
- name: tiny
  instances: 1
  jobs: [{name: tiny, release: tiny}]
  resource_pool: vms
  persistent_disk_pool: disks
  networks: [{name: default, static_ips: [%s]}]
  properties: {tiny: {motto: %s}}
cloud_provider:
  template: {name: cloudstack_cpi, release: cloudstack_cpi}
  mbus: https://mbus:%s@%s:%d
  cert: ((mbus_tls))
  properties:
    cloudstack: {endpoint: "%s", api_key: %s, secret_access_key: %s, default_zone: zone1}
    agent: {mbus: "https://mbus:%s@%s:%d", blobstore: {provider: local, options: {blobstore_path: %s/blobs}}}
    ntp: [0.pool.ntp.org]
variables:
- {name: ca, type: certificate, options: {is_ca: true, common_name: ca}}
- {name: mbus_tls, type: certificate, options: {ca: ca, common_name: "%s", alternative_names: ["%s"]}}
]]):format(what.release, sha1(what.release), what.tiny, sha1(what.tiny), what.stemcell, sha1(what.stemcell),
    what.disk_size, ADDRESS, what.motto, PASSWORD, ADDRESS, PORT, what.endpoint, what.api_key, what.secret,
    PASSWORD, ADDRESS, PORT, what.directory, ADDRESS, ADDRESS)
end

-- The program that lives in a VM: a real agent on the VM's user data, in a folder of its own that a reboot keeps.
local function make_guest(directory)
  local path = directory .. "/guest"
  write(path, ([[
#!/usr/bin/env bash
set -eu
base=%s/guests/$VM_ID
[ "$1" = start ] || exit 0
mkdir -p "$base"/{bosh/etc,bosh/bin,store,jobs,data,monit,sys}
cat >"$base/agent.json" <<JSON
{"Platform":{"Linux":{"DevicePathResolutionType":"virtio"}},"Infrastructure":{"Settings":{"Sources":[{"Type":"HTTP",
"URI":"${VM_METADATA_URL%%/latest/*}","UserDataPath":"/latest/user-data?$VM_METADATA_QUERY",
"InstanceIDPath":"/latest/meta-data/instance-id?$VM_METADATA_QUERY",
"SSHKeysPath":"/latest/meta-data/public-keys?$VM_METADATA_QUERY"}]}}}
JSON
cd "$base"
export PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin HOME="$base"
exec %s -P dummy -M dummy -C "$base/agent.json" -b "$base" >>"$base/agent.log" 2>&1
]]):format(directory, AGENT))
  sh("chmod +x %s", path)
  return path
end

-- ---------------------------------------------------------------------------------------------------------
-- checks

local passed, failed = 0, 0

local function check(condition, format, ...)
  local what = format:format(...)
  if condition then passed = passed + 1 else failed = failed + 1 end
  print(("    %s %s"):format(condition and "ok  " or "NOT ok", what))
end

-- Asks the agent over mbus, as the CLI does; answers the decoded value or nil.
local function agent(method)
  local text = output_of(("curl -sk --max-time 10 -X POST -d '%s' https://mbus:%s@%s:%d/agent"):format(
    ('{"method":"%s","arguments":[],"reply_to":"e2e"}'):format(method), PASSWORD, ADDRESS, PORT))
  local answer = rig.json.decode(text)
  return answer and answer.value
end

local function persistent_disks(state)
  local list = {}
  for _, volume in ipairs(state.volumes) do
    if volume.name:find "^cpi%-disk%-" then list[#list + 1] = volume end
  end
  return list
end

local function running_vms(state)
  local list = {}
  for _, vm in ipairs(state.vms) do
    if vm.state == "Running" then list[#list + 1] = vm end
  end
  return list
end

-- One VM, one disk of that size, an agent that runs the job and lists the disk.
local function check_life(cloud, gigabytes)
  local state = cloud:state()
  local vms, disks = running_vms(state), persistent_disks(state)
  check(#vms == 1, "one VM runs")
  check(#disks == 1 and disks[1].size == gigabytes * 1024 ^ 3, "one persistent disk of %d GB", gigabytes)
  check(#disks == 1 and #vms == 1 and disks[1].virtualmachineid == vms[1].id, "the VM has it")
  local told = agent "get_state"
  check(told and told.job_state == "running", "the agent says that its job runs")
  local listed = agent "list_disk"
  check(listed and #disks == 1 and listed[1] == disks[1].name, "the agent lists the disk")
end

-- Runs the CLI; answers whether it exited 0. Its output is kept beside the log.
local function bosh(context, stage, command)
  local clock = os.time()
  local ok = os.execute(("HOME=%s BOSH_LOG_LEVEL=debug BOSH_LOG_PATH=%s/%s.debug %s --tty -n %s %s/manifest.yml "
    .. "--state %s/state.json --vars-store %s/vars.yml >%s/%s.log 2>&1 </dev/null"):format(context.directory,
    context.directory, stage, BOSH, command, context.directory, context.directory, context.directory,
    context.directory, stage))
  print(("  %s (%s): %d s"):format(stage, command, os.time() - clock))
  return ok == true
end

local function stage(context, name, command, expected)
  local ok = bosh(context, name, command)
  check(ok == (expected ~= "failure"), "%s %s", command, expected or "succeeds")
  if not ok and expected ~= "failure" then
    print((read(context.directory .. "/" .. name .. ".log"):sub(-3000)))
  end
  return ok
end

-- ---------------------------------------------------------------------------------------------------------

local function nothing_left(cloud)
  cloud:clock(86400)
  local words = {}
  for kind, count in pairs(cloud:state().left) do
    if count > 0 then words[#words + 1] = count .. " " .. kind end
  end
  check(#words == 0, "nothing is left%s", #words > 0 and ": " .. table.concat(words, ", ") or "")
end

local function all_stages(context, cloud, set)
  set { motto = "first", disk_size = 32768 }
  stage(context, "create", "create-env")
  check_life(cloud, 32)
  stage(context, "unchanged", "create-env")
  check(read(context.directory .. "/unchanged.log"):find "Skipping deploy" ~= nil, "an unchanged manifest changes nothing")
  set { motto = "second", disk_size = 32768 }
  stage(context, "recreate", "create-env --recreate")
  check_life(cloud, 32)
  set { motto = "second", disk_size = 65536 }
  stage(context, "disk", "create-env")
  check_life(cloud, 64)
  stage(context, "stop", "stop-env")
  local told = agent "get_state"
  check(told and told.job_state ~= "running", "the agent says that its job is stopped")
  stage(context, "start", "start-env")
  check_life(cloud, 64)
  stage(context, "delete", "delete-env")
  nothing_left(cloud)
end

local function with_a_fault(context, cloud, set)
  set { motto = "first", disk_size = 32768 }
  sh("rm -f %s/state.json", context.directory)
  cloud:faults { { command = "deployVirtualMachine", fault = "capacity" } }
  stage(context, "broken", "create-env", "failure")
  check(#running_vms(cloud:state()) == 0, "the failed create_vm left no VM")
  stage(context, "again", "create-env")
  check_life(cloud, 32)
  stage(context, "delete-again", "delete-env")
  nothing_left(cloud)
end

local directory = output_of "mktemp -d"
local guest = make_guest(directory)
local cloud <close> = rig.start { role = "bosh", guest = guest }
local release = os.getenv "RELEASE" or output_of "ls -t build/dist/*.tgz | head -n 1"
local what = { directory = directory, endpoint = cloud.endpoint, api_key = cloud.api_key, secret = cloud.secret_access_key,
  release = output_of("realpath " .. release), tiny = make_tiny_release(directory), stemcell = make_stemcell(directory) }
local function set(changes)
  for key, value in pairs(changes) do what[key] = value end
  write(directory .. "/manifest.yml", manifest(what))
end

print("e2e: " .. output_of(BOSH .. " --version | head -n 1") .. ", agent " .. output_of(AGENT .. " -v"))
all_stages({ directory = directory }, cloud, set)
with_a_fault({ directory = directory }, cloud, set)
if failed == 0 then sh("rm -rf %s", directory) else print("kept: " .. directory) end
print(("%d passed, %d failed"):format(passed, failed))
cloud:stop()
os.exit(failed == 0 and 0 or 1)

-- What the real bosh CLI needs around it: the simulator with a bosh-agent in each VM, the CLI's files, how it is run, and
-- what is checked of the result. tests/bosh/e2e.lua says how it is called.

local rig = require "rig"
local text_file = require "tests.support.text_file"

local ADDRESS, PORT, PASSWORD = "127.0.0.11", 6868, "e2e-mbus-password"
local GIGABYTE = 1024 ^ 3
local START_SECONDS = 20
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

local env = { passed = 0, failed = 0 }
env.__index = env

function env.check(condition, format, ...)
  local what = format:format(...)
  local sum = condition and "passed" or "failed"
  env[sum] = env[sum] + 1
  print(("    %s %s"):format(condition and "ok    " or "NOT ok", what))
end

local check = env.check

function env.versions() return output_of("%s --version | head -n 1", BOSH), output_of("%s -v", AGENT) end

function env.new()
  local directory = output_of "mktemp -d"
  local self = setmetatable({ directory = directory }, env)
  write(directory .. "/guest", ("#!/bin/sh\nexport BOSH_AGENT=%s GUESTS=%s/guests PATH=/usr/sbin:/usr/bin:/sbin:/bin\nexec %s \"$@\"\n")
    :format(quote(AGENT), quote(directory), quote(output_of "realpath tests/bosh/guest.sh")))
  sh("chmod +x %s/guest && cp tests/bosh/manifest.yml %s", directory, directory)
  local release, tiny, stemcell = our_release(), make_tiny_release(directory), make_stemcell(directory)
  self.variables = {
    cpi_release = release, cpi_release_sha1 = sha1(release), tiny_release = tiny, tiny_release_sha1 = sha1(tiny),
    stemcell = stemcell, stemcell_sha1 = sha1(stemcell), directory = directory, address = ADDRESS, port = PORT,
    password = PASSWORD, motto = "first", disk_size = 32768, store_path = "",
  }
  self:start_cloud()
  return self
end

-- Another simulated CloudStack in the place of the one that there was; `world` as rig.start takes it.
function env:start_cloud(world)
  if self.cloud then self.cloud:stop() end
  self.cloud = rig.start { role = "bosh", guest = self.directory .. "/guest", world = world }
  self:set { endpoint = self.cloud.endpoint, api_key = self.cloud.api_key, secret_access_key = self.cloud.secret_access_key }
end

function env:set(variables)
  for name, value in pairs(variables) do self.variables[name] = value end
end

-- The CLI's command line in the environment's directory. What it says is kept in NAME.log, what it does in NAME.debug.
function env:line(name, command)
  write(self.directory .. "/vars.json", rig.json.encode(self.variables))
  return ("cd %s && exec env HOME=%s BOSH_LOG_LEVEL=debug BOSH_LOG_PATH=%s.debug %s --tty -n %s manifest.yml "
    .. "--state state.json --vars-store store.yml -l vars.json >%s.log 2>&1 </dev/null"):format(self.directory, self.directory,
    name, quote(BOSH), command, name)
end

-- Runs the CLI. Checks that it succeeds (nothing goes on when it does not), or fails where that is `expected`; returns what
-- `answered` returns.
function env:bosh(name, command, expected)
  local started = rig.now()
  os.remove(("%s/%s.debug"):format(self.directory, name))
  local ok = os.execute(("timeout %d sh -c %s"):format(STAGE_SECONDS, quote(self:line(name, command)))) == true
  print(("  %s (%s): %.1f s"):format(name, command, rig.now() - started))
  check(ok == (expected ~= "fails"), "%s %s", command, expected or "succeeds")
  if not ok and expected ~= "fails" then error(self:log(name):sub(-3000), 0) end
  return self:answered(name)
end

-- The requests of that run that the CPI answered, without info.
function env:answered(name)
  local methods = {}
  for method in read(("%s/%s.debug"):format(self.directory, name)):gmatch "STDIN: '{\"method\":\"([%l_]+)\"" do
    if method ~= "info" then methods[#methods + 1] = method end
  end
  return table.concat(methods, " ")
end

-- The same in the background, in a session and a process group of its own; answers its pid. It does not ignore SIGINT,
-- as it does not in a terminal either: a shell makes what it starts in the background ignore it. `ended` says when it has.
function env:begin(name, command)
  local base = ("%s/%s"):format(self.directory, name)
  for _, kept in ipairs { ".pid", ".exit", ".debug" } do os.remove(base .. kept) end
  local line = ("echo $$ >%s.pid; %s"):format(base, self:line(name, command))
  os.execute(("{ setsid env --default-signal=INT,QUIT sh -c %s; echo $? >%s.exit; } >/dev/null 2>&1 &"):format(quote(line), base))
  return rig.wait(function() return tonumber(read(base .. ".pid"):match "^(%d+)\n") end, START_SECONDS)
end

-- The exit code of what `begin` began, as a shell says it; nil while it runs.
function env:ended(name) return tonumber(read(("%s/%s.exit"):format(self.directory, name)):match "^(%d+)\n") end

-- The pids of the CPI's processes that live, as words; "" without any.
function env:cpis()
  local pattern = self.directory .. "/[.]bosh/installations/.*/bin/cpi " -- [.]: not this very command
  return (output_of("pgrep -f %s || true", quote(pattern)):gsub("%s+", " "))
end

-- What the CLI said in that run.
function env:log(name) return read(("%s/%s.log"):format(self.directory, name)) end

-- Keeps what the CLI has compiled, for `afresh`.
function env:keep_installation()
  sh("rm -rf %s/kept && cp -R %s/.bosh %s/kept", self.directory, self.directory, self.directory)
  local state = rig.json.decode(read(self.directory .. "/state.json"))
  self.kept = { director_id = state.director_id, installation_id = state.installation_id }
end

-- CloudStack, the CLI's state and its installation as before the first create-env, but that nothing has to be compiled.
function env:afresh()
  rig.wait(function() return self:cpis() == "" end, STAGE_SECONDS)
  self.cloud:reset()
  rig.wait(function() return self:agents() == "" end, START_SECONDS)
  sh("cd %s && rm -rf .bosh store && mkdir store && cp -R kept .bosh", self.directory)
  write(self.directory .. "/state.json", rig.json.encode(self.kept))
end

-- Asks the agent over mbus, as the CLI does; the decoded value, or nil.
function env.ask_agent(method)
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
  self.cloud:clock(86400)
  local left = {}
  for kind, count in pairs(self.cloud:state().left) do
    if count > 0 then left[#left + 1] = ("%d %s"):format(count, kind) end
  end
  check(#left == 0, "0 objects are left in CloudStack%s", #left > 0 and ": " .. table.concat(left, ", ") or "")
  check(self:agents() == "", "no agent lives")
end

-- Ends the simulator. The directory stays where something failed.
function env:close()
  self.cloud:stop()
  if env.failed == 0 then sh("rm -rf %s", self.directory) else print("kept: " .. self.directory) end
end

return env

-- Programs that others wrote for CloudStack, each through a VM's life against the simulator: witnesses from outside for what it
-- does. lua5.4 tests/witnesses/witnesses.lua; what cannot be had on this machine is skipped in a line.
-- They are installed into build/witnesses, from the registries that pip and go are set up for.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local rig = require "rig"
local text_file = require "tests.support.text_file"

local HOME = rig.build .. "/witnesses"
local SLOWEST = 300 -- seconds for an installation, and for a life

-- Runs a shell line -> whether it went well, its output.
local function run(line)
  local log = HOME .. "/output"
  local ok = os.execute(("timeout %d sh -c %s >%s 2>&1 </dev/null"):format(SLOWEST, rig.quote(line), rig.quote(log)))
  return ok == true, text_file.read(log)
end

local function python(package)
  return function()
    local ok, output = run(("python3 -m venv %s/python && %s/python/bin/pip install -q %s"):format(HOME, HOME, package))
    return ok, output
  end
end

local function go()
  local home = HOME .. "/go"
  return run(("mkdir -p %s && cp tests/witnesses/cloudstack_go_life.go %s/main.go && cd %s && (test -f go.mod || go mod init witness)"
    .. " && go get github.com/apache/cloudstack-go/v2/cloudstack@v2.17.1 && go build -o life ."):format(home, home, home))
end

local WITNESSES = {
  { "cs", install = python "cs", life = HOME .. "/python/bin/python tests/witnesses/cs_life.py" },
  { "apache-libcloud", install = python "apache-libcloud", life = HOME .. "/python/bin/python tests/witnesses/libcloud_life.py" },
  { "cloudstack-go", install = go, life = HOME .. "/go/life" },
  { "cloudmonkey", install = function() return run "command -v ${CMK:-cmk}" end, life = "sh tests/witnesses/cloudmonkey_life.sh" },
}

local function last_line(text) return text:match "([^\n]*)\n*$" end

-- What a witness left behind: names of VMs and disks. The root disk of a destroyed VM goes when that is expunged.
local function left_by(cloud)
  local names = {}
  for _, vm in ipairs(cloud:api("listVirtualMachines").virtualmachine or {}) do names[#names + 1] = vm.name end
  for _, volume in ipairs(cloud:api("listVolumes", { type = "DATADISK" }).volume or {}) do names[#names + 1] = volume.name end
  return table.concat(names, ", ")
end

-- Without an offering whose size the user chooses: libcloud cannot read one, from any CloudStack.
local WORLD = { service_offerings = { { name = "shared.custom.compute", absent = true } } }

local function testify(witness)
  local cloud <close> = rig.start { role = "bosh", world = WORLD }
  local ok, output = run(("%s %s %s %s"):format(witness.life, rig.quote(cloud.endpoint), rig.quote(cloud.api_key),
    rig.quote(cloud.secret_access_key)))
  local left = left_by(cloud)
  if ok and left == "" then return true end
  return false, ok and "it left " .. left or output
end

os.execute("mkdir -p " .. rig.quote(HOME))
local passed, failed = 0, 0
for _, witness in ipairs(WITNESSES) do
  local name = witness[1]
  local is_there, why = witness.install()
  if not is_there then
    print(("%-18s skipped: it cannot be had here (%s)"):format(name, last_line(why)))
  else
    local ok, trouble = testify(witness)
    passed, failed = passed + (ok and 1 or 0), failed + (ok and 0 or 1)
    print(("%-18s %s"):format(name, ok and "a VM's life, nothing left" or "FAILED\n" .. trouble))
  end
end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)

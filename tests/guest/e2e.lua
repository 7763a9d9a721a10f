-- The real agent on a real Linux, in the simulated cloud: a stemcell of Debian's packages in the layout of a published one is
-- converted by `cpi stemcell convert`, the real bosh CLI creates an environment of it, and what is believed is asked inside the VM.
--
--   tests/guest/run lua5.4 tests/guest/e2e.lua             as make e2e-guest does; some ten minutes where qemu emulates
--   tests/guest/run lua5.4 tests/guest/e2e.lua STAGE...    these alone: life (with reboot), networks, drive
--
-- BOSH and BOSH_AGENT name the programs, and RELEASE the release's tarball, as in tests/bosh/e2e.lua.

package.path = "./tests/support/?.lua;./lua/?.lua;./?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local environment = require "tests.guest.environment"
local rig = require "rig"

io.stdout:setvbuf "line"

local check, ask_agent_at = environment.check, environment.ask_agent_at
local ADDRESS = environment.address
local GIGABYTE = 1 << 30

local function says(seen, wanted, what) check(seen == wanted, "%s (%s)", what, seen) end

local function bosh(e, name, command) return environment.timed(name .. ": " .. command, e.bosh, e, name, command) end

-- ---------------------------------------------------------------------------------------------------------
-- what is asked inside the VM

-- The only VM and the only persistent disk of the environment.
local function of_environment(e)
  local vms, disks = e:running_vms(), e:persistent_disks()
  check(#vms == 1 and #disks == 1, "one VM and one persistent disk are there (%d, %d)", #vms, #disks)
  return vms[1], disks[1]
end

local function check_settings(e, vm)
  local console = e.cloud:console(vm.name)
  check(console:find("cloudstack-metadata: the settings and the SSH keys are at http://10.0.0.1", 1, true),
    "the finder found the router (%s)", console:match "cloudstack%-metadata: ([^\r\n]*)" or "nothing")
  local settings = rig.json.decode(vm.userdata_decoded)
  says((ask_agent_at(ADDRESS, "get_state") or {}).agent_id, settings.agent_id, "the agent has the settings of this VM")
  says(e:ask(ADDRESS, "hostname"), settings.agent_id, "the host has the name that the agent gives it")
end

local function check_network(e)
  says(e:ask(ADDRESS, "ip -4 -o addr show dev eth0 | awk '{print $4}'"), ADDRESS .. "/24", "eth0 has the static address, and no other")
  says(e:ask(ADDRESS, "ip -4 route | grep default"), "default via 10.0.0.1 dev eth0 proto static", "the gateway is the manifest's")
  says(e:ask(ADDRESS, "getent ahostsv4 data-server.cs1cloud.internal | awk '{print $1; exit}'"), "10.0.0.1",
    "names are resolved by the manifest's server")
end

local function check_ephemeral(e)
  says(e:ask(ADDRESS, "findmnt -no SOURCE,FSTYPE /var/vcap/data"), "/dev/vdb2 ext4", "the ephemeral disk is mounted")
  says(e:ask(ADDRESS, "awk 'NR > 1 {print $1, $2}' /proc/swaps"), "/dev/vdb1 partition", "swap is in use")
end

-- The disk is the one of that id, by its serial; returns its device.
local function check_persistent(e, disk, gigabytes)
  local serial = disk.id:gsub("%-", ""):sub(1, 20)
  local device = e:ask(ADDRESS, "readlink -f /dev/disk/by-id/virtio-%s", serial)
  says(e:ask(ADDRESS, "findmnt -no SOURCE,FSTYPE /var/vcap/store"), device .. "1 ext4", "the persistent disk is mounted, by its serial")
  says(e:ask(ADDRESS, "lsblk -bdno SIZE %s", device), tostring(gigabytes * GIGABYTE), "it has its size")
  local listed = ask_agent_at(ADDRESS, "list_disk") or {}
  check(#listed == 1 and listed[1] == disk.name, "the agent lists it, and no other")
end

local function check_vm(e, gigabytes)
  local vm, disk = of_environment(e)
  check_settings(e, vm)
  check_network(e)
  check_ephemeral(e)
  check_persistent(e, disk, gigabytes)
  says((ask_agent_at(ADDRESS, "get_state") or {}).job_state, "running", "the job runs")
  return vm, disk
end

local FILE = "/var/vcap/store/kept"

local function write_file(e)
  return e:ask(ADDRESS, "sudo sh -c 'head -c 50000000 /dev/urandom >%s && sync' && sudo sha256sum %s", FILE, FILE):match "%x+"
end

local function check_file(e, sum) says(e:ask(ADDRESS, "sudo sha256sum %s", FILE):match "^%x+", sum, "the file is what it was") end

-- ---------------------------------------------------------------------------------------------------------
-- the stages

-- create-env's life: VM and disk, another VM, another disk, stop and start.
local function life(e)
  bosh(e, "create", "create-env")
  local first = check_vm(e, 2)
  local sum = write_file(e)

  e:set { motto = "second" }
  bosh(e, "recreate", "create-env")
  local second, disk = check_vm(e, 2)
  check(second.name ~= first.name, "another VM has the disk")
  check_file(e, sum)
  says(e:ask(ADDRESS, "sudo cat /var/vcap/jobs/tiny/config/motto"), "second", "the job has its new property")

  e:set { disk_size = 3072 }
  bosh(e, "larger-disk", "create-env")
  local _, larger = check_vm(e, 3)
  check(larger.name ~= disk.name, "the agent copied the old disk to a new one")
  check_file(e, sum)

  bosh(e, "stop", "stop-env")
  bosh(e, "start", "start-env")
  check_file(e, sum)
  return sum
end

local function reboot(e, sum)
  local vm = of_environment(e)
  local boot = e:ask(ADDRESS, "cat /proc/sys/kernel/random/boot_id")
  environment.timed("reboot_vm", e.call, e, "reboot_vm", vm.name)
  environment.figure("reboot_vm's answer to the agent's pong", environment.wait_for_agent(ADDRESS))
  check(e:ask(ADDRESS, "cat /proc/sys/kernel/random/boot_id") ~= boot, "the VM was started anew")
  check_vm(e, 3)
  check_file(e, sum)
end

-- The agent makes it the name of its host.
local function agent_id(what) return "agent-of-" .. what:gsub(" ", "-") end

-- A VM by the CPI alone, for what create-env has no words for -> its CID; its agent has answered at the address.
local function with_vm(e, what, networks, more, address, check_it)
  local properties = { compute_offering = "shared.small", disk = 4096, ephemeral_disk_offering = "shared.custom", root_disk_size = 5120 }
  for key, value in pairs(more) do properties[key] = value end
  local vm = e:call("create_vm", agent_id(what), e:template(), properties, networks, {}, e:agent_env())[1]
  environment.figure(what .. ": create_vm's answer to the agent's pong", environment.wait_for_agent(address))
  check_it(vm)
  environment.timed(what .. ": delete_vm", e.call, e, "delete_vm", vm)
end

-- A dynamic network; two networks that share a NIC, one of them with a route; and one with IPv4 and IPv6.
local function several_networks(e)
  local function manual(ip, gateway, network, netmask)
    return { type = "manual", ip = ip, netmask = netmask or "255.255.255.0", gateway = gateway, cloud_properties = { name = network } }
  end
  local networks = {
    first = { type = "dynamic", dns = { "10.0.2.1" }, default = { "dns", "gateway" }, cloud_properties = { name = "shared-net" } },
    second = manual("10.0.1.20", "10.0.1.1", "bosh-net-2"),
    third = manual("10.0.1.21", "10.0.1.1", "bosh-net-2"),
    fourth = manual("10.0.4.20", "10.0.4.1", "dual-net"),
    sixth = manual("2001:db8:4::20", "2001:db8:4::1", "dual-net", "ffff:ffff:ffff:ffff::"),
  }
  local routes = { second = { { cidr = "10.77.0.0/16", gateway = "10.0.1.9" } } }
  with_vm(e, "several networks", networks, { routes = routes }, "10.0.1.20", function(cid)
    local nics = {}
    for _, nic in ipairs(e.cloud:api("listVirtualMachines", { name = cid }).virtualmachine[1].nic) do nics[nic.networkname] = nic end
    for network, nic in pairs(nics) do
      local device = e:ask("10.0.1.20", "basename $(dirname $(grep -lx %s /sys/class/net/*/address))", nic.macaddress)
      check(e:ask("10.0.1.20", "ip -4 -o addr show dev %s", device):find(nic.ipaddress .. "/24", 1, true),
        "%s has its address on the NIC with its MAC", network)
    end
    local dynamic = nics["shared-net"].ipaddress
    for _, address in ipairs { dynamic, "10.0.1.21", "10.0.4.20", "2001:db8:4::20" } do
      says(e:ask(address, "echo up"), "up", address .. " answers")
    end
    check(e:ask(dynamic, "ip -4 route show default"):find("via 10.0.2.1 dev", 1, true), "the gateway is that of the default network")
    check(e:ask(dynamic, "ip -4 route show 10.77.0.0/16"):find("via 10.0.1.9 dev", 1, true), "the route of the second network is there")
  end)
end

local function config_drive(e)
  local networks = { only = { type = "manual", ip = "10.0.3.20", netmask = "255.255.255.0", gateway = "10.0.3.1", dns = { "10.0.3.1" },
    default = { "dns", "gateway" }, cloud_properties = { name = "drive-net" } } }
  with_vm(e, "config drive", networks, {}, "10.0.3.20", function(cid)
    local console = e.cloud:console(cid)
    check(console:find("cloudstack-metadata: the settings and the SSH keys are on the config drive", 1, true),
      "the finder found the drive (%s)", console:match "cloudstack%-metadata: ([^\r\n]*)" or "nothing")
    says(e:ask("10.0.3.20", "hostname"), agent_id "config drive", "the key pair of the drive logs in")
  end)
end

local function to_the_end(e)
  bosh(e, "delete", "delete-env")
  e:check_nothing_left()
  says(environment.output_of "grep -l qemu-system /proc/[0-9]*/comm 2>/dev/null || true", "", "no VM lives")
end

print(("e2e-guest: bosh %s, agent %s"):format(environment.versions()))
local e = environment.new()
local began = rig.now()
local ok, why = xpcall(function()
  local wanted = {}
  for _, stage in ipairs(arg) do wanted[stage] = true end
  local function is_wanted(stage) return #arg == 0 or wanted[stage] end
  if is_wanted "life" then reboot(e, life(e)) end
  if is_wanted "networks" then several_networks(e) end
  if is_wanted "drive" then config_drive(e) end
  if is_wanted "life" then to_the_end(e) end
end, debug.traceback)
check(ok, "it came to its end%s", ok and "" or ": " .. tostring(why))
e:close()
for _, figure in ipairs(environment.figures) do print(("| %s | %.1f |"):format(figure[1], figure[2])) end
print(("%d passed, %d failed, %.0f s"):format(environment.passed, environment.failed, rig.now() - began))
os.exit(environment.failed == 0 and 0 or 1)

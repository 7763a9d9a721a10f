-- The real bosh CLI drives this tree's release: create-env compiles it, makes a VM in the simulator in which a real
-- bosh-agent lives, recreates it, moves its disk, stops and starts it; once more with failures in the middle; and
-- deletes it. Then the same with the CLI or the CPI interrupted (interruptions.lua).
--
--   lua5.4 tests/bosh/e2e.lua             all of it
--   lua5.4 tests/bosh/e2e.lua PATTERN     the interruptions whose names it fits alone
--
-- BOSH and BOSH_AGENT name the programs; else they are taken from PATH. Without them nothing is tested, which is said
-- in one line. The release is what `make dist` made (build/dist/*.tgz); RELEASE names another tarball.

package.path = "./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local environment = require "tests.bosh.environment"
local interruptions = require "tests.bosh.interruptions"
local rig = require "rig"
local text_file = require "tests.support.text_file"

io.stdout:setvbuf "line"

local check, ask_agent, read = environment.check, environment.ask_agent, text_file.read_any

-- ---------------------------------------------------------------------------------------------------------
-- the stages

local CREATE = "create_vm set_vm_metadata create_disk attach_disk set_disk_metadata"
local AGAIN = "has_vm delete_vm create_vm set_vm_metadata attach_disk set_disk_metadata"

local function told(methods, wanted) check(methods == wanted, "the CPI was asked for: %s", methods) end

local function life(e)
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

print(("e2e: bosh %s, agent %s"):format(environment.versions()))
local e = environment.new()
local started = rig.now()
local ok, why = pcall(function()
  told(e:bosh("create", "create-env"), "create_stemcell " .. CREATE)
  e:keep_installation()
  if not arg[1] then
    life(e)
    with_faults(e)
  end
  to_the_end(e)
  interruptions(e, arg[1])
end)
check(ok, "it came to its end%s", ok and "" or ": " .. tostring(why))
e:close()
print(("%d passed, %d failed, %.0f s"):format(environment.passed, environment.failed, rig.now() - started))
os.exit(environment.failed == 0 and 0 or 1)

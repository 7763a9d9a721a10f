-- The bosh CLI and the CPI interrupted in the middle of a create-env: nobody takes the CPI's answer, or the CPI itself is
-- asked to end. What it was making is undone, so that the next create-env succeeds, and delete-env leaves nothing.
--
-- The CLI starts the CPI in a process group of its own, and gives it a pipe for its answer. ^C and kill -9 end the CLI alone:
-- all that the CPI sees of it is that its answer has no reader any more.

local environment = require "tests.bosh.environment"
local rig = require "rig"

local check = environment.check

local SECONDS = 3 -- what is interrupted takes so long in the simulator: the signal comes while it goes on
local UNDO_SECONDS = 120 -- a CPI that was interrupted has ended by then

local function to_group(_, cli) return "-" .. cli end

-- Which process gets which signal; a terminal sends ^C to the CLI's process group. What is not tried `everywhere` is tried
-- at the moments of which `much` has to be undone.
local INTERRUPTIONS = {
  { name = "^C", signal = "INT", to = to_group, everywhere = true },
  { name = "^C and create-env at once", signal = "INT", to = to_group, at_once = true },
  { name = "kill -9 of the CLI", signal = "KILL", to = function(_, cli) return cli end },
  { name = "SIGTERM to the CPI", signal = "TERM", to = function(e) return e:cpis() end, to_cpi = true },
}

local function count(list, fits)
  local n = 0
  for _, row in ipairs(list) do
    if fits(row) then n = n + 1 end
  end
  return n
end

local function living(e)
  return count(e.cloud:state().vms, function(vm) return vm.state ~= "Destroyed" and vm.state ~= "Expunging" end)
end

-- What the CPI is doing for BOSH when the signal comes, the request that says so, how long it takes there, and how much of
-- what it makes is there. A disk that stays attached does no harm.
local MOMENTS = {
  { method = "create_stemcell", request = "upload", latency = { template = SECONDS }, much = true,
    left = function(e) return e.cloud:state().left.templates end },
  { method = "create_vm", request = "deployVirtualMachine", latency = { jobs = { deployVirtualMachine = SECONDS } }, much = true,
    left = living },
  { method = "create_disk", request = "createVolume", latency = { jobs = { createVolume = SECONDS } },
    left = function(e) return #e:persistent_disks() end },
  { method = "attach_disk", request = "attachVolume", latency = { jobs = { attachVolume = SECONDS } },
    left = function() return 0 end },
}

-- Runs create-env until CloudStack has had the moment's request, then sends the signal, and waits for the end of the CLI.
local function interrupt(e, interruption, moment)
  local cli = e:begin("interrupted", "create-env")
  rig.wait(function()
    if e:ended "interrupted" then error("create-env came to its end before:\n" .. e:log "interrupted", 0) end
    return e.cloud:has_had(moment.request)
  end, UNDO_SECONDS)
  os.execute(("kill -s %s -- %s"):format(interruption.signal, interruption.to(e, cli)))
  rig.wait(function() return e:ended "interrupted" end, UNDO_SECONDS)
  check(e:ended "interrupted" ~= 0, "create-env was interrupted")
end

-- The signal came in time, and the CLI got what it had to get.
local function check_answer(e, interruption, moment)
  local answered = e:answered "interrupted":find(moment.method, 1, true) ~= nil
  if interruption.to_cpi then
    local told = e:log "interrupted":find("Bosh::Clouds::CloudError.*SIG" .. interruption.signal)
    check(answered and told, "the CPI says in a CloudError that it was interrupted")
  else
    check(not answered, "the CLI has no answer to %s", moment.method)
  end
end

local function wait_for_cpi(e)
  local started = rig.now()
  rig.wait(function() return e:cpis() == "" end, UNDO_SECONDS)
  print(("  the CPI has ended after %.1f s"):format(rig.now() - started))
end

-- From nothing, interrupted, to the end. Each stands for itself: one that fails does not keep the next from being tried.
local function stage(e, interruption, moment)
  e:afresh()
  interrupt(e, interruption, moment)
  check_answer(e, interruption, moment)
  if not interruption.at_once then
    wait_for_cpi(e)
    check(moment.left(e) == 0, "the CPI has undone %s (%d left)", moment.method, moment.left(e))
  end
  e:bosh("next", "create-env")
  wait_for_cpi(e)
  e:check_life(32)
  e:bosh("delete", "delete-env")
  e:check_nothing_left()
end

-- run(e, wanted): the interruptions at every moment, without a store and with one; with `wanted`, a pattern, those whose
-- names it fits. The environment has kept an installation.
return function(e, wanted)
  e:set { motto = "first", disk_size = 32768 }
  for _, moment in ipairs(MOMENTS) do
    e:start_cloud { latency = moment.latency }
    for _, interruption in ipairs(INTERRUPTIONS) do
      for _, path in ipairs { "", e.directory .. "/store/cpi.db" } do
        local what = ("%s in %s, %s a store"):format(interruption.name, moment.method, path == "" and "without" or "with")
        if (moment.much or interruption.everywhere) and what:find(wanted or "") then
          e:set { store_path = path }
          print("  " .. what)
          local ok, why = pcall(stage, e, interruption, moment)
          check(ok, "%s: it came to its end%s", what, ok and "" or ": " .. tostring(why))
        end
      end
    end
  end
end

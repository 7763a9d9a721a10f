-- What the bench asks of the machine: time, memory, and whether it is alone.

local native = require "host_native"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local machine = { cores = tonumber(io.popen("nproc"):read "l") }

machine.output_of = require("tests.support.shell").output_of

function machine.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return sorted[(#sorted + 1) // 2]
end

-- Seconds of wall clock and of CPU (user and system, of all children) that a piece of bash takes.
function machine.timed(text)
  local script = "TIMEFORMAT='%R %U %S'; { time { " .. text .. "; } 2>/dev/null; } 2>&1"
  local out = machine.output_of("bash -c " .. rig.quote(script)):gsub(",", ".")
  local wall, user, system = out:match "([%d.]+) ([%d.]+) ([%d.]+)%s*$"
  return tonumber(wall), tonumber(user) + tonumber(system)
end

-- CPU seconds of a process with one thread so far.
function machine.cpu_of(pid)
  return tonumber(text_file.read(("/proc/%d/schedstat"):format(pid)):match "^%d+") / 1e9
end

-- Peak resident memory of a command, in MB.
function machine.resident(command)
  local told = machine.output_of(("/usr/bin/time -f %%M sh -c 'exec %s' 2>&1 >/dev/null"):format(command))
  return tonumber(told:match "(%d+)%s*$") / 1024
end

-- The share of all cores that is at work while we do nothing.
function machine.busy()
  local function ticks()
    local all, n = {}, 0
    for field in text_file.read("/proc/stat"):match "^cpu +([^\n]+)":gmatch "%d+" do
      n = n + 1
      all[n] = tonumber(field)
    end
    local idle, sum = all[4] + all[5], 0
    for i = 1, 8 do sum = sum + all[i] end
    return sum - idle, sum
  end
  local busy, sum = ticks()
  native.clock.sleep(0.5)
  local busy_then, sum_then = ticks()
  return (busy_then - busy) / math.max(1, sum_then - sum)
end

return machine

-- Programs that are started without standard descriptors: no file and no connection of theirs takes such a place, so that no
-- line of the log goes into it.

local rig = require "rig"

local quote = rig.quote

local output_of = require("tests.support.shell").output_of

-- What the simulator was asked from there on, each command once: how often a job is looked at depends on the machine.
local function commands(cloud, since)
  local list, seen = {}, {}
  for i, one in ipairs(cloud:requests()) do
    if i > since and not seen[one.command] then list[#list + 1] = one.command end
    seen[one.command] = i > since
  end
  table.sort(list)
  return list
end

describe("closed standard descriptors", function()
  it("cost a command nothing but its output", function()
    local cloud <close> = rig.start { config = { log = { level = "debug" } } }
    local line = ("%s --config %s call create_disk 1024 %s"):format(quote(rig.program "cpi"), quote(cloud.config),
      quote '{"disk_offering":"shared.custom"}')
    os.execute(line .. " >/dev/null 2>&1 </dev/null")
    local wanted = commands(cloud, 0)
    assert.is_true(#wanted > 2)
    for _, words in ipairs { "<&- >/dev/null 2>/dev/null", "<&- >&- 2>/dev/null", "<&- >&- 2>&-",
      "</dev/null >&- 2>&-", "</dev/null >/dev/null 2>&-" } do
      local before = #cloud:requests()
      os.execute("sh -c " .. quote(("exec %s %s"):format(line, words)))
      assert.same(wanted, commands(cloud, before), words)
    end
  end)

  it("are plugged in a daemon", function()
    local place = output_of("mktemp -d"):match "%S+"
    local inner = ("echo $$ >%s/pid; exec %s sim --listen 127.0.0.1:0 <&- >%s/out 2>&-"):format(place,
      quote(rig.program "cpi-server"), place)
    os.execute(("sh -c %s &"):format(quote(inner)))
    rig.wait(function() return os.execute(("test -s %s/out"):format(place)) end, 20)
    local pid = output_of(("cat %s/pid"):format(place)):match "%d+"
    for _, fd in ipairs { 0, 2 } do
      assert.equal("/dev/null\n", output_of(("readlink /proc/%s/fd/%d"):format(pid, fd)))
    end
    rig.kill(tonumber(pid))
    os.execute("rm -rf " .. place)
  end)
end)

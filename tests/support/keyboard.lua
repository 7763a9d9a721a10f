-- A person at a terminal, as script(1) makes one.
--
--   keyboard.is_there()                       a chroot may have no terminals to give
--   keyboard.type(cloud, words, { { wait for, keys }... }) -> what the terminal showed, exit code
--
-- Keys are typed when the words that they wait for have come since the keys before. The end of the input is typed as well ("\4").

local rig = require "rig"
local text_file = require "tests.support.text_file"

local keyboard = {}

function keyboard.is_there()
  return os.execute "script -qec true /dev/null </dev/null >/dev/null 2>&1" == true
end

-- script's PID is that of the shell before it.
local LINE = "mkfifo %s.in && { { sh -c %s <%s.in; echo $? >%s.exit; } >/dev/null 2>&1 & }"

function keyboard.type(cloud, words, turns)
  cloud.runs = cloud.runs + 1
  local base = ("%s/typed%d"):format(cloud.directory, cloud.runs)
  local line = { rig.quote(rig.program "cpi"), "--config", rig.quote(cloud.config) }
  for _, word in ipairs(words) do line[#line + 1] = rig.quote(word) end
  local shell = ("echo $$ >%s.pid; NO_COLOR=1 TERM=xterm exec script -qefc %s %s.out"):format(base,
    rig.quote(table.concat(line, " ")), base)
  assert(os.execute(LINE:format(base, rig.quote(shell), base, base)))
  local keys <close> = assert(io.open(base .. ".in", "w"))
  keys:setvbuf "no"
  cloud.background[rig.wait(function() return tonumber(text_file.read_any(base .. ".pid"):match "^%d+\n") end, 20)] = true
  local at = 1
  local function screen() return text_file.read_any(base .. ".out") end
  local function wait_for(awaited)
    if not pcall(rig.wait, function()
      local _, last = screen():find(awaited, at, true)
      at = last and last + 1 or at
      return last
    end, 20) then error(("the terminal does not show %q:\n%s"):format(awaited, screen()), 3) end
  end
  for _, turn in ipairs(turns) do
    wait_for(turn[1])
    keys:write(turn[2])
  end
  local code = rig.wait(function() return tonumber(text_file.read_any(base .. ".exit"):match "^%d+\n") end, 20)
  return screen(), code
end

return keyboard

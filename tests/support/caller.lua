-- A caller of the CPI as BOSH is one: it reads the answer from a pipe, and may go away before it has it.
--
--   local caller = caller.start(cloud, request)
--   caller:leave()            it is gone, kill -9: nobody reads the answer any more
--   caller:signal "TERM"      the CPI gets a signal
--   caller:wait(seconds)      -> { exit, stderr, response } of the CPI

local rig = require "rig"
local text_file = require "tests.support.text_file"

local caller = {}
caller.__index = caller

local quote = rig.quote

local LINE = "{ { sh -c %s <%s 2>%s; echo $? >%s; } | sh -c %s >%s; echo >%s; } >/dev/null 2>&1 </dev/null &"

local function pid_in(path) return tonumber(text_file.read_any(path):match "^%d+\n") end

-- options: as rig:cpi has them, and words, those of a command in the place of a request
function caller.start(cloud, request, options)
  cloud.runs = cloud.runs + 1
  local base = ("%s/call%d"):format(cloud.directory, cloud.runs)
  text_file.write(base .. ".in", type(request) == "string" and request or rig.json.encode(request))
  -- What a shell starts in the background ignores SIGINT; no caller of the CPI's does that.
  local cpi = ("echo $$ >%s; exec env --default-signal=INT %s %s --config %s %s"):format(quote(base .. ".pid"),
    options and options.under or "", quote(rig.program "cpi"), quote(cloud.config), options and options.words or "")
  local reader = ("echo $$ >%s; exec cat"):format(quote(base .. ".reader"))
  os.execute(LINE:format(quote(cpi), quote(base .. ".in"), quote(base .. ".err"), quote(base .. ".exit"), quote(reader),
    quote(base .. ".out"), quote(base .. ".done")))
  local self = setmetatable({ base = base }, caller)
  self.pid = rig.wait(function() return pid_in(base .. ".pid") end, 20)
  self.reader = rig.wait(function() return pid_in(base .. ".reader") end, 20)
  cloud.background[self.pid] = true
  return self
end

function caller:leave() rig.kill(self.reader) end
function caller:signal(name) os.execute(("kill -%s %d"):format(name, self.pid)) end

function caller:has_ended() return text_file.read_any(self.base .. ".done") ~= "" end

function caller:wait(seconds)
  rig.wait(function() return self:has_ended() end, seconds)
  local text = text_file.read_any(self.base .. ".out")
  return { exit = pid_in(self.base .. ".exit"), stderr = text_file.read_any(self.base .. ".err"),
    response = rig.json.decode(text) }
end

return caller

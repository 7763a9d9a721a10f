-- Clients that are never done, as a process beside the test: tests/support/crowd.rb.

local rig = require "rig"

local crowd = {}
crowd.__index = crowd

-- start(port, { { count, head, bytes = 0, from = "127.0.0.1", addresses = 1 }, ... }, are_back) -> the crowd, each of whom has
-- sent HEAD and so many bytes of a body, and goes on by a byte every half second. are_back: whoever is closed comes again.
function crowd.start(port, groups, are_back)
  local words = { "tests/support/crowd.rb", port }
  for _, group in ipairs(groups) do
    for _, word in ipairs { group.count, group.from or "127.0.0.1", group.addresses or 1,
      group.head:gsub("\r\n", "\\r\\n"), group.bytes or 0 } do
      words[#words + 1] = rig.quote(word)
    end
  end
  local self = setmetatable({ out = os.tmpname(), pid_file = os.tmpname() }, crowd)
  local line = ("echo $$ >%s; AGAIN=%s exec ruby %s"):format(self.pid_file, are_back and "yes" or "no", table.concat(words, " "))
  os.execute(("sh -c %s >%s 2>&1 &"):format(rig.quote(line), self.out))
  rig.wait(function() return self:count "ready" == 1 end, 60)
  return self
end

function crowd:text()
  local file = assert(io.open(self.out))
  local text = file:read "a"
  file:close()
  return text
end

-- How often a line of that beginning was written: "status 401", "closed".
function crowd:count(line) return select(2, ("\n" .. self:text()):gsub("\n" .. line, "")) end

function crowd:stop()
  local file = assert(io.open(self.pid_file))
  rig.kill(file:read "n")
  file:close()
  os.remove(self.pid_file)
  os.remove(self.out)
end

crowd.__close = crowd.stop

return crowd

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

-- The head of a request whose body is to have so many bytes.
function crowd.head(method, path, bytes, more)
  return ("%s %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n"):format(method, path, more or "", bytes)
end

-- The head of a request that comes to no end.
function crowd.slow_head(path) return "GET " .. path .. " HTTP/1.1\r\nHost: a\r\nX-Slow: a" end

-- 1,000 slow clients, half of them from 127.0.0.1, and 150 unfinished PUTs of 4 MB, half of them with a right to it; whoever is
-- closed comes again.
function crowd.pressure(port, path, authorization)
  local bytes, slow = 4 * 1024 * 1024, crowd.slow_head(path)
  return crowd.start(port, {
    { count = 500, head = slow }, { count = 500, head = slow, from = "127.1.0.1", addresses = 10 },
    { count = 75, head = crowd.head("PUT", path, bytes), bytes = bytes - 1, from = "127.1.1.1", addresses = 3 },
    { count = 75, head = crowd.head("PUT", path, bytes, authorization), bytes = bytes - 1, from = "127.1.2.1", addresses = 3 },
  }, true)
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

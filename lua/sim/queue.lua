-- First in, first out.
local queue = {}
queue.__index = queue

function queue.new() return setmetatable({ first = 1, last = 0 }, queue) end

function queue:push(value)
  self.last = self.last + 1
  self[self.last] = value
end

function queue:pop()
  local value = self[self.first]
  self[self.first], self.first = nil, self.first + 1
  return value
end

function queue:size() return self.last - self.first + 1 end

return queue

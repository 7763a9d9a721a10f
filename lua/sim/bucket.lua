-- A set that gives its members in the order in which they were made, and knows the sums of some of their fields. Adding and
-- taking away cost the same however many there are.
local bucket = {}
bucket.__index = bucket

local FEW = 32 -- holes that nobody minds

-- new(fields): the fields to be summed
function bucket.new(fields)
  local sums = {}
  for _, name in ipairs(fields or {}) do sums[name] = 0 end
  return setmetatable({ list = {}, at = {}, size = 0, holes = 0, newest = 0, in_order = true, sums = sums }, bucket)
end

function bucket:add(object)
  local list = self.list
  if object.seq < self.newest then self.in_order = false else self.newest = object.seq end
  list[#list + 1] = object
  self.at[object], self.size = #list, self.size + 1
  for name, sum in pairs(self.sums) do self.sums[name] = sum + (object[name] or 0) end
end

-- Closes the holes, and puts the members into their order where they are not.
local function tidy(self)
  local list = {}
  for _, object in ipairs(self.list) do
    if object then list[#list + 1] = object end
  end
  if not self.in_order then table.sort(list, function(a, b) return a.seq < b.seq end) end
  self.list, self.holes, self.in_order = list, 0, true
  for i, object in ipairs(list) do self.at[object] = i end
end

function bucket:remove(object)
  local at = self.at[object]
  if not at then return end
  self.list[at], self.at[object] = false, nil
  self.size, self.holes = self.size - 1, self.holes + 1
  for name, sum in pairs(self.sums) do self.sums[name] = sum - (object[name] or 0) end
  if self.holes > FEW and self.holes > self.size then tidy(self) end
end

-- A summed field of a member is going to have another value.
function bucket:change(name, from, to)
  if self.sums[name] then self.sums[name] = self.sums[name] - (from or 0) + (to or 0) end
end

-- rows(fits) -> the members in order that a function says yes to; all without one
function bucket:rows(fits)
  if not self.in_order then tidy(self) end
  local out = {}
  for _, object in ipairs(self.list) do
    if object and (not fits or fits(object)) then out[#out + 1] = object end
  end
  return out
end

function bucket:first(fits)
  if not self.in_order then tidy(self) end
  for _, object in ipairs(self.list) do
    if object and (not fits or fits(object)) then return object end
  end
end

return bucket

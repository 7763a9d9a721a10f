-- What an operator reads: indented lines, in colour where there is a terminal and NO_COLOR does not forbid it. Values
-- are written as people write them; secrets are masked by the host, and what a terminal would act on is written as an
-- escape: names are given by others.

local tables = require "base.tables"

local paper = {}
paper.__index = paper

local codes = { bold = 1, red = 31, green = 32, yellow = 33, dim = 2 }

-- paper(host) -> a sheet to write on
local function new(host)
  local forbidden = host.environment "NO_COLOR"
  return setmetatable({ host = host, coloured = host.console.tty and (forbidden == nil or forbidden == ""), tinted = {} }, paper)
end

-- The text in a colour (bold, red, green, yellow, dim), where there are colours.
function paper:tint(colour, text)
  text = self.host.console.clean(text)
  if not self.coloured then return text end
  local tinted = ("\27[%dm%s\27[0m"):format(codes[colour], text)
  self.tinted[tinted] = true
  return tinted
end

-- A value for a line. A text that came out of tint stands as it is.
local function clean(self, value)
  if type(value) ~= "string" or self.tinted[value] then return value end
  return self.host.console.clean(value)
end

-- Writes text of our own as it stands, and a line break. What cannot be written ends the program: nobody would read the
-- rest.
function paper:text(text)
  local ok, why, is_unread = self.host.console.write(self.host.log.mask(text) .. "\n", self.coloured)
  if is_unread then error({ type = "unread", exit_code = 1 }, 0) end -- as `| head` does: no word of it
  if not ok then error(require("errors").cpi("%s", why)) end
end

-- Writes a line; the format is ours, and the values may be anybody's.
function paper:line(format, ...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = clean(self, values[i]) end
  self:text(values.n > 0 and format:format(table.unpack(values, 1, values.n)) or format or "")
end

-- ---------------------------------------------------------------------------------------------------------
-- values

local function is_plain(text)
  return text:find "^[%w_./][%w_./ :@,+-]*$" and not text:find " $" and not tonumber(text)
    and text ~= "true" and text ~= "false" and text ~= "null"
end

local function scalar(value, null)
  if value == null then return "null" end
  if type(value) == "string" then return is_plain(value) and value or ("%q"):format(value):gsub("\\\n", "\\n") end
  return tostring(value)
end

-- A table of scalars on one line: { a = 1, b = x }; nil when it has tables in it, or would be long.
local LONGEST = 140
local function short(value, null)
  local parts = {}
  for _, key in ipairs(tables.sorted_keys(value)) do
    local inner = value[key]
    if type(inner) == "table" then return nil end
    parts[#parts + 1] = (math.type(key) and "" or tostring(key) .. " = ") .. scalar(inner, null)
  end
  local line = table.concat(parts, ", ")
  if #line > LONGEST then return nil end
  return #parts == 0 and "none" or #value > 0 and line or "{ " .. line .. " }"
end

-- The lines of a value at an indent.
local function add(out, name, value, indent, null)
  local pad = (" "):rep(indent)
  if type(value) ~= "table" then
    out[#out + 1] = ("%s%s = %s"):format(pad, name, scalar(value, null))
    return
  end
  local line = short(value, null)
  if line then
    out[#out + 1] = ("%s%s = %s"):format(pad, name, line)
    return
  end
  out[#out + 1] = ("%s%s"):format(pad, name)
  for _, key in ipairs(tables.sorted_keys(value)) do
    add(out, math.type(key) and ("- %d"):format(key) or tostring(key), value[key], indent + 2, null)
  end
end

-- Writes a value under a name; a table's fields below it, by their names.
function paper:value(name, value, indent)
  local out = {}
  add(out, name, value, indent or 0, self.host.json.null)
  for _, line in ipairs(out) do self:line("%s", line) end
end

-- A value on one line with its fields in the order of their description; nil when it is too long for that.
local function inline(rows, value, null)
  local parts = {}
  for _, row in ipairs(rows) do
    local inner = value[row[1]]
    local text
    if type(inner) ~= "table" then
      text = inner ~= nil and scalar(inner, null) or nil
    elseif row.fields and row[2] ~= "object[]" then
      text = inline(row.fields, inner, null)
    else
      text = short(inner, null)
    end
    if text then parts[#parts + 1] = row[1] .. " = " .. text end
    if inner ~= nil and not text then return nil end
  end
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  return #line <= LONGEST and line or nil
end

-- Writes the fields of a value as described by rows (lua/decisions), in their order; what is not described is left out.
function paper:described(rows, value, indent)
  local null, pad = self.host.json.null, (" "):rep(indent)
  local function one(name, row, inner)
    local line = inline(row.fields, inner, null)
    if line then return self:line("%s%s = %s", pad, name, line) end
    self:line("%s%s", pad, name)
    self:described(row.fields, inner, indent + 2)
  end
  for _, row in ipairs(rows) do
    local inner = value[row[1]]
    if inner ~= nil and row.fields and row[2] == "object[]" then
      self:line("%s%s%s", pad, row[1], #inner == 0 and " = none" or "")
      for i, item in ipairs(inner) do one(("- %d"):format(i), row, item) end
    elseif inner ~= nil and row.fields then
      one(row[1], row, inner)
    elseif inner ~= nil then
      self:value(row[1], inner, indent)
    end
  end
end

-- Writes rows of a decision's candidates: their rank, or why they have none.
function paper:candidates(list, indent)
  for _, one in ipairs(list) do
    local mark = one.rank and self:tint("green", tostring(one.rank)) or "-"
    self:line("%s%s %-24s %s", (" "):rep(indent), mark, one.name, one.why or "chosen")
  end
end

-- Writes JSON, one line.
function paper:json(value)
  self:line("%s", self.host.json.encode(value))
end

-- The fields of a table, without a name of their own.
function paper:fields(value, indent)
  for _, key in ipairs(tables.sorted_keys(value)) do
    self:value(math.type(key) and ("- %d"):format(key) or tostring(key), value[key], indent)
  end
end

return new

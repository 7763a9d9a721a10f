-- stemcell.MF, the YAML of a stemcell's tarball: read, changed and written again. It is what a program writes, so this reads
-- block style alone: an entry is its line and the lines below that are indented or begin with a dash. What is not changed
-- stays as it is, byte by byte.
--
--   local mf = manifest.read(text)              raises CpiError for what is not a manifest
--   mf:text("name"), mf:list("stemcell_formats"), mf:map("cloud_properties")   nil where there is none
--   mf:set("name", value)                       a scalar, a list of them, or a table
--   mf:write() -> text

local errors = require "errors"
local tables = require "base.tables"

local manifest = {}
manifest.__index = manifest

local function refuse(format, ...) error(errors.cpi("stemcell.MF " .. format, ...)) end

local ESCAPES = { n = "\n", t = "\t", ["\\"] = "\\", ['"'] = '"', ["/"] = "/", ["0"] = "\0" }

-- A scalar's text: plain, 'single' or "double".
local function unquote(raw)
  local single = raw:match "^'(.*)'$"
  if single then return (single:gsub("''", "'")) end
  local double = raw:match '^"(.*)"$'
  if double then return (double:gsub("\\(.)", function(letter) return ESCAPES[letter] or "\\" .. letter end)) end
  return (raw:gsub("%s+#.*$", ""))
end

-- What YAML would take for something else than this text is quoted.
local function quote(value)
  if type(value) ~= "string" then return tostring(value) end
  local is_plain = value:find "^[%a][%w_./ -]*$" and not value:find " $"
    and not ({ ["true"] = 1, ["false"] = 1, null = 1, yes = 1, no = 1, on = 1, off = 1, y = 1, n = 1 })[value:lower()]
  return is_plain and value or ("'%s'"):format(value:gsub("'", "''"))
end

-- The entries of a block whose lines begin at an indent: { { key, first line's rest, more lines } ... }.
local function entries(lines, indent)
  local list = {}
  for _, line in ipairs(lines) do
    local key, rest = line:match("^" .. (" "):rep(indent) .. "([%w_]+):%s*(.-)%s*$")
    if key then
      list[#list + 1] = { key = key, rest = rest, line = line, more = {} }
    elseif #list > 0 then
      local more = list[#list].more
      more[#more + 1] = line
    elseif line:find "%S" and not line:find "^%s*#" and line ~= "---" then
      refuse("is not a list of entries: '%s'", line:sub(1, 60))
    end
  end
  return list
end

local function lines_of(text)
  local list = {}
  for line in (text:gsub("\r\n", "\n"):gsub("\n?$", "\n")):gmatch "(.-)\n" do list[#list + 1] = line end
  return list
end

function manifest.read(text)
  if text:find "%z" or not text:find "\n" then refuse "is not YAML" end
  if text:find "^%s*{" then refuse "is JSON or YAML's flow style; block style is expected" end
  local self = setmetatable({ entries = entries(lines_of(text), 0) }, manifest)
  if not self:text "name" or not self:text "version" then refuse "has no name or no version" end
  return self
end

local function find(self, key)
  for _, entry in ipairs(self.entries) do
    if entry.key == key then return entry end
  end
end

function manifest:text(key)
  local entry = find(self, key)
  if not entry or entry.rest == "" or entry.rest == "null" or entry.rest == "~" then return nil end
  return unquote(entry.rest)
end

-- Items on lines of their own, or [a, b].
function manifest:list(key)
  local entry, list = find(self, key), {}
  if not entry then return nil end
  for item in (entry.rest:match "^%[(.*)%]$" or ""):gmatch "[^,]+" do list[#list + 1] = unquote(item:match "^%s*(.-)%s*$") end
  for _, line in ipairs(entry.more) do
    local item = line:match "^%s*%- +(.-)%s*$"
    if item then list[#list + 1] = unquote(item) end
  end
  return list
end

-- Texts by their keys; true, false and whole numbers are what they are. What is nested deeper is left out.
function manifest:map(key)
  local entry = find(self, key)
  if not entry then return nil end
  local map = {}
  local indent = entry.more[1] and #entry.more[1]:match "^ *" or 2
  for _, one in ipairs(indent > 0 and entries(entry.more, indent) or {}) do
    if one.rest ~= "" then map[one.key] = unquote(one.rest) end
    if one.rest == "true" or one.rest == "false" then map[one.key] = one.rest == "true" end
    if one.rest:find "^%d+$" then map[one.key] = math.tointeger(tonumber(one.rest)) end
  end
  return map
end

-- The lines of an entry with a new value.
local function lines_for(key, value, indent)
  if type(value) ~= "table" then return { ("%s%s: %s"):format(indent, key, quote(value)) } end
  local lines = { indent .. key .. ":" }
  for _, item in ipairs(value) do lines[#lines + 1] = indent .. "- " .. quote(item) end
  for _, name in ipairs(#value == 0 and tables.sorted_keys(value) or {}) do
    for _, line in ipairs(lines_for(name, value[name], indent .. "  ")) do lines[#lines + 1] = line end
  end
  return lines
end

function manifest:set(key, value)
  local lines = lines_for(key, value, "")
  local rest, more = type(value) ~= "table" and quote(value) or "", table.move(lines, 2, #lines, 1, {})
  local entry = { key = key, line = lines[1], rest = rest, more = more }
  for i, one in ipairs(self.entries) do
    if one.key == key then
      self.entries[i] = entry
      return
    end
  end
  self.entries[#self.entries + 1] = entry
end

function manifest:write()
  local out = { "---" }
  for _, entry in ipairs(self.entries) do
    out[#out + 1] = entry.line
    table.move(entry.more, 1, #entry.more, #out + 1, out)
  end
  return table.concat(out, "\n") .. "\n"
end

return manifest

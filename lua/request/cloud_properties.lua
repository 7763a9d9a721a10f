-- Reading the cloud_properties of a manifest: strict, and with keys in any case as the Go CPI takes them.

local errors = require "errors"
local spelling = require "base.spelling"
local tables = require "base.tables"

local function is_whole(value) return math.type(value) ~= nil and math.tointeger(value) ~= nil end

local kinds = {
  text = { "a string that is not empty", function(v) return type(v) == "string" and v ~= "" end },
  boolean = { "true or false", function(v) return type(v) == "boolean" end },
  count = { "a whole number above 0", function(v) return is_whole(v) and v > 0 end },
  port = { "a port number from 1 to 65535", function(v) return is_whole(v) and v > 0 and v < 65536 end },
  megabytes = { "a whole number of megabytes, 0 or more", function(v) return is_whole(v) and v >= 0 end },
  list = { "a list", function(v) return type(v) == "table" and (#v > 0 or next(v) == nil) end },
  names = { "a string or a list of strings", function(v)
    if type(v) == "string" then return v ~= "" end
    if type(v) ~= "table" or #v == 0 and next(v) ~= nil then return false end
    for _, one in ipairs(v) do
      if type(one) ~= "string" or one == "" then return false end
    end
    return true
  end },
  object = { "an object", function(v) return type(v) == "table" and #v == 0 end },
  url = { "an http or https URL", function(v) return type(v) == "string" and v:find "^https?://[^/%s]+/%S+$" ~= nil end },
  texts = { "an object of texts and numbers", function(v)
    if type(v) ~= "table" or #v > 0 then return false end
    for _, one in pairs(v) do
      if type(one) ~= "string" and not math.type(one) then return false end
    end
    return true
  end },
  any = { "anything", function() return true end },
}

local MOST_PROBLEMS = 20 -- listed in one message

-- The value of one known key, or nil and what is wrong with it. Whole numbers become integers, names a list.
local function checked(kind, value)
  local words, fits = table.unpack(kinds[kind])
  if not fits(value) then return nil, words end
  if kind == "names" then return type(value) == "table" and value or { value } end
  return math.type(value) and math.tointeger(value) or value
end

-- read(given, known, what, null) -> { key in lower case = value }
--   given  the decoded object, or nil / null for none
--   known  { name = kind }, kinds as above
--   what   whose properties these are, for messages: "cloud_properties of the VM"
-- Raises one CloudError that lists every problem, up to a number that people read. A null or an empty string counts as not given.
return function(given, known, what, null)
  if given == nil or given == null then return {} end
  if type(given) ~= "table" or #given > 0 then
    error(errors.cloud("%s must be an object, not %s", what, type(given) == "table" and "a list" or type(given)))
  end
  local names, values, problems = tables.sorted_keys(known), {}, {}
  for _, key in ipairs(tables.sorted_keys(given)) do
    local value, name = given[key], key:lower()
    if #problems == MOST_PROBLEMS then
      problems[#problems + 1] = "and more"
      break
    elseif not known[name] then
      problems[#problems + 1] = ("'%s' is not known%s"):format(key, spelling.suggestion(key, names))
    elseif value ~= null and value ~= "" then
      local good, words = checked(known[name], value)
      if good == nil then
        problems[#problems + 1] = ("'%s' must be %s"):format(key, words)
      end
      values[name] = good
    end
  end
  if #problems > 0 then error(errors.cloud("%s: %s", what, table.concat(problems, "; "))) end
  return values
end

-- What editors are told of the cpi is what a verb gets.

local native = require "host_native"
local parts = require "setup.parts"
local text_file = require "text_file"

-- The names of the fields between two lines of lua/meta/cpi_table.lua.
local function annotated(from, to)
  local text = text_file.read "lua/meta/cpi_table.lua"
  local first = assert(text:find(from, 1, true), from)
  local names = {}
  for name in text:sub(first, to and text:find(to, first, true)):gmatch "%-%-%-@field ([%w_]+)%??" do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function sorted_names(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

describe("lua/meta/cpi_table.lua", function()
  it("has the fields that a cpi begins with", function()
    local host = setmetatable({ version = "1.2.3", http = {}, images = {} }, { __index = native })
    local cpi = require("cpi").parts(host, { context = {}, api_version = 2 })
    local found = {}
    for name in next, cpi do found[name] = true end
    assert.same(sorted_names(found), annotated("from the beginning", "made when first asked for"))
  end)

  it("has the parts that are made when they are first asked for", function()
    assert.same(sorted_names(parts.of(native, { context = {}, method = "info" })), annotated("made when first asked for"))
  end)
end)

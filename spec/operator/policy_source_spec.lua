local policy_source = require "operator.policy_source"
local names = policy_source.names

local function told(text)
  local list = {}
  for i, one in ipairs(names(text)) do list[i] = one.name .. ":" .. one.line end
  return table.concat(list, " ")
end

describe("names that a policy has not", function()
  for text, wanted in pairs {
    ["local t = os.time()"] = "os:1",
    ["\n\nprint 'x'\nrequire('y')"] = "print:3 require:4",
    ["return facts.os, facts:load(), { io = 1 }"] = "",
    ["local function load() end load()"] = "",
    ["local load = 1 return load"] = "",
    ["-- os.time\n--[[ io\n]] --[==[ pcall ]] ]==] return debug"] = "debug:3",
    ["local s = 'os \\' io' .. \"print\" .. [[ pcall\n]] return setmetatable"] = "setmetatable:2",
    ["string.format('%s', x)"] = "",
    ["return pairs, next, ipairs, type, select, error, assert, tostring"] = "",
    ["x = 'unfinished\nos()"] = "os:2",
    ["--[[ never ends os"] = "",
    ["a == os"] = "os:1",
  } do
    it("are told for " .. text:gsub("\n", " / "), function() assert.equal(wanted, told(text)) end)
  end
end)

describe("the facts that a policy's text reads", function()
  local function read(text)
    local list = {}
    for i, one in ipairs(policy_source.facts(text)) do list[i] = ("%d %s"):format(one.line, one.name) end
    return list
  end

  it("are found with their lines, outside of strings and comments", function()
    assert.same({ "1 a", "2 b", "4 d" }, read 'local x = facts.a\nreturn facts . b -- facts.c\n, "facts.c", [[facts.c]]\n, facts.d == 1')
  end)

  it("are not those that it sets, nor fields of something else", function()
    assert.same({ "1 own2" }, read "facts.own = facts.own2 x = facts.own y.facts.z = 1 other_facts.q = facts")
  end)
end)

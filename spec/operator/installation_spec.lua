local installation = require "operator.installation"
local native = require "host_native"
local operator = require "tests.support.operator"

-- (as `cpi verify` prints it: spec/commands/verify_spec.lua)

-- The findings of one subject, as "level: text" lines.
local function told(host, settings, subject)
  local lines = {}
  for _, one in ipairs(installation.inspect(host, settings)) do
    if one.subject == subject then lines[#lines + 1] = one.level .. ": " .. one.text end
  end
  return lines
end

-- A tree of these files besides our policies, with a list of the files in `listed`.
local function tree(files, listed)
  local directory = operator.directory(files)
  os.execute(("mkdir %s/policies && cp lua/policies/*.lua %s/policies"):format(directory, directory))
  local lines = {}
  for path, text in pairs(listed or {}) do lines[#lines + 1] = ("%s  ./%s\n"):format(native.bytes.sha256(text), path) end
  for _, name in ipairs(require "decisions") do
    lines[#lines + 1] = ("%s  ./policies/%s.lua\n"):format(native.bytes.sha256(native.files.read("lua/policies/" .. name .. ".lua")), name)
  end
  if listed then operator.write(directory .. "/" .. installation.LIST, table.concat(lines)) end
  return operator.host { lua_dir = directory }
end

describe("an installation", function()
  it("names five files that are not as they were, and counts the others", function()
    local files, listed = {}, {}
    for i = 1, 7 do files["errors" .. i .. ".lua"], listed["errors" .. i .. ".lua"] = "return 1", "return 2" end
    local lines = told(tree(files, listed), nil, "scripts")
    assert.equal("problem: not as they were installed: errors1.lua, errors2.lua, errors3.lua, errors4.lua, errors5.lua and 2 more",
      lines[1])
  end)

  it("names five of five", function()
    local listed = {}
    for i = 1, 5 do listed["gone" .. i .. ".lua"] = "x" end
    assert.equal("problem: missing: gone1.lua, gone2.lua, gone3.lua, gone4.lua, gone5.lua", told(tree({}, listed), nil, "scripts")[1])
  end)

  it("is whole where only something is left over, which is no problem", function()
    local lines = told(tree({ ["errors.lua"] = "return 1" }, {}), nil, "scripts")
    assert.equal("remark: not of this installation: errors.lua", lines[1])
    assert.equal(("good: %d as they were installed"):format(#require "decisions" + 1), lines[2])
  end)

  it("loads every script but those for editors and policies", function()
    local host = tree { ["errors.lua"] = "return 1" }
    os.execute(("mkdir %s/meta"):format(host.lua_dir))
    operator.write(host.lua_dir .. "/meta/cpi.lua", "nonsense")
    local lines = told(host, nil, "scripts")
    assert.equal("good: all of them load", lines[#lines])
    operator.write(host.lua_dir .. "/nowhere_else.lua", "return {")
    lines = told(host, nil, "scripts")
    assert.truthy(lines[#lines]:find("^problem: nowhere_else%.lua does not load: "), lines[#lines])
    assert.is_nil(lines[#lines]:find("\n", 1, true))
  end)

  it("whose scripts cannot be listed is an error", function()
    local failure = require("tests.support.fake").failure(installation.inspect, operator.host { lua_dir = "/nowhere" })
    assert.equal("/nowhere: No such file or directory", failure.message)
  end)

  it("without a configuration has neither a site's policies nor a store, and says so", function()
    local host = tree {}
    assert.equal(1, #told(host, nil, "config"))
    assert.same({}, told(host, nil, "store"))
    assert.equal(("good: %d decisions, all with a policy that loads"):format(#require "decisions"), told(host, nil, "policies")[1])
  end)

  it("says of a policy that does not load that it does not, and no good word of the others", function()
    local host = tree {}
    operator.write(host.lua_dir .. "/policies/retry.lua", "return {")
    local lines = told(host, nil, "policies")
    assert.equal(1, #lines)
    assert.matches("^problem: .*retry.lua", lines[1])
  end)

  it("with one has its store and its policies looked at", function()
    local host = tree {}
    local settings = { policies = { directory = "" }, store = { path = "" } }
    assert.same({ "remark: none is configured" }, told(host, settings, "store"))
    assert.same({}, told(host, settings, "config"))
    settings.policies.directory = operator.directory { ["retri.lua"] = "" }
    assert.truthy(told(host, settings, "policies")[2]:find("problem: .*retri%.lua: .*no decision is called 'retri'"))
  end)
end)

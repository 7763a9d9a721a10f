local inspect = require "operator.installation"
local native = require "host_native"
local operator = require "tests.support.operator"

local function holds(out, ...)
  for _, words in ipairs { ... } do assert.truthy(out:find(words, 1, true), words .. "\n" .. out) end
end

-- A tree of a few scripts and all policies, with its list, and what lies beside the scripts.
local function tree()
  local place = operator.directory()
  local directory = place .. "/lua"
  os.execute(("mkdir %s && cp -r stemcell %s"):format(directory, place))
  for name, text in pairs { ["a.lua"] = "return 1", ["b.lua"] = "return 2" } do operator.write(directory .. "/" .. name, text) end
  os.execute(("mkdir %s/policies %s/meta && cp lua/policies/*.lua %s/policies/"):format(directory, directory, directory))
  os.execute(("cd %s && find . -name '*.lua' | xargs sha256sum >%s"):format(directory, inspect.LIST))
  return directory
end

local function verify(directory, more)
  local host = { lua_dir = directory, read_only = function() end }
  for key, value in pairs(more or {}) do host[key] = value end
  return operator.run("verify", more and more.arguments or {}, host)
end

local function configured(settings)
  return { config = { path = "/etc/cpi.json", is_named = true, has_secret = function() return true end,
    context = function() return {} end, read = function()
    local config = { cloudstack = { endpoint = "http://x/", api_key = "key" } }
    for key, value in pairs(settings) do config[key] = value end
    return config
  end }, cloudstack = { open = function() end } }
end

-- The scripts of a made-up tree are found where Lua looks for them.
local function loadable(directory, f)
  local path = package.path
  package.path = directory .. "/?.lua;" .. path
  package.loaded.a, package.loaded.b = nil, nil
  f()
  package.path = path
end

describe("verify", function()
  it("is content with a whole tree, and remarks that it has no configuration", function()
    local directory = tree()
    loadable(directory, function()
      local code, out = verify(directory)
      assert.equal(0, code)
      holds(out, "ok       scripts      " .. 2 + #require "decisions" .. " as they were installed", "all of them load",
        "all with a policy that loads", "no configuration is named", "the metadata finder is there")
    end)
  end)

  it("finds out that what cpi stemcell convert needs is missing", function()
    local directory = tree()
    os.execute(("rm -r %s/../stemcell"):format(directory))
    loadable(directory, function()
      local code, out = verify(directory)
      assert.equal(1, code)
      holds(out, "the metadata finder is missing", "only `cpi stemcell convert` needs it")
    end)
  end)

  it("finds what is missing, changed, left over, and what does not load", function()
    local directory = tree()
    os.remove(directory .. "/a.lua")
    operator.write(directory .. "/b.lua", "return {")
    operator.write(directory .. "/c.lua", "return 3")
    loadable(directory, function()
      local code, out = verify(directory)
      assert.equal(1, code)
      holds(out, "missing: a.lua", "not as they were installed: b.lua", "not of this installation: c.lua",
        "b.lua does not load: ", "install again")
    end)
  end)

  it("finds a policy of ours that is gone", function()
    local directory = tree()
    os.remove(directory .. "/policies/expunge.lua")
    loadable(directory, function()
      local code, out = verify(directory)
      assert.equal(1, code)
      holds(out, "missing: policies/expunge.lua", "policies/expunge.lua: No such file")
    end)
  end)

  it("says of a source tree that nothing can be compared", function()
    local code, out = verify "lua"
    assert.equal(0, code)
    holds(out, "and no list (files.sha256) to hold them against", "all of them load")
  end)

  it("looks at the site's policies and the store", function()
    local site, store = operator.directory { ["names.lua"] = "return {", ["retri.lua"] = "" }, operator.directory()
    local code, out = verify("lua", configured { policies = { directory = site }, store = { path = store .. "/store.db" } })
    assert.equal(1, code)
    holds(out, "names.lua:1:", "retri.lua: no decision is called 'retri'", "store.db will be made by the first request")
    operator.write(store .. "/store.db", ("no database "):rep(100))
    code, out = verify("lua", configured { store = { path = store .. "/store.db" } })
    assert.equal(1, code)
    holds(out, "not a database", "put it aside, with its -wal and -shm")
    code, out = verify("lua", configured { store = { path = "/nowhere/store.db" } })
    assert.equal(1, code)
    holds(out, "there is no directory for /nowhere/store.db")
  end)

  it("says the same as JSON", function()
    local code, out = verify("lua", { arguments = { "--output", "json" } })
    assert.equal(0, code)
    assert.equal(0, native.json.decode(out).problems)
  end)
end)

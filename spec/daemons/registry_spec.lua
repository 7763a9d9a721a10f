local native = require "host_native"
local registry = require "daemons.registry"
local registry_access = require "registry_access"

local json, bytes = native.json, native.bytes
local MASTER = { "admin", "registry-password" }

local function basic(user, password) return "Basic " .. bytes.base64(user .. ":" .. password) end

-- The daemon's Lua side over a store that is a table; more is laid over its configuration.
local function started(more, rows)
  local lines = {}
  local log = { context = function() end, level = function() end, secret = function() end }
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    log[level] = function(format, ...) lines[#lines + 1] = level .. " " .. format:format(...) end
  end
  rows = rows or {}
  local config = { store = { path = "/store" }, registry = { username = MASTER[1], password = MASTER[2], port = 25777 } }
  for key, value in pairs(more or {}) do config[key] = value end
  local model = registry.new { host = {
    json = json, bytes = bytes, log = log, config = { read = function() return config end },
    store = {
      open = function(path) if path == "/store" then return true end return nil, "store " .. path .. ": no" end,
      get = function(_, key) if rows.broken then return nil, "the disk is gone" end return rows[key] end,
      put = function(_, key, text) rows[key] = text return true end,
      delete = function(_, key) rows[key] = nil return true end,
    },
  } }
  return model, rows, lines
end

local function ask(model, method, path, authorization, body)
  local reply = model.http { method = method, path = path, query = "", body = body or "", client = "10.0.0.9",
    headers = { authorization = authorization } }
  return reply.status, json.decode(reply.body), reply
end

local PATH = "/instances/cpivm-1/settings"
local TEXT = '{"agent_id":"a", "disks": {} }'

describe("the registry", function()
  local own = registry_access.password_of(bytes, MASTER[2], "cpivm-1")

  it("keeps settings byte for byte, by the API that agents know", function()
    local model, rows = started()
    local master = basic(MASTER[1], MASTER[2])
    local status, content = ask(model, "GET", PATH, master)
    assert.equal(404, status)
    assert.same({ status = "not_found" }, content)
    assert.equal(201, (ask(model, "PUT", PATH, master, TEXT)))
    assert.equal(200, (ask(model, "PUT", PATH, master, TEXT)))
    local reply
    status, content, reply = ask(model, "GET", PATH, master)
    assert.equal(200, status)
    assert.same({ status = "ok", settings = TEXT }, content)
    assert.equal("no-store", reply.headers["Cache-Control"])
    assert.equal(TEXT, rows["cpivm-1"])
    for _ = 1, 2 do assert.equal(200, (ask(model, "DELETE", PATH, master))) end
    assert.is_nil(rows["cpivm-1"])
  end)

  it("lets an instance read its own settings and do nothing else", function()
    local model, rows = started(nil, { ["cpivm-1"] = TEXT, ["cpivm-2"] = "{}" })
    assert.equal(200, (ask(model, "GET", PATH, basic("cpivm-1", own))))
    assert.equal(401, (ask(model, "GET", "/instances/cpivm-2/settings", basic("cpivm-1", own))))
    assert.equal(401, (ask(model, "GET", "/instances/cpivm-2/settings", basic("cpivm-2", own))))
    assert.equal(401, (ask(model, "PUT", PATH, basic("cpivm-1", own), "{}")))
    assert.equal(401, (ask(model, "DELETE", PATH, basic("cpivm-1", own))))
    assert.same({ ["cpivm-1"] = TEXT, ["cpivm-2"] = "{}" }, rows)
  end)

  it("gives each instance another password, which tells nothing of the registry's", function()
    assert.truthy(own:find "^%x+$")
    assert.equal(40, #own)
    assert.not_equal(own, registry_access.password_of(bytes, MASTER[2], "cpivm-2"))
    assert.not_equal(own, registry_access.password_of(bytes, "other", "cpivm-1"))
  end)

  it("denies everything else, and says so without what was sent", function()
    for _, authorization in ipairs {
      basic(MASTER[1], "wrong-password"), basic("root", MASTER[2]), basic("", ""), "Basic", "Basic ****", "Bearer abc",
      "Basic " .. bytes.base64 "admin", basic(MASTER[1], MASTER[2] .. "x"), basic("cpivm-1", ""),
    } do
      local model, _, lines = started(nil, { ["cpivm-1"] = TEXT })
      local status, content, reply = ask(model, "GET", PATH, authorization)
      assert.equal(401, status, authorization)
      assert.same({ status = "access_denied" }, content)
      assert.equal('Basic realm="Bosh Registry"', reply.headers["WWW-Authenticate"])
      assert.same({ "warn GET of settings of 'cpivm-1' denied to 10.0.0.9" }, lines)
    end
    assert.equal(401, (ask(started(nil, { ["cpivm-1"] = TEXT }), "GET", PATH)))
  end)

  it("refuses settings that are no JSON object", function()
    local model, rows, lines = started()
    for _, body in ipairs { "", "{", "[]", "null", "7", '"secret text"', '{"a":"\xff"}', "{} x" } do
      assert.equal(400, (ask(model, "PUT", PATH, basic(MASTER[1], MASTER[2]), body)), body)
    end
    assert.same({}, rows)
    assert.is_nil(table.concat(lines):find("secret text", 1, true))
  end)

  it("knows no other path and no other method", function()
    local model = started()
    local master = basic(MASTER[1], MASTER[2])
    for _, path in ipairs { "/", "/instances", "/instances//settings", "/instances/a/b/settings", "/instances/a/settings/",
      "/instances/a b/settings", "/instances/a'; DROP/settings", "/instances/" .. ("a"):rep(256) .. "/settings" } do
      assert.equal(404, (ask(model, "GET", path, master)), path)
    end
    local status, _, reply = ask(model, "POST", PATH, master, "{}")
    assert.equal(405, status)
    assert.equal("GET, PUT, DELETE", reply.headers.Allow)
  end)

  it("keeps the reason of a broken store for the log", function()
    local model, _, lines = started(nil, { broken = true })
    local status, content = ask(model, "GET", PATH, basic(MASTER[1], MASTER[2]))
    assert.equal(500, status)
    assert.same({ status = "error" }, content)
    assert.same({ "error GET of settings of 'cpivm-1': the disk is gone" }, lines)
  end)

  for what, case in pairs {
    ["without a password"] = { { registry = { username = "admin" } }, "the registry needs registry.password" },
    ["without anything"] = { { registry = {}, store = {} },
      "the registry needs registry.username and registry.password and store.path" },
    ["with a certificate and no key"] = {
      { registry = { username = "a", password = "b", tls = { certificate = "PEM" } } }, "belong together" },
    ["with a store that cannot be opened"] = { { store = { path = "/other" } }, "store /other: no" },
    ["with an unknown property"] = { { registry = { usernam = "a" } }, "did you mean 'username'" },
  } do
    it("does not start " .. what, function()
      local ok, why = pcall(started, case[1])
      assert.is_false(ok)
      assert.truthy(tostring(why):find(case[2], 1, true), tostring(why))
    end)
  end
end)

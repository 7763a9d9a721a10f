local native = require "host_native"
local registry = require "daemons.registry"
local registry_access = require "registry.access"

local json, bytes = native.json, native.bytes
local MASTER = { "admin", "registry-password" }

local function basic(user, password) return "Basic " .. bytes.base64(user .. ":" .. password) end

-- The daemon's Lua side over a store that is a table; more is laid over its configuration.
local function started(more, rows)
  local lines = {}
  local log = { context = function() end, level = function() end, format = function() end, secret = function() end }
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    log[level] = function(format, ...) lines[#lines + 1] = level .. " " .. format:format(...) end
  end
  rows = rows or {}
  local now = { 1000 }
  local function trouble(key)
    if rows.broken then return "the disk is gone", false end
    if rows.locked and key then return "another process keeps it locked", true end
  end
  local config = { store = { path = "/store" }, registry = { username = MASTER[1], password = MASTER[2], port = 25777 } }
  for key, value in pairs(more or {}) do config[key] = value end
  local model = registry.new { host = {
    json = json, bytes = bytes, log = log, clock = { now = function() return now[1] end },
    config = { read = function() return config end },
    store = {
      open = function(path) if path == "/store" then return true end return nil, "store " .. path .. ": no" end,
      patience = function(seconds) rows.patience = seconds end,
      get = function(_, key) if rows.broken then return nil, trouble(key) end return rows[key] end,
      put = function(_, key, text)
        if trouble(key) then return nil, trouble(key) end
        rows[key] = text
        return true
      end,
      delete = function(_, key)
        if trouble(key) then return nil, trouble(key) end
        rows[key] = nil
        return true
      end,
    },
  } }
  rows.patience = nil
  return model, rows, lines, now
end

local function ask(model, method, path, authorization, body)
  local request = { method = method, path = path, query = "", body = body or "", client = "10.0.0.9", waited = 0,
    headers = { authorization = authorization } }
  local reply = model.admit(request) or model.http(request)
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

  it("still opens its settings to an instance that was made before the derivation was slow", function()
    local model = started(nil, { ["cpivm-1"] = TEXT, ["cpivm-2"] = "{}" })
    local former = bytes.hmac_sha1(MASTER[2], "registry settings of cpivm-1"):gsub(".", function(byte)
      return ("%02x"):format(byte:byte())
    end)
    assert.equal(200, (ask(model, "GET", PATH, basic("cpivm-1", former))))
    assert.equal(401, (ask(model, "GET", "/instances/cpivm-2/settings", basic("cpivm-1", former))))
    assert.equal(401, (ask(model, "DELETE", PATH, basic("cpivm-1", former))))
  end)

  it("warns of a password that is short enough to be guessed", function()
    for password, count in pairs { [("p"):rep(15)] = 1, [("p"):rep(16)] = 0 } do
      local _, _, lines = started { registry = { username = "admin", password = password } }
      assert.equal(count, #lines)
      assert.is_nil(table.concat(lines):find(password, 1, true))
    end
  end)

  it("gives each instance another password, which tells nothing of the registry's", function()
    assert.truthy(own:find "^%x+$")
    assert.equal(40, #own)
    assert.not_equal(own, registry_access.password_of(bytes, MASTER[2], "cpivm-2"))
    -- What VMs have in their user data. By PBKDF2 of 600000 rounds, and by one HMAC of the password before.
    assert.equal("1ae8bd4d27c282db5647f323f411a3f819a0ba7c", own)
    assert.equal("f75a2f70bd7eeea10a3800dd3a86ae90896b34f7", registry_access.former_password_of(bytes, MASTER[2], "cpivm-1"))
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

  it("decides by the head of a request alone", function()
    local model = started(nil, { ["cpivm-1"] = TEXT })
    local function status_of(method, path, authorization)
      local reply = model.admit { method = method, path = path, query = "", body = "", client = "10.0.0.9", waited = 0,
        headers = { authorization = authorization } }
      return reply and reply.status
    end
    local master = basic(MASTER[1], MASTER[2])
    assert.equal(404, status_of("PUT", "/instances", master))
    assert.equal(405, status_of("POST", PATH, master))
    assert.equal(401, status_of("PUT", PATH))
    assert.is_nil(status_of("PUT", PATH, master))
  end)

  it("writes of a flood of denials the first, and then their number", function()
    local model, _, lines, now = started()
    for i = 1, 1000 do ask(model, "GET", "/instances/cpivm-" .. i .. "/settings", basic("root", "wrong-password")) end
    assert.same({ "warn GET of settings of 'cpivm-1' denied to 10.0.0.9" }, lines)
    assert.equal(60, model.next_due())
    now[1] = now[1] + 60
    assert.equal(0, model.next_due())
    model.tick()
    assert.equal("warn 999 more denied in 60 s, the last: GET of settings of 'cpivm-1000' denied to 10.0.0.9", lines[2])
    assert.is_nil(model.next_due())
    for _ = 1, 10 do ask(model, "GET", PATH) end
    assert.equal(2, #lines)
    now[1] = now[1] + 60
    model.tick()
    assert.equal(3, #lines)
    now[1] = now[1] + 600
    ask(model, "GET", PATH)
    assert.equal(4, #lines)
  end)

  it("lets a request wait aside while another process has the store locked, and not for ever", function()
    local model, rows, lines = started(nil, { locked = true })
    local function put(waited)
      return model.http { method = "PUT", path = PATH, query = "", body = "{}", client = "10.0.0.9", waited = waited, headers = {} }
    end
    assert.is_true(put(0).again > 0 and put(0).again < 1)
    assert.is_true(put(4.9).again > 0)
    local reply = put(5)
    assert.equal(503, reply.status)
    assert.truthy(reply.headers["Retry-After"]:find "^%d+$")
    assert.same({ "error PUT of settings of 'cpivm-1': another process has kept the store locked for 5 s" }, lines)
    rows.locked = nil
    assert.equal(201, put(0.1).status)
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

-- Requests as they come over HTTP: who sent them, what is looked at first, and the routes beside the API.
local host = require "host_native"
local signature = require "sim.signature"
local dates = require "sim.dates"
local moment = require "base.moment"
local new_sim = require("sim").new
local cloud = require "spec.sim.cloud"

local UNVERIFIED = "unable to verify user credentials and/or request signature"

local function escape(text)
  return (text:gsub("[^%w%-%._]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

local function encoded(pairs_)
  local parts = {}
  for i, pair in ipairs(pairs_) do parts[i] = escape(pair[1]) .. "=" .. escape(pair[2]) end
  return table.concat(parts, "&")
end

describe("a request over HTTP", function()
  local sim, user, admin

  before_each(function()
    sim = new_sim { host = host }
    admin, user = sim.accounts[1], sim.accounts[2]
  end)

  local function signed(account, pairs_)
    local all = { { "apikey", account.apikey }, { "response", "json" } }
    for _, pair in ipairs(pairs_) do all[#all + 1] = pair end
    all[#all + 1] = { "signature", signature.of(host.bytes, all, account.secretkey) }
    return all
  end

  local function post(pairs_)
    return sim.http { method = "POST", path = "/client/api", body = encoded(pairs_), headers = {},
      client = "127.0.0.1" }
  end

  local function answer(pairs_)
    local reply = post(pairs_)
    local key, payload = next(host.json.decode(reply.body))
    return payload, key, reply
  end

  local function refused(pairs_)
    local payload, key, reply = answer(pairs_)
    return ("%s %d %s"):format(key, reply.status, payload.errortext), payload
  end

  it("is answered when it is signed, by GET and by POST", function()
    local pairs_ = signed(user, { { "command", "listZones" } })
    assert.equal(1, answer(pairs_).count)
    local reply = sim.http { method = "GET", path = "/client/api", query = encoded(pairs_), client = "127.0.0.1" }
    assert.equal(200, reply.status)
    assert.equal("application/json;charset=utf-8", reply.type)
  end)

  it("merges the query and the form", function()
    local pairs_ = signed(user, { { "command", "listZones" } })
    local reply = sim.http { method = "POST", path = "/client/api", query = "apikey=" .. user.apikey,
      body = encoded { table.unpack(pairs_, 2) } }
    assert.equal(200, reply.status)
  end)

  it("is refused without a true signature, always in the same words", function()
    local text = "listzonesresponse 401 " .. UNVERIFIED
    local command = { "command", "listZones" }
    assert.equal(text, (refused { command, { "response", "json" } }))
    assert.equal(text, (refused { command, { "apikey", "nobody" }, { "signature", "x" }, { "response", "json" } }))
    assert.equal(text, (refused { command, { "apikey", user.apikey }, { "signature", "x" }, { "response", "json" } }))
    local pairs_ = signed(user, { command })
    pairs_[#pairs_ + 1] = { "available", "true" }
    assert.equal(text, (refused(pairs_)))
    local _, payload = refused(pairs_)
    assert.is_nil(payload.cserrorcode)
    assert.same({}, payload.uuidList)
  end)

  it("of an account that is disabled is refused", function()
    sim = new_sim { host = host, world = { accounts = { { name = "bosh", disabled = true } } } }
    user = sim.accounts[2]
    assert.matches("401", (refused(signed(user, { { "command", "listZones" } }))))
  end)

  it("with a command nobody knows, or none, is refused under another name", function()
    for _, name in ipairs { "noSuchCommand", "listzones", "LISTZONES" } do
      assert.equal("errorresponse 401 " .. UNVERIFIED, (refused(signed(user, { { "command", name } }))))
    end
    assert.equal("null 401 " .. UNVERIFIED, (refused(signed(user, {}))))
  end)

  it("with a command of another role is refused before the signature is looked at", function()
    local pairs_ = { { "command", "listHosts" }, { "apikey", user.apikey }, { "signature", "x" }, { "response",
      "json" } }
    local text, payload = refused(pairs_)
    assert.equal("errorresponse 432 The API [listHosts] does not exist or is not available for the account bosh.", text)
    assert.equal(9999, payload.cserrorcode)
    assert.equal(4, answer(signed(admin, { { "command", "listHosts" } })).count)
  end)

  it("of version 3 has to say until when it is good, in a form that is known", function()
    local now = sim.model:now()
    local function with(version, expires)
      local pairs_ = { { "command", "listZones" }, { "signatureVersion", version } }
      if expires then pairs_[#pairs_ + 1] = { "expires", expires } end
      return post(signed(user, pairs_)).status
    end
    local soon = moment.text(now + 600):sub(1, -2)
    assert.equal(200, with("3", soon .. "+0000"))
    assert.equal(200, with("3", soon .. "Z"))
    assert.equal(200, with("3", soon .. "+00:00"))
    assert.equal(401, with("3", soon .. ".000+0000"))
    assert.equal(401, with("3", soon))
    assert.equal(401, with("3", (soon:gsub("T", " ")) .. "+0000"))
    assert.equal(401, with("3", dates.zoned(now - 1)))
    assert.equal(401, with "3")
    assert.equal(401, with("3", ""))
    assert.equal(200, with "2")
    assert.equal(200, with("4", dates.zoned(now - 100)))
  end)

  it("of version 3 has to use offsets without a colon up to 4.14", function()
    sim = new_sim { host = host, world = { version = "4.11.3" } }
    user = sim.accounts[2]
    local soon = moment.text(sim.model:now() + 600):sub(1, -2)
    local function status(expires)
      return post(signed(user, { { "command", "listZones" }, { "signatureVersion", "3" }, { "expires",
        expires } })).status
    end
    assert.equal(200, status(soon .. "+0000"))
    assert.equal(401, status(soon .. "Z"))
    assert.equal(401, status(soon .. "+00:00"))
  end)

  it("is answered in XML when JSON is not asked for", function()
    local pairs_ = { { "apikey", user.apikey }, { "command", "listZones" } }
    pairs_[3] = { "signature", signature.of(host.bytes, pairs_, user.secretkey) }
    assert.matches("^<%?xml .*<listzonesresponse cloud%-stack%-version=\"4.23.0.0%-SNAPSHOT\"><count>1</count>",
      post(pairs_).body)
  end)

  it("with a control character other than a line's end is refused", function()
    local function text(value)
      return (refused(signed(user, { { "command", "listZones" }, { "name", value } })))
    end
    assert.equal("listzonesresponse 431 Received value containing illegal ASCII non-printable characters for parameter name",
      text "a\tb")
    assert.equal(200, post(signed(user, { { "command", "listZones" }, { "name", "a\nb\r" } })).status)
  end)

  it("takes parameter names in any case and ignores those it does not know", function()
    local pairs_ = signed(user, { { "command", "listVirtualMachines" }, { "NAME", "x" }, { "unknown", "y" } })
    assert.same({}, answer(pairs_))
  end)

  it("is kept in order without key and signature", function()
    answer(signed(user, { { "command", "listZones" }, { "name", "x" } }))
    answer(signed(user, { { "command", "createVolume" } }))
    local reply = sim.http { method = "GET", path = "/sim/requests", query = "since=1" }
    local list = host.json.decode(reply.body)
    assert.equal(1, #list)
    assert.same({ 2, "createVolume", "bosh", 431 }, { list[1].n, list[1].command, list[1].account, list[1].status })
    assert.same({ response = "json" }, list[1].parameters)
    assert.same({ response = "json", name = "x" }, sim.requests[1].parameters)
  end)

  it("by another method than GET or POST gets an empty 405", function()
    local reply = sim.http { method = "PUT", path = "/client/api" }
    assert.same({ 405, "" }, { reply.status, reply.body })
  end)
end)

describe("the switches for tests", function()
  local sim
  before_each(function() sim = new_sim { host = host } end)

  local function json(method, path, body)
    local reply = sim.http { method = method, path = path, body = body and host.json.encode(body) }
    return host.json.decode(reply.body), reply.status
  end

  it("show the state", function()
    local state = json("GET", "/sim/state")
    assert.equal(0, state.left.vms)
    assert.equal("zone1", state.zones[1].name)
    assert.is_true(host.json.is_array(state.vms))
  end)

  it("turn the clock", function()
    assert.equal("2026-01-01T00:01:00Z", json("POST", "/sim/clock", { advance = 60 }).time)
    local _, status = json("POST", "/sim/clock", { advance = "x" })
    assert.equal(400, status)
  end)

  it("take faults and say what is wrong with one", function()
    assert.equal(2, json("POST", "/sim/faults", host.json.array { { fault = "drop", command = "listZones" },
      { fault = "lose" } }).posted)
    local body, status = json("POST", "/sim/faults", host.json.array { { fault = "nonsense" } })
    assert.equal(400, status)
    assert.equal("fault: unknown fault 'nonsense'", body.error)
  end)

  it("reset everything but the keys", function()
    local keys = sim.accounts[2].apikey
    sim.send { { command = "createSSHKeyPair", params = { name = "x" } } }
    json("POST", "/sim/reset", {})
    assert.equal(keys, sim.accounts[2].apikey)
    assert.equal(0, #sim.requests)
    assert.equal(1, #sim.state().keys)
  end)

  it("are not all paths there are", function()
    local _, status = json("GET", "/nothing")
    assert.equal(404, status)
  end)

  it("count an upload as a request, which faults can hit", function()
    local c = cloud.new()
    local params = c:call("getUploadParamsForTemplate",
      { name = "t", format = "VHD", hypervisor = "XenServer", zoneid = c.zone }).getuploadparams
    local request = {
      method = "POST", path = "/upload/" .. params.id, upload = { size = 7, sha256 = "x", filename = "i.vhd" },
      headers = { ["x-signature"] = params.signature, ["x-metadata"] = params.metadata,
      ["x-expires"] = params.expires },
    }
    c.sim.fault { fault = "drop", command = "upload" }
    assert.is_true(c.sim.http(request).drop)
    assert.equal("upload successful.", c.sim.http(request).body)
    assert.equal("upload", c.sim.requests[#c.sim.requests].command)
  end)
end)

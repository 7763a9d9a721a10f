-- The routes of the simulator behind HTTP: the API, the switches for tests, uploads, and the guests' metadata.
local form = require "sim.form"
local metadata = require "sim.metadata"
local uploads = require "sim.uploads"

local http = {}

local JSON = "application/json"

local function json(sim, status, value)
  return { status = status, type = JSON, body = sim.json.encode(value) }
end

local function wrong(sim, text)
  return json(sim, 400, { error = text })
end

-- Every answer as the daemon wants it: headers and a body are always there.
local function complete(reply)
  reply.headers, reply.body = reply.headers or {}, reply.body or ""
  return reply
end

-- ---------------------------------------------------------------------------------------------------------
-- /client/api

local function api(sim, request)
  if request.method ~= "GET" and request.method ~= "POST" then
    return { status = 405, type = "text/plain", body = "" }
  end
  local pairs_ = form.pairs_of(request.query, request.method == "POST" and request.body or "")
  local reply = sim:transact(pairs_)
  return {
    status = reply.status, type = reply.type, body = reply.body, headers = reply.headers, drop = reply.drop,
    hang = reply.hang, truncate = reply.truncate, delay = reply.delay and reply.delay > 0 and reply.delay or nil,
  }
end

-- ---------------------------------------------------------------------------------------------------------
-- /sim

local function decoded(sim, request)
  local value, why = sim.json.decode(request.body ~= "" and request.body or "{}")
  if type(value) ~= "table" then return nil, why or "the body has to be a JSON object or array" end
  return value
end

-- A null of JSON says the same as a name that is not there.
local function without_null(sim, fault)
  local out = {}
  for name, value in pairs(fault) do
    if value ~= sim.json.null then out[name] = value end
  end
  return out
end

local switches = {}

switches["GET /sim/state"] = function(sim) return json(sim, 200, sim.state()) end

switches["GET /sim/requests"] = function(sim, request)
  local since = tonumber(request.query:match "since=(%d+)") or 0
  local out = sim.json.array {}
  for _, entry in ipairs(sim.requests) do
    if entry.n > since then out[#out + 1] = entry end
  end
  return json(sim, 200, out)
end

-- A list of entries, or one alone, which is known by a key; each is handed to a function that may refuse it.
local function posts(key, post)
  return function(sim, request)
    local list, why = decoded(sim, request)
    if not list then return wrong(sim, why) end
    if list[key] then list = { list } end
    local ids = sim.json.array {}
    local fine, text = pcall(function()
      for i, entry in ipairs(list) do ids[i] = post(sim, without_null(sim, entry)) end
    end)
    if not fine then return wrong(sim, tostring(text)) end
    return json(sim, 200, { posted = #list, ids = #ids > 0 and ids or nil })
  end
end

switches["POST /sim/faults"] = posts("fault", function(sim, fault) return sim.fault(fault) end)
switches["POST /sim/states"] = posts("state", function(sim, entry) sim.put_state(entry) end)

switches["GET /sim/faults"] = function(sim) return json(sim, 200, sim.faults()) end

switches["DELETE /sim/faults"] = function(sim, request)
  local id = request.query:match "id=([^&]*)"
  if id and not math.tointeger(tonumber(id)) then return wrong(sim, "id has to be a number") end
  return json(sim, 200, { taken_back = sim.take_back(id and math.tointeger(tonumber(id))) })
end

switches["POST /sim/clock"] = function(sim, request)
  local body, why = decoded(sim, request)
  if not body then return wrong(sim, why) end
  if type(body.advance) ~= "number" or body.advance < 0 then
    return wrong(sim, "advance has to be a number of seconds")
  end
  sim.advance(body.advance)
  return json(sim, 200, { time = sim.clock.iso() })
end

switches["POST /sim/reset"] = function(sim)
  sim.reset()
  return json(sim, 200, { time = sim.clock.iso() })
end

-- ---------------------------------------------------------------------------------------------------------
-- uploads

local function upload(sim, request, id)
  if request.method ~= "POST" then return { status = 405, type = "text/plain", body = "" } end
  local file = request.upload or {}
  return sim:upload_transact(id, function()
    return uploads.receive(sim.model, id, {
      headers = request.headers, size = file.size, sha256 = file.sha256, filename = file.filename,
    })
  end)
end

-- serve(sim, request) -> reply
function http.serve(sim, request)
  request.query, request.body, request.headers = request.query or "", request.body or "", request.headers or {}
  sim.tick()
  if request.path == "/client/api" or request.path == "/client/api/" then return complete(api(sim, request)) end
  local switch = switches[request.method .. " " .. request.path]
  if switch then return complete(switch(sim, request)) end
  local id = request.path:match "^/upload/([^/]+)$"
  if id then return complete(upload(sim, request, id)) end
  if request.path:match "^/latest/" and request.method == "GET" then
    return complete(metadata.serve(sim.model, request))
  end
  return complete(json(sim, 404, { error = ("no route %s %s"):format(request.method, request.path) }))
end

return http

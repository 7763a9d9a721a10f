local native = require "host_native"
local templates = require "daemons.templates"

local NAME = "1767225600-00112233445566778899aabbccddeeff.qcow2"

-- The daemon's Lua side over files that are a table: name -> size.
local function started(files, config)
  local lines, removed, now = {}, {}, { 1000, 1767225600 }
  local log = { context = function() end, level = function() end, format = function() end, secret = function() end }
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    log[level] = function(format, ...) lines[#lines + 1] = level .. " " .. format:format(...) end
  end
  local model = templates.new { host = {
    json = native.json, bytes = native.bytes, log = log,
    config = { read = function() return config or { templates = { directory = "/images" } } end },
    clock = { now = function() return now[1] end, utc = function() return now[2] end },
    images = { stat = function(path) return files[path:match "^/images/(.*)$"] and { size = files[path:match "[^/]+$"] } end },
    files = { list = function(directory)
      if directory ~= "/images" then return nil, "no such directory" end
      local names = {}
      for name in pairs(files) do names[#names + 1] = name end
      return names
    end, remove = function(path) removed[#removed + 1] = path return true end },
  } }
  return model, lines, removed, now
end

local function ask(model, path, range, method)
  local request = { method = method or "GET", path = path, query = "", body = "", client = "10.0.0.9", headers = { range = range } }
  return model.admit(request) or model.http(request)
end

describe("published images", function()
  it("are served whole, or the part that is asked for", function()
    local model, lines = started { [NAME] = 1000 }
    for range, wanted in pairs { [""] = { 200, 0, 1000 }, ["bytes=0-"] = { 200, 0, 1000 }, ["bytes=400-"] = { 206, 400, 600 },
      ["bytes=0-99"] = { 206, 0, 100 }, ["bytes=999-5000"] = { 206, 999, 1 }, ["bytes=0-1,5-6"] = { 200, 0, 1000 },
      ["bytes=-5"] = { 200, 0, 1000 }, ["lines=1-2"] = { 200, 0, 1000 } } do
      local reply = ask(model, "/" .. NAME, range ~= "" and range or nil)
      assert.same(wanted, { reply.status, reply.offset, reply.length }, range)
      assert.equal("/images/" .. NAME, reply.file)
    end
    assert.equal("bytes 400-999/1000", ask(model, "/" .. NAME, "bytes=400-").headers["Content-Range"])
    assert.is_nil(table.concat(lines):find(NAME, 1, true))
  end)

  it("have no part behind their end", function()
    local model = started { [NAME] = 1000 }
    for _, range in ipairs { "bytes=1000-", "bytes=5-4", "bytes=99999999999999999999-" } do
      assert.equal(416, ask(model, "/" .. NAME, range).status, range)
    end
    assert.equal("bytes */1000", ask(model, "/" .. NAME, "bytes=1000-").headers["Content-Range"])
  end)

  it("are all that is served", function()
    local model = started { [NAME] = 1000, ["cpi.json"] = 5, [".."] = 1 }
    for _, path in ipairs { "/", "", "/cpi.json", "/..", "/../" .. NAME, "/a/" .. NAME, "/1-00.vhd", "/" .. ("1"):rep(300) .. "-0.x" } do
      assert.equal(404, ask(model, path).status, path)
    end
    assert.equal(405, ask(model, "/" .. NAME, nil, "PUT").status)
  end)

  it("are removed when nobody has taken them away for a day", function()
    local model, lines, removed, now = started { [NAME] = 1000, ["cpi.json"] = 1, ["1767300000-00.vhd"] = 1 }
    assert.equal(0, model.next_due())
    model.tick()
    assert.same({}, removed)
    assert.equal(600, model.next_due())
    now[2] = now[2] + 86401
    model.tick()
    assert.same({ "/images/" .. NAME }, removed)
    assert.same({ "warn an image that nobody took away is removed" }, lines)
  end)

  it("need a directory", function()
    for words, config in pairs { ["cpi-server templates needs templates.directory"] = {},
      ["templates.directory: no such directory"] = { templates = { directory = "/other" } } } do
      local ok, why = pcall(started, {}, config)
      assert.is_false(ok)
      assert.truthy(tostring(why):find(words, 1, true))
    end
  end)
end)

-- What a client sees on the wire: the servlet container's own answers, and faults that are real.

local rig = require "rig"

describe("the server", function()
  local cloud
  setup(function() cloud = rig.start { role = "admin" } end)
  teardown(function() cloud:stop() end)
  before_each(function() cloud:reset() end)

  local function file(name, text)
    local path = cloud.directory .. "/" .. name
    local handle = assert(io.open(path, "wb"))
    handle:write(text)
    handle:close()
    return rig.quote(path)
  end

  -- The answer's header lines as one text.
  local function headers(path, arguments)
    local dump = cloud.directory .. "/headers"
    local body, told = cloud:curl(path, ("-D %s %s"):format(rig.quote(dump), arguments or ""))
    local handle = assert(io.open(dump))
    local text = handle:read "a"
    handle:close()
    return text, body, told
  end

  describe("before CloudStack sees a request", function()
    it("answers PUT and DELETE with 405 and nothing", function()
      for _, method in ipairs { "PUT", "DELETE" } do
        local text, body, told = headers("/client/api?command=listZones", "-X " .. method .. " -d a=b")
        assert.equal(405, told.code)
        assert.equal("", body)
        assert.truthy(text:find("Content-Length: 0", 1, true))
      end
    end)

    it("answers a URL above 8 KiB with 414 and HTML, and closes", function()
      for _, size in ipairs { 8200, 30000, 90000 } do
        local url = file("url", ("url = %s/client/api?a=%s\n"):format(cloud.base_url, ("x"):rep(size)))
        local text = io.popen(("curl -s -i -m 5 -K %s"):format(url)):read "a"
        assert.truthy(text:find "^HTTP/1.1 414 ", text:sub(1, 100))
        assert.truthy(text:find("Connection: close", 1, true))
        assert.truthy(text:find("<h", 1, true), text)
      end
      local _, told = cloud:curl("/client/api?a=" .. ("x"):rep(8100))
      assert.not_equal(414, told.code)
    end)

    it("answers a form above 1 MiB with Jetty's 404 page", function()
      local text, body, told = headers("/client/api", "--data-binary @" .. file("form", ("a"):rep(1048577)))
      assert.equal(404, told.code)
      assert.truthy(text:find("Content-Type: text/html;charset=iso-8859-1", 1, true))
      assert.truthy(body:find("Form is larger than max length 1048576", 1, true))
      local _, fits = cloud:curl("/client/api", "--data-binary @" .. file("form", ("a"):rep(1048576)))
      assert.equal(401, fits.code)
    end)
  end)

  it("answers GET and POST alike, and says the error in X-Description", function()
    local form = cloud:signed "listZones"
    for _, arguments in ipairs { "-G -d " .. rig.quote(form), "-d " .. rig.quote(form) } do
      local text, body, told = headers("/client/api", arguments)
      assert.equal(200, told.code, body)
      assert.truthy(text:find("Content-Type: application/json;charset=utf-8", 1, true), text)
    end
    local text, body, told = headers("/client/api", "-d " .. rig.quote(cloud:signed "listTemplates"))
    assert.equal(431, told.code)
    local answer = select(2, next(rig.json.decode(body)))
    assert.truthy(text:find("X-Description: " .. answer.errortext, 1, true), text)
    text, body, told = headers("/client/api", "-d " .. rig.quote(form .. "x"))
    assert.equal(401, told.code, body)
    assert.is_nil(text:find("X-Description", 1, true), "a bad signature is not described")
  end)

  it("keeps a connection for the next request", function()
    local url = rig.quote(cloud.base_url .. "/sim/requests")
    local told = io.popen(("curl -s -o /dev/null -o /dev/null -w '%%{num_connects} ' %s %s"):format(url, url)):read "a"
    assert.equal("1 0 ", told)
  end)

  -- Asks for a volume with a fault in the way -> what curl told, and how many volumes there are of that name.
  local function make_volume(fault)
    local zone = cloud:api("listZones").zone[1].id
    local offering = cloud:api("listDiskOfferings", { name = "shared.small" }).diskoffering[1].id
    cloud:faults { { command = "createVolume", fault = fault } }
    local _, told = cloud:api("createVolume", { name = "v", zoneid = zone, diskofferingid = offering })
    return told, cloud:api("listVolumes", { name = "v" }).count or 0
  end

  it("takes a caller's signature after time was let pass", function()
    local later <close> = rig.start()
    later:clock(86400)
    local run = later:cpi { method = "has_vm", arguments = { "cpivm-none" }, context = { director_uuid = "d" } }
    assert.equal(rig.json.null, run.response.error, run.stdout)
  end)

  it("drops a connection without a byte, and nothing has happened", function()
    local told, count = make_volume "drop"
    assert.same({ 52, 0, 0 }, { told.exit, told.code, count })
  end)

  it("loses an answer after it has happened", function()
    local told, count = make_volume "lose"
    assert.same({ 52, 0, 1 }, { told.exit, told.code, count })
  end)

  it("drops a kept connection too", function()
    cloud:faults { { command = "listZones", nth = 2, times = 9, fault = "drop" } }
    local url = rig.quote(cloud.endpoint)
    local form = rig.quote(cloud:signed "listZones")
    local line = "curl -s -o /dev/null -o /dev/null -w '%%{http_code} %%{exitcode} ' -d %s %s %s"
    local told = io.popen(line:format(form, url, url)):read "a"
    assert.truthy(told:find "^200 0 000 52 ", told)
  end)

  it("cuts a body after so many bytes and has promised all of them", function()
    local whole = #cloud:curl("/client/api", "-d " .. rig.quote(cloud:signed "listZones"))
    for _, bytes in ipairs { 0, 1, 20 } do
      cloud:faults { { command = "listZones", fault = "truncate", bytes = bytes } }
      local text, body, told = headers("/client/api", "-d " .. rig.quote(cloud:signed "listZones"))
      assert.equal(18, told.exit)
      assert.equal(bytes, #body)
      assert.truthy(text:find(("Content-Length: %d\r"):format(whole), 1, true), text)
    end
  end)

  it("serves others while an answer is delayed", function()
    cloud:faults { { command = "listZones", fault = "delay", seconds = 0.5 } }
    local slow = io.popen(("curl -s -m 5 -o /dev/null -w '%%{http_code} %%{time_total}' -d %s %s"):format(
      rig.quote(cloud:signed "listZones"), cloud.endpoint))
    rig.wait(function() return #cloud:requests() > 0 end, 5)
    local _, told = cloud:api "listServiceOfferings"
    assert.is_true(told.seconds < 0.4)
    local code, seconds = slow:read "a":match "(%d+) ([%d.]+)"
    slow:close()
    assert.equal("200", code)
    assert.is_true(tonumber(seconds) >= 0.5 and tonumber(seconds) < 2, seconds)
  end)

  it("never answers what hangs, and lets go of it when the client does", function()
    local function descriptors()
      return io.popen(("ls /proc/%d/fd | wc -l"):format(cloud.server)):read "n"
    end
    local before = descriptors()
    cloud:faults { { command = "listZones", times = 5, fault = "hang" } }
    for _ = 1, 5 do
      local _, told = cloud:api("listZones", nil, "-m 0.1")
      assert.equal(28, told.exit)
    end
    rig.wait(function() return descriptors() <= before end, 5)
  end)

  it("stands requests that end before they are whole", function()
    local port = cloud.base_url:match ":(%d+)$"
    local multipart = "Content-Type: multipart/form-data; boundary=q\\r\\nContent-Length: 900\\r\\n\\r\\n--q\\r\\n"
    for _, start in ipairs {
      "GET /client/api HT", "GET /client/api HTTP/1.1\\r\\nHos",
      "POST /client/api HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 9\\r\\n\\r\\nab",
      "POST /upload/x HTTP/1.1\\r\\nHost: a\\r\\n" .. multipart, "\\0\\1\\2\\r\\n\\r\\n",
    } do
      os.execute(("bash -c 'exec 3<>/dev/tcp/127.0.0.1/%s; printf \"%s\" >&3' 2>/dev/null"):format(port, start))
    end
    assert.is_table(cloud:state())
  end)

  it("answers 96 clients at once", function()
    local form = rig.quote(cloud:signed "listZones")
    local line = "seq 96 | xargs -P 96 -I{} curl -s -m 20 -o /dev/null -w '%%{http_code}\\n' -d %s %s | sort | uniq -c"
    local told = io.popen(line:format(form, cloud.endpoint)):read "a"
    assert.truthy(told:find "^%s*96 200\n$", told)
  end)
end)

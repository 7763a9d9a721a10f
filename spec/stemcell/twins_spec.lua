local fake = require "tests.support.fake"
local twins = require "stemcell.twins"

-- The names of rows that are templates still, or will be; the fake's time is 2026-01-01T00:16:40Z.
local function living(rows, records)
  local cpi <close> = fake.cpi { store = true, settings = { cloudstack = { timeout = { poll_template = 600 } } } }
  for i, record in ipairs(records or {}) do cpi.store.put("journal", tostring(i), fake.json.encode(record)) end
  local names = {}
  for i, row in ipairs(twins.living(cpi, rows)) do names[i] = row.name end
  return names
end

describe("templates of the same image", function()
  it("count while they may become something", function()
    assert.same({ "ready", "young", "undated", "alive" }, living({
      { name = "ready", isready = true, created = "2020-01-01T00:00:00+0000", status = "Upload error" },
      { name = "young", isready = false, created = "2026-01-01T00:10:00+0000", status = "Processing" },
      { name = "undated", isready = false }, { name = "alive", isready = false },
      { name = "old", isready = false, created = "2026-01-01T00:00:00+0000" },
      { name = "failed", isready = false, status = "Upload abandoned" },
      { name = "dead", isready = false }, { name = "dead too", isready = false },
    }, { { name = "dead", owner = "77.7" }, { name = "alive", owner = "1.1" }, { name = "dead too", owner = "78.7" }, {} }))
  end)

  it("are rivals where they are for the same stemcell and director", function()
    local function row(id, stemcell, director, image)
      return { id = id, tags = { { key = "bosh_stemcell", value = stemcell }, { key = "director_uuid", value = director },
        image and { key = "bosh_image_sha256", value = image } } }
    end
    local stemcell = { names = { tags = { director_uuid = "d" } }, ignored = { ghost = true },
      file = { checksum = function() return "c0ffee" end } }
    twins.mark(stemcell.names.tags, "ubuntu", "1")
    local mine = row("mine", "ubuntu/1", "d")
    for _, other in ipairs { mine, row("a", "ubuntu/2", "d"), row("b", "ubuntu/1", "e"), row("c", "ubuntu/1", "d", "0ddba11"),
      row("ghost", "ubuntu/1", "d") } do
      assert.is_false(twins.has_rival({ mine, other }, "mine", stemcell))
    end
    assert.is_true(twins.has_rival({ mine, row("a", "ubuntu/1", "d") }, "mine", stemcell))
    assert.is_true(twins.has_rival({ mine, row("a", "ubuntu/1", "d", "c0ffee") }, "mine", stemcell))
  end)
end)

describe("a template that another process than its maker gives to BOSH", function()
  local scenarios = require "tests.faults.scenarios"
  local ORDER = { "/image", { name = "ubuntu", version = "1.1", hypervisor = "xen", disk_format = "vhdx" } }

  local function open()
    return scenarios.open({ arrange = function() return {} end }, { store = true })
  end

  local function left(s, cid) return s:find("templates", cid) ~= nil end

  it("stays when its maker cannot give its answer", function()
    local s = open()
    local maker, cid = s:begin("create_stemcell", ORDER), nil
    function s.store_fails(process)
      return process == maker and process.writes and "the disk is full" or nil
    end
    function s.before_store(process, operation)
      if process ~= maker or operation ~= "replace" or cid or not s.sim.state().templates[2] then return end
      if not s.sim.state().templates[2].tags.bosh_image_sha256 then return end
      process.writes = true
      cid = s:good("create_stemcell", ORDER) -- beside it, just now
    end
    s:run(maker)
    s.sim.advance(60)
    assert.truthy(maker.answer.error, "the maker gave no answer")
    assert.truthy(cid)
    assert.is_true(left(s, cid))
  end)

  it("stays when its maker is killed, and another process deals with what that has left", function()
    local s = open()
    function s.before_answer() coroutine.yield "kill" end
    s.before_store = function(_, operation, name)
      local last = s.sim.state().templates[2]
      if operation == "replace" and name == "journal" and last and last.tags.bosh_image_sha256 then coroutine.yield "kill" end
    end
    local maker = s:begin("create_stemcell", ORDER)
    s:run(maker)
    s.before_answer, s.before_store = nil, nil
    s.living[maker.identity] = true -- as the other one sees it
    local cid = s:good("create_stemcell", ORDER)
    s.living[maker.identity] = nil
    local told = s:command("journal", "replay")
    assert.same({ 0, true }, { told.exit, left(s, cid) }, told.text)
    assert.truthy(told.text:find("known to BOSH", 1, true), told.text)
  end)

  -- may_go() of a maker beside share() of another, which does all it does when the maker's nth request is answered.
  local function race(nth)
    local tags, count, is_given = { bosh_image_sha256 = "c0ffee" }, 0, nil
    local function rows()
      local list = {}
      for key, value in pairs(tags) do list[#list + 1] = { key = key, value = value } end
      return { { id = "t", name = "cpitemplate-t", tags = list } }
    end
    local function cpi_with(after)
      local cpi = { context = { director_uuid = "d" }, log = { warn = error }, settings = fake.settings(), json = fake.json }
      cpi.cloudstack = {}
      function cpi.cloudstack.run(_, request)
        local command, params = request[1], request[2]
        if command == "createTags" then tags[params["tags[0].key"]] = params["tags[0].value"] end
        if command == "deleteTags" then tags[params["tags[0].key"]] = nil end
        after()
        return {}
      end
      function cpi.cloudstack.rows()
        local now = rows()
        after()
        return now
      end
      return cpi
    end
    local other = cpi_with(function() end)
    local before = rows()[1]
    if nth == 0 then is_given = twins.share(other, "t") end
    local may_go = twins.may_go(cpi_with(function()
      count = count + 1
      if count == nth then is_given = twins.share(other, "t") end
    end), before)
    return is_given, may_go, tags
  end

  it("is not removed, or not given: whoever comes first", function()
    for nth = 0, 2 do
      local is_given, may_go, tags = race(nth)
      assert.is_boolean(is_given)
      assert.is_false(is_given and may_go, "after request " .. nth)
      if not may_go then assert.equal("c0ffee", tags.bosh_image_sha256) end
    end
  end)
end)

local fake = require "tests.support.fake"
local tags = require "cloudstack.tags"

local null = fake.json.null

local function clean(metadata) return tags.clean(metadata, null) end

describe("metadata as tags", function()
  it("is strings, and nothing else", function()
    assert.same({ index = "0", ok = "true", job = "web" },
      clean { index = 0, ok = true, job = "web", nothing = null, nested = { a = 1 } })
  end)

  it("has no empty key or value: one would fail the whole call", function()
    assert.same({ a = "b" }, clean { a = "b", empty = "", blank = "  \t", [""] = "x", [" "] = "y" })
  end)

  it("is cut to 255 bytes, between characters", function()
    local cut = clean { k = ("x"):rep(300), [("k"):rep(300)] = "v" }
    assert.equal(255, #cut.k)
    assert.equal("v", cut[("k"):rep(255)])
    local wide = clean({ k = ("ü"):rep(200) }).k
    assert.equal(254, #wide)
    assert.truthy(utf8.len(wide))
  end)

  it("has neither backslashes nor control characters", function()
    assert.same({ ["a/b"] = "C:/u0041 x y" }, clean { ["a\\b"] = "C:\\u0041\nx\ty" })
  end)
end)

describe("setting tags", function()
  local row = { id = "v", name = "cpivm-1", tags = { { key = "owner", value = "me" }, { key = "job", value = "old" } } }

  local function merge(script, wanted)
    local cpi <close> = fake.cpi(script)
    tags.merge(cpi, "UserVm", row, wanted)
    return cpi
  end

  it("names the object by its id and writes the tags in one call", function()
    merge({ { "createTags", {
      resourceids = "v", resourcetype = "UserVm", ["tags[0].key"] = "a", ["tags[0].value"] = "1",
      ["tags[1].key"] = "b", ["tags[1].value"] = "2",
    }, job = {}, without = { "tags[2].key" } } }, { b = "2", a = "1" })
  end)

  it("sends nothing when all is as it should be", function()
    merge({}, { job = "old" })
    merge({}, {})
  end)

  it("removes only its own key that has another value, and leaves the operators' alone", function()
    local cpi = merge({
      { "deleteTags", { resourceids = "v", ["tags[0].key"] = "job" }, job = {}, without = { "tags[1].key" } },
      { "createTags", { ["tags[0].key"] = "job", ["tags[0].value"] = "new" }, job = {}, without = { "tags[1].key" } },
    }, { job = "new" })
    assert.same({ "deleteTags", "createTags" }, cpi.waves)
  end)

  it("sets them one by one when one bad tag fails the call, and warns of that one", function()
    local cpi = merge({
      { "createTags", {}, job_fails = "tag b is evil", code = 431 },
      { "createTags", { ["tags[0].key"] = "a" }, job = {} },
      { "createTags", { ["tags[0].key"] = "b" }, job_fails = "tag b is evil", code = 431 },
      { "createTags", { ["tags[0].key"] = "c" }, job_fails = "tag c already on UserVm with id v", code = 530 },
    }, { a = "1", b = "2", c = "3" })
    assert.equal("createTags createTags createTags", cpi.waves[2])
    local warnings = {}
    for _, line in ipairs(cpi.log.lines) do
      if line:find "^warn" then warnings[#warnings + 1] = line end
    end
    assert.equal(1, #warnings)
    assert.truthy(warnings[1]:find("tag 'b' of UserVm v was not set", 1, true))
  end)

  it("is not fatal when old tags cannot be removed", function()
    merge({
      { "deleteTags", {}, job_fails = "Failed to delete tags", code = 530 }, { "createTags", {}, job = {} },
    }, { job = "new" })
  end)

  it("raises when CloudStack cannot be reached", function()
    local failure = fake.failure(merge, {
      { "createTags", {}, fault = "tls", text = "certificate has expired" },
    }, { a = "1" })
    assert.equal("tagging cpivm-1: createTags: certificate has expired", failure.message)
  end)
end)

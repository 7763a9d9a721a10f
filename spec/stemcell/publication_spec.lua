local fake = require "tests.support.fake"
local publication = require "stemcell.publication"
local rollback = require "base.rollback"

local function file(more)
  local one = { path = "/image", extension = "qcow2.bz2", checksum = function() return "c0ffee" end }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

-- What is published and withdrawn; answers: of publish and withdraw.
local function images(log, answers)
  answers = answers or {}
  return { publish = function(path, place)
    log[#log + 1] = { "publish", path, place }
    if answers.publish then return nil, answers.publish end
    return true
  end, withdraw = function(place)
    log[#log + 1] = { "withdraw", place }
    if answers.withdraw then return nil, answers.withdraw end
    return true
  end }
end

local SITE = { templates = { directory = "/published", url = "http://10.0.0.1:8000/" } }

describe("publishing a stemcell's image", function()
  it("puts it under a name that nobody can guess, and gives CloudStack its URL and checksum", function()
    local log = {}
    local cpi <close> = fake.cpi { settings = SITE, images = images(log), { "registerTemplate",
      { checksum = "{SHA-256}c0ffee" }, { template = { { id = "t1" } } } } }
    local undo = rollback(cpi)
    local way, withdraw = publication.of(cpi, file(), undo)
    local name = log[1][3]:match "^/published/(.*)$"
    assert.same({ "publish", "/image", "/published/" .. name }, log[1])
    assert.matches("^%d+%-%x+%.qcow2%.bz2$", name)
    assert.equal(32, #name:match "%-(%x+)%.")
    assert.equal(cpi.clock.utc(), publication.begun_at(name))
    assert.same({ name }, cpi.log.secrets)
    local id = way.start(cpi, { cid = "c", zones = { { id = "z1" } }, cloudstack_version = "4.23", file = file(), details = {},
      names = { display_name = "d" }, os_type = { id = "o" } })
    assert.equal("t1", id)
    assert.equal("http://10.0.0.1:8000/" .. name, cpi.sent[1][2].url)
    withdraw()
    assert.same({ "withdraw", "/published/" .. name }, log[2])
  end)

  it("ends when the verb fails", function()
    local log = {}
    local cpi <close> = fake.cpi { settings = SITE, images = images(log) }
    pcall(function()
      local undo <close> = rollback(cpi)
      publication.of(cpi, file(), undo)
      error "later"
    end)
    assert.equal("withdraw", log[2][1])
    assert.equal(log[1][3], log[2][2])
  end)

  it("that cannot end is said in the log, without the name", function()
    local log, lines = {}, {}
    local cpi <close> = fake.cpi { settings = SITE, images = images(log, { withdraw = "Permission denied" }), capture = lines }
    select(2, publication.of(cpi, file(), rollback(cpi)))()
    assert.same({ "warn a published image stays for a day: Permission denied" }, lines)
  end)

  it("fails where it cannot be put there", function()
    local cpi <close> = fake.cpi { settings = SITE, images = images({}, { publish = "No space left" }) }
    local failure = fake.failure(function()
      local undo <close> = rollback(cpi)
      publication.of(cpi, file(), undo)
    end)
    assert.equal("Bosh::Clouds::CpiError", failure.type)
    assert.equal("the stemcell's image cannot be published: No space left", failure.message)
  end)

  it("needs a place, and an image that is a file of its own", function()
    for _, site in ipairs { { directory = "/x", url = "" }, { directory = "", url = "http://x" } } do
      local cpi <close> = fake.cpi { settings = { templates = site } }
      assert.equal("publishing a stemcell needs templates.directory and templates.url",
        fake.failure(publication.of, cpi, file(), {}).message)
    end
    local cpi <close> = fake.cpi { settings = SITE }
    local failure = fake.failure(publication.of, cpi, file { member = "image" }, {})
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("the stemcell's image is inside an archive: it can be uploaded, not published", failure.message)
  end)
end)

describe("the age of a published file", function()
  it("is in its name", function() assert.equal(1700000000, publication.begun_at "1700000000-0aF9.qcow2.bz2") end)

  it("is known of our own files only", function()
    for _, name in ipairs { "image.qcow2", "1700000000-xyz.qcow2", "-0af9.qcow2", "1700000000-0af9", "../1700000000-0af9.x",
      "1700000000-0af9.x/y", "1-" .. ("0"):rep(200) .. ".x" } do
      assert.is_nil(publication.begun_at(name), name)
    end
    local longest = "1-" .. ("0"):rep(195) .. ".x"
    assert.equal(199, #longest)
    assert.equal(1, publication.begun_at(longest))
    assert.is_nil(publication.begun_at("1-" .. ("0"):rep(196) .. ".x"))
  end)
end)

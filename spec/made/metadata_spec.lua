local fake = require "tests.support.fake"
local metadata = require "made.metadata"
local native = require "host_native"
local trial = require "operator.trial"

local function row_of(lists)
  local tags = {}
  for key, value in pairs(lists) do tags[#tags + 1] = { key = key, value = value } end
  return { id = "v", name = "cpivm-1", tags = tags }
end

describe("the list of BOSH's keys", function()
  it("is one tag where it fits", function()
    assert.same({ bosh_metadata = "deployment,index,job" }, metadata.lists { "deployment", "index", "job" })
    assert.same({}, metadata.lists {})
  end)

  it("is several tags where it does not, each of 255 bytes at most", function()
    local keys = {}
    for i = 1, 40 do keys[i] = ("key-%02d-%s"):format(i, ("x"):rep(40)) end
    local lists = metadata.lists(keys)
    assert.equal(8, #require("base.tables").sorted_keys(lists))
    for _, text in pairs(lists) do assert.is_true(#text <= 255) end
    local read, names = metadata.listed(row_of(lists))
    assert.same(keys, read)
    assert.same({ "bosh_metadata", "bosh_metadata_2", "bosh_metadata_3" }, table.move(names, 1, 3, 1, {}))
  end)

  it("holds keys with commas and percent signs, and leaves out what does not fit", function()
    local keys = { "100%", "a,b", "%2C" }
    assert.same(keys, (metadata.listed(row_of(metadata.lists(keys)))))
    assert.same({}, metadata.lists { ("%"):rep(86) })
    assert.same({ bosh_metadata = ("k"):rep(255) }, metadata.lists { ("k"):rep(255) })
  end)

  it("is empty for an object of which BOSH has not spoken", function()
    assert.same({}, (metadata.listed { id = "v", tags = {} }))
    assert.same({}, (metadata.listed { id = "v" }))
  end)
end)

describe("metadata", function()
  it("without anything to set change nothing", function()
    local cpi <close> = fake.cpi {}
    metadata.put(cpi, "UserVm", row_of { bosh_metadata = "job", job = "web" }, { blank = " " })
  end)

  it("shrink the list with the keys", function()
    local cpi <close> = fake.cpi {
      { "deleteTags", { ["tags[0].key"] = "a", ["tags[1].key"] = "bosh_metadata", ["tags[2].key"] = "bosh_metadata_2" }, job = {},
        without = { "tags[3].key" } },
      { "createTags", { ["tags[0].key"] = "bosh_metadata", ["tags[0].value"] = "b" }, job = {}, without = { "tags[1].key" } },
    }
    metadata.put(cpi, "UserVm", row_of { bosh_metadata = "a", bosh_metadata_2 = "b", a = "1", b = "2" }, { b = "2" })
  end)
end)

local function tags_of(row)
  local set = {}
  for _, tag in ipairs(row.tags) do set[tag.key] = tag.value end
  return set
end

describe("the tags of a VM on a simulated CloudStack", function()
  local function env(tags) return { env = { bosh = { tags = tags } } } end

  it("are the manifest's from the start, but for those by which BOSH is seen to have spoken of it", function()
    local t = trial.new { host = native }
    local set = tags_of(t.vm(t.cid(env { cost = "9", Deployment = "cf", bosh_cid = "x" })))
    assert.same({ "9", nil }, { set.cost, set.Deployment })
    assert.matches("^cpivm%-", set.bosh_cid)
  end)

  it("leave with the manifest's", function()
    local t = trial.new { host = native }
    local cid = t.cid(env { cost = "9" })
    t.call("set_vm_metadata", cid, { deployment = "cf", cost = "9" })
    t.sim.send { { command = "createTags", params = { resourceids = t.vm(cid).id, resourcetype = "UserVm", ["tags[0].key"] = "ops",
      ["tags[0].value"] = "1" } } }
    t.sim.advance(1)
    t.call("set_vm_metadata", cid, { deployment = "cf" })
    local set = tags_of(t.vm(cid))
    assert.same({ "cf", nil, "1", "deployment" }, { set.deployment, set.cost, set.ops, set.bosh_metadata })
  end)

  it("are set where an operator's differ in case, accents or trailing blanks", function()
    local t = trial.new { host = native }
    local cid = t.cid()
    t.sim.send { { command = "createTags", params = { resourceids = t.vm(cid).id, resourcetype = "UserVm",
      ["tags[0].key"] = "Deployment", ["tags[0].value"] = "x", ["tags[1].key"] = "Jöb", ["tags[1].value"] = "x" } } }
    t.sim.advance(1)
    t.call("set_vm_metadata", cid, { deployment = "cf", job = "web" })
    local set = tags_of(t.vm(cid))
    assert.same({ "cf", "web" }, { set.Deployment, set["Jöb"] })
    assert.is_nil(table.concat(t.log, "\n"):find("\nwarn", 1, true))
  end)

  it("have whole numbers in digits, however large", function()
    local t = trial.new { host = native }
    local cid = t.cid()
    t.call("set_vm_metadata", cid, { big = 12345678901234567890, small = 0.5 })
    local set = tags_of(t.vm(cid))
    assert.same({ "12345678901234567168", "0.5" }, { set.big, set.small })
  end)
end)

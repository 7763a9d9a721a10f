local fake = require "tests.support.fake"

local function rows(n, from)
  local list = {}
  for i = 1, n do list[i] = { id = "row-" .. (from or 0) + i } end
  return list
end

describe("the pages of a list", function()
  it("are all fetched, the later ones at once", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { page = 1, pagesize = 500 }, { count = 1203, network = rows(500) } },
      { "listNetworks", { page = 2, pagesize = 500 }, { count = 1203, network = rows(500, 500) } },
      { "listNetworks", { page = 3, pagesize = 500 }, { count = 1203, network = rows(203, 1000) } },
    }
    local all = cpi.cloudstack:rows { "listNetworks", {}, rows = "network" }
    assert.equal(1203, #all)
    assert.equal("row-1203", all[1203].id)
    assert.same({ "listNetworks", "listNetworks listNetworks" }, cpi.waves)
  end)

  it("end with one that is not full: a count may be the page's own", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { page = 1 }, { count = 500, network = rows(500) } },
      { "listNetworks", { page = 2 }, { count = 500, network = rows(500, 500) } },
      { "listNetworks", { page = 3 }, { count = 7, network = rows(7, 1000) } },
    }
    assert.equal(1007, #cpi.cloudstack:rows { "listNetworks", {}, rows = "network" })
  end)

  it("end with an empty one", function()
    for _, beyond in ipairs { { count = 500 }, { count = 0 }, {} } do
      local cpi <close> = fake.cpi { { "listNetworks", { page = 1 }, { count = 500, network = rows(500) } },
        { "listNetworks", { page = 2 }, beyond } }
      assert.equal(500, #cpi.cloudstack:rows { "listNetworks", {}, rows = "network" })
    end
  end)

  it("go on after those that the count promises, where the last was full", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { page = 1 }, { count = 1000, network = rows(500) } },
      { "listNetworks", { page = 2 }, { count = 1000, network = rows(500, 500) } },
      { "listNetworks", { page = 3 }, { count = 1001, network = rows(1, 1000) } },
    }
    assert.equal(1001, #cpi.cloudstack:rows { "listNetworks", {}, rows = "network" })
  end)

  it("are not asked for where the first is not full and promises no more", function()
    local cpi <close> = fake.cpi { { "listNetworks", {}, { count = 499, network = rows(499) } } }
    assert.equal(499, #cpi.cloudstack:rows { "listNetworks", {}, rows = "network" })
  end)

  it("keep the filter", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { zoneid = "z" }, { count = 501, network = rows(500) } },
      { "listNetworks", { zoneid = "z", page = 2 }, { count = 501, network = rows(1, 500) } },
    }
    assert.equal(501, #cpi.cloudstack:rows { "listNetworks", { zoneid = "z" }, rows = "network" })
  end)

  it("are as large as the server allows, which is remembered", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { pagesize = 500 }, refuse = "Page size can't exceed max allowed page size value: 100" },
      { "listNetworks", { page = 1, pagesize = 100 }, { count = 150, network = rows(100) } },
      { "listNetworks", { page = 2, pagesize = 100 }, { count = 150, network = rows(50, 100) } },
      { "listVolumes", { pagesize = 100 }, {} },
    }
    assert.equal(150, #cpi.cloudstack:rows { "listNetworks", {}, rows = "network" })
    cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" }
  end)

  it("are not asked for again where the refusal names no smaller size", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { pagesize = 500 }, refuse = "Page size can't exceed max allowed page size value: 500" },
    }
    local failure = fake.failure(cpi.cloudstack.rows, cpi.cloudstack, { "listNetworks", {}, rows = "network" })
    assert.truthy(failure.message:find("max allowed page size value: 500", 1, true), failure.message)
  end)

  it("may be refused without anything else of the wave being sent again", function()
    local cpi <close> = fake.cpi {
      { "createTags", {}, job = {} },
      { "listVolumes", {}, refuse = "Page size can't exceed max allowed page size value: 100" },
      { "listVolumes", { pagesize = 100 }, { volume = {} } },
    }
    local tasks = cpi.cloudstack:start {
      { "createTags", { resourceids = "x" }, job = true }, { "listVolumes", {}, rows = "volume" },
    }
    cpi.cloudstack:wait(tasks)
    assert.is_nil(tasks[1].failure)
    assert.same({}, tasks[2].rows)
  end)

  it("fail as a whole when one of them fails", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", {}, { count = 501, network = rows(500) } }, { "listNetworks", { page = 2 }, refuse = "no", code = 530 },
    }
    assert.has_error(function() cpi.cloudstack:rows { "listNetworks", {}, rows = "network" } end)
  end)
end)

describe("an answer", function()
  for what, body in pairs {
    ["a count of rows that no cloud has"] = '{"listzonesresponse":{"count":1099511627776,"zone":[]}}',
    ["a count in words"] = '{"listzonesresponse":{"count":"1"}}',
    ["a negative count"] = '{"listzonesresponse":{"count":-5}}', ["rows that are a text"] = '{"listzonesresponse":{"zone":"x"}}',
    ["rows that are numbers"] = '{"listzonesresponse":{"zone":[1]}}',
    ["rows that are an object"] = '{"listzonesresponse":{"zone":{"a":{}}}}',
    ["rows that are an empty object"] = '{"listzonesresponse":{"zone":{}}}',
    ["rows of another kind"] = '{"listzonesresponse":{"count":1,"network":[{"id":"n"}]}}',
    ["a count and no rows"] = '{"listzonesresponse":{"count":3}}',
  } do
    it("with " .. what .. " is no list, and one request", function()
      local cpi <close> = fake.cpi { { "listZones", {}, raw = body } }
      local failure = fake.failure(cpi.cloudstack.rows, cpi.cloudstack, { "listZones", {}, rows = "zone" })
      assert.truthy(failure.message:find("the answer is not a list of CloudStack's", 1, true), failure.message)
    end)
  end
end)

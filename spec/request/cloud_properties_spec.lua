local fake = require "tests.support.fake"
local read = require "request.cloud_properties"

local null = fake.json.null
local known = {
  compute_offering = "text", disk = "megabytes", cpu = "count", undiscoverable = "boolean", lbs = "list",
  routes = "object", version = "any",
}

local function ask(given) return read(given, known, "cloud_properties of the VM", null) end
local function problem(given) return fake.failure(ask, given).message end

describe("cloud_properties", function()
  it("may be absent, null or empty", function()
    assert.same({}, ask(nil))
    assert.same({}, ask(null))
    assert.same({}, ask {})
  end)

  it("have keys in any case, as the Go CPI takes them", function()
    assert.same({ compute_offering = "small" }, ask { Compute_Offering = "small" })
  end)

  it("count null and an empty string as not given", function()
    assert.same({}, ask { compute_offering = "", disk = null })
  end)

  it("keep false", function()
    assert.same({ undiscoverable = false }, ask { undiscoverable = false })
  end)

  it("make integers of whole numbers", function()
    local value = ask { disk = 10240.0 }.disk
    assert.equal("integer", math.type(value))
  end)

  it("keep texts as texts, also those that look like numbers", function()
    assert.equal("string", type(ask { compute_offering = "10" }.compute_offering))
    assert.equal("0123", ask { version = "0123" }.version)
  end)

  it("are told all their problems at once", function()
    local message = problem { compte_offering = "x", disk = -1, cpu = 1.5, undiscoverable = "yes", lbs = "a" }
    assert.equal("cloud_properties of the VM: 'compte_offering' is not known (did you mean 'compute_offering'?); "
      .. "'cpu' must be a whole number above 0; 'disk' must be a whole number of megabytes, 0 or more; "
      .. "'lbs' must be a list; 'undiscoverable' must be true or false", message)
  end)

  for what, given in pairs {
    ["a text"] = { compute_offering = 3 }, ["a count"] = { cpu = 0 }, ["a whole size"] = { disk = 1.5 },
    ["a number, not a string of one"] = { disk = "1024" }, ["a size that is a number at all"] = { disk = 0 / 0 },
    ["a size of this world"] = { disk = 1e300 }, ["no infinity"] = { cpu = math.huge }, ["an object"] = { routes = "x" },
    ["an object that is no list"] = { routes = { "x" } },
  } do
    it("want " .. what, function()
      assert.truthy(problem(given):find("must be", 1, true))
    end)
  end

  it("tell of the first twenty problems", function()
    local given = {}
    for i = 1, 300 do given[("k%03d"):format(i)] = 1 end
    local told = problem(given)
    assert.truthy(told:find("'k020' is not known; and more", 1, true), told)
    assert.is_nil(told:find("k021", 1, true))
  end)

  it("must be an object", function()
    assert.equal("cloud_properties of the VM must be an object, not string", problem "x")
    assert.equal("cloud_properties of the VM must be an object, not a list", problem { "x" })
    assert.equal("Bosh::Clouds::CloudError", fake.failure(ask, 3).type)
  end)
end)

describe("names among cloud_properties", function()
  local function names(value)
    local ok, answer = pcall(read, { groups = value }, { groups = "names" }, "it", null)
    return ok, ok and answer.groups or answer.message
  end

  it("are one, or a list of them, which may be empty", function()
    assert.same({ true, { "a" } }, { names "a" })
    assert.same({ true, { "a", "b" } }, { names { "a", "b" } })
    assert.same({ true, {} }, { names {} })
  end)

  it("are no object, number or list of anything else", function()
    for _, value in ipairs { { a = "b" }, 5, true, { 1 }, { "a", "" }, { { "a" } } } do
      local ok, why = names(value)
      assert.is_false(ok)
      assert.truthy(why:find("'groups' must be a string or a list of strings", 1, true), why)
    end
  end)
end)

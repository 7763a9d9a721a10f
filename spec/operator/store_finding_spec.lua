local store_finding = require "operator.store_finding"

local function of(path, check, list)
  return { store_finding.of({ store = { check = function() return table.unpack(check) end },
    files = { list = function(directory) return table.unpack(list and list(directory) or { {} }) end } }, path) }
end

describe("what is said of the store", function()
  it("is that it is sound", function() assert.same({ "good", "/s.db is sound" }, of("/s.db", { true })) end)

  it("is the host's words, and the remedy after their last semicolon", function()
    assert.same({ "problem", "store /s.db: it belongs to user 0; really", "chown 1000" },
      of("/s.db", { false, "store /s.db: it belongs to user 0; really; chown 1000" }))
  end)

  it("is to put it aside where the host has no remedy", function()
    assert.same({ "problem", "not a database", "put the file aside: the CPI makes a new one, and finds its objects again by name and tag" },
      of("/s.db", { false, "not a database" }))
  end)

  it("is that it will be made, where there is none and its directory is there", function()
    local asked = {}
    local function list(directory)
      asked[#asked + 1] = directory
      return { {} }
    end
    for _, path in ipairs { "/var/s.db", "/s.db", "s.db" } do
      assert.same({ "good", path .. " will be made by the first request" }, of(path, { false, "gone", true }, list))
    end
    assert.same({ "/var", "/", "." }, asked)
  end)

  it("is that its directory is missing", function()
    assert.same({ "problem", "there is no directory for /no/s.db (/no: No such file)", "make the directory of store.path" },
      of("/no/s.db", { false, "gone", true }, function() return { nil, "/no: No such file" } end))
  end)
end)

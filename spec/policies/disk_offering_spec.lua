local ours = require("tests.support.decision").ours

local small, large = { id = "1", name = "small", disksize = 10 }, { id = "2", name = "large", disksize = 50 }
local custom = { id = "3", name = "custom", iscustomized = true }
local on_host = { id = "4", name = "on-host", disksize = 10, storagetype = "local" }

local function answer(size, offerings, more)
  local facts = { size = size, offerings = offerings }
  for key, value in pairs(more or {}) do facts[key] = value end
  local given, why = ours("disk_offering", facts)
  return given and given.offering.name, given and given.size or why
end

describe("our policy of disk_offering, where nothing is configured,", function()
  it("takes the smallest fixed offering that is large enough, whatever their order", function()
    assert.equal("small", answer(10, { large, small, custom }))
    assert.equal("large", answer(11, { small, custom, large }))
    assert.is_nil(select(2, answer(10, { small })))
  end)

  it("takes a customised one, with the size, where no fixed one is large enough", function()
    assert.same({ "custom", 51 }, { answer(51, { small, large, custom }) })
  end)

  it("takes local storage only where no shared one is large enough", function()
    assert.equal("custom", answer(10, { on_host, custom }))
    assert.equal("on-host", answer(10, { on_host, custom }, { custom_most = 5 }))
  end)

  it("takes the first by name among equals", function()
    local twin = { id = "9", name = "a-twin", disksize = 10 }
    assert.equal("a-twin", answer(10, { small, twin }))
    assert.equal("a-twin", answer(10, { twin, small }))
  end)

  it("knows the size that a customised one may have at most", function()
    assert.same({ "custom", 60 }, { answer(60, { custom }, { custom_most = 60 }) })
    assert.same({ nil, "no disk offering gives 61 GB" }, { answer(61, { custom }, { custom_most = 60 }) })
  end)

  it("refuses a size that none gives", function()
    assert.same({ nil, "no disk offering gives 11 GB" }, { answer(11, { small }) })
    assert.same({ nil, "no disk offering gives 1 GB" }, { answer(nil, { { id = "5", name = "odd" } }) })
  end)
end)

describe("our policy of disk_offering, where one is configured,", function()
  it("takes it, by name or id, although a smaller one would do", function()
    assert.equal("large", answer(1, { small, large }, { wanted = "large" }))
    assert.equal("large", answer(1, { small, large }, { wanted = "2" }))
  end)

  it("refuses one that is not there, or too small, and says so", function()
    assert.same({ nil, "the configured disk offering 'none' does not exist" }, { answer(1, { small }, { wanted = "none" }) })
    assert.same({ nil, "the configured disk offering 'small' gives 10 GB, 20 GB are asked for" },
      { answer(20, { small, large }, { wanted = "small" }) })
    assert.same({ nil, "the configured disk offering 'custom' gives 60 GB, 70 GB are asked for" },
      { answer(70, { custom, large }, { wanted = "custom", custom_most = 60 }) })
  end)

  it("goes on with the disk's own one where a disk is there already", function()
    assert.equal("custom", answer(20, { small, custom }, { wanted = "small", current = "custom" }))
    assert.equal("large", answer(20, { large, small }, { wanted = "none", current = "small" }))
  end)

  it("prefers the disk's own one, then the fallback, to the smallest that fits", function()
    assert.equal("large", answer(1, { small, large, custom }, { current = "large", fallback = "custom" }))
    assert.equal("custom", answer(20, { small, large, custom }, { current = "small", fallback = "custom" }))
    assert.equal("large", answer(20, { small, large }, { fallback = "gone" }))
  end)
end)

local ours = require("tests.support.decision").ours

local function offering(name, cpu, memory) return { id = "id-" .. name, name = name, cpunumber = cpu, memory = memory } end
local function customised(name, details, more)
  local row = { id = "id-" .. name, name = name, iscustomized = true, serviceofferingdetails = details }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

-- The names of the answer in a row, or nil and the reason.
local function answer(cpu, ram, offerings, refused)
  local given, why = ours("service_offering", { cpu = cpu, ram = ram, offerings = offerings, refused = refused or {} })
  if not given then return nil, why end
  local names = {}
  for i, one in ipairs(given) do names[i] = one.name end
  return table.concat(names, " ")
end

describe("our policy of service_offering", function()
  local all = { offering("e", 8, 8192), offering("d", 4, 4096), offering("b", 2, 2048), offering("c", 4, 2048), offering("a", 1, 512) }

  it("tries the three smallest that fit: by memory, then CPUs, then name", function()
    assert.equal("b c d", answer(2, 1024, all))
    assert.equal("d e", answer(4, 4096, all))
    assert.equal("x y", answer(1, 1, { offering("y", 1, 1), offering("x", 1, 1) }))
  end)

  it("takes customised ones last, by name", function()
    assert.equal("e c1 c2", answer(8, 8192, { customised "c2", all[1], customised "c1" }))
  end)

  it("keeps to what a customised one fixes or allows", function()
    assert.equal("ok", answer(4, 1024, { customised("ok", { maxcpunumber = "4" }), customised("less", { maxcpunumber = "3" }) }))
    assert.equal("ok", answer(1, 1024, { customised("ok", {}, { memory = 1024 }), customised("less", {}, { memory = 1023 }) }))
    assert.is_nil(answer(1, 2147483648, { customised "all" }))
    assert.equal("all", answer(1, 2147483647, { customised "all" }))
  end)

  it("leaves out what was refused for want of room, and gives up after three", function()
    assert.equal("c d e", answer(2, 1024, all, { "id-b" }))
    assert.equal("e", answer(2, 1024, all, { "id-b", "id-d" }):match "e$")
    assert.same({ nil, "CloudStack has no room" }, { answer(1, 1, all, { "1", "2", "3" }) })
  end)

  it("leaves volatile ones to those that name them", function()
    local volatile = offering("v", 2, 2048)
    volatile.isvolatile = true
    assert.equal("c d e", answer(2, 1024, { volatile, all[1], all[2], all[4] }))
    assert.is_nil(answer(1, 1, { volatile }))
  end)

  it("names what none of them has", function()
    assert.same({ nil, "no service offering has 16 CPUs and 512 MB" }, { answer(16, 512, all) })
    assert.is_nil(answer(1, 1, { { id = "1", name = "odd" } }))
  end)
end)

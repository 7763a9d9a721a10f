local liveness = require "setup.liveness"

describe("liveness", function()
  it("knows this process by the locks beside the store", function()
    local used
    local process = { use = function(path) used = path end, identity = function() return "1.1" end,
      alive = function(owner) return owner == "2.2" end }
    local processes = liveness.of(process, { store = { path = "/var/store.db" } })
    assert.equal("/var/store.db.locks", used)
    assert.equal("1.1", processes.owner())
    assert.is_true(processes.alive "2.2")
    assert.is_false(processes.alive "3.3")
  end)

  it("takes an owner that cannot be read for one at work", function()
    local processes = liveness.of({ use = function() end, alive = function() error "not a text" end }, { store = { path = "/x" } })
    for _, owner in ipairs { 7, true, {} } do assert.is_true(processes.alive(owner)) end
    assert.is_true(processes.alive(nil))
  end)

  it("without a store has no owner, says why, and takes everybody for alive", function()
    local processes = liveness.of({}, { store = { path = "" } })
    assert.same({ nil, "there is no store" }, { processes.owner() })
    assert.is_true(processes.alive "1.1")
  end)
end)

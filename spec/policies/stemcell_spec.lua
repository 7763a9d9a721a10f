local ours = require("tests.support.decision").ours

local function template(id, more)
  local row = { id = id, director_uuid = "d", stemcell = "ubuntu/1", zone_id = "z1", ready = true }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

local function answer(...)
  return ours("stemcell", { name = "ubuntu", version = "1", director_uuid = "d", zone = { id = "z1" }, templates = { ... } })
end

describe("our policy of stemcell", function()
  it("uses the template of the same stemcell and director, ready or not", function()
    assert.same({ how = "existing", template = "t2" }, answer(template("t1", { zone_id = "z2" }), template("t2", { ready = false })))
  end)

  it("copies one of another zone, the first that is ready", function()
    assert.same({ how = "copy", template = "t2", from = "z3" }, answer(template("t1", { zone_id = "z2", ready = false }),
      template("t2", { zone_id = "z3" }), template("t3", { zone_id = "z4" })))
  end)

  it("leaves alone what is another stemcell's or director's, and uploads", function()
    assert.same({ how = "upload" }, answer(template("t1", { director_uuid = "other" }), template("t2", { stemcell = "ubuntu/2" }),
      template("t3", { zone_id = "z2", ready = false })))
    assert.same({ how = "upload" }, answer())
  end)
end)

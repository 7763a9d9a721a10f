local fake = require "tests.support.fake"
local templates = require "cloudstack.templates"

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"
local zone = { id = "z1", name = "zone1" }
local row = { id = ID, name = "cpitemplate-7d5d1a3e-52f5-4c6a", zoneid = "z1", isready = true }

describe("a stemcell's CID", function()
  it("has the form of the Go CPI, within 32 characters", function()
    local cid = templates.new_cid(ID)
    assert.equal("cpitemplate-7d5d1a3e-52f5-4c6a", cid)
    assert.is_true(#cid <= 32)
    assert.is_true(templates.is_ours(cid))
  end)

  it("of a light stemcell names somebody else's template", function()
    local cid = templates.light_cid(row)
    assert.equal("light-" .. ID, cid)
    assert.is_false(templates.is_ours(cid))
    assert.equal(ID, templates.wanted(cid))
    assert.same({ id = ID, templatefilter = "executable" }, templates.request(cid, "executable")[2])
  end)
end)

describe("a stemcell's template", function()
  it("is looked for by name", function()
    assert.same({ name = row.name, templatefilter = "self" }, templates.request(row.name, "self")[2])
  end)

  it("is the one of the zone, though CloudStack lists one row per zone", function()
    local twin = { id = ID, name = row.name, zoneid = "z2", isready = false }
    assert.equal(row, templates.pick({ twin, row }, row.name, zone))
  end)

  it("must be in the zone and ready", function()
    assert.equal("stemcell 'x' has no template in zone 'zone1'; zones that have it: none",
      fake.failure(templates.pick, { row }, "x", zone).message)
    local failure = fake.failure(templates.pick,
      { { id = "t", name = "x", zoneid = "z1", isready = false, status = "50% Downloaded" } }, "x", zone)
    assert.equal("the template of stemcell 'x' is not ready in zone 'zone1': 50% Downloaded", failure.message)
  end)
end)

describe("a stemcell's template in another zone", function()
  local function there(id, name, ready) return { id = id, name = name, zoneid = "z2", zonename = "zone2", isready = ready } end

  it("is to be copied where it is ours and ready", function()
    local ready = there("t1", row.name, true)
    assert.same({ ready, true }, { templates.pick({ there("t2", row.name, true), ready }, row.name, zone) })
    local on_its_way = { id = "t1", name = row.name, zoneid = "z1", isready = false }
    assert.same({ ready, true }, { templates.pick({ on_its_way, ready }, row.name, zone) })
    assert.equal(("stemcell '%s' has no template in zone 'zone1'; zones that have it: none"):format(row.name),
      fake.failure(templates.pick, { there("t1", row.name, false) }, row.name, zone).message)
  end)

  it("is left where it is when it is somebody else's", function()
    assert.equal(("stemcell 'light-%s' has no template in zone 'zone1'; zones that have it: zone2"):format(ID),
      fake.failure(templates.pick, { there(ID, "theirs", true) }, "light-" .. ID, zone).message)
  end)
end)

describe("deleting a template", function()
  local function delete(script)
    local cpi <close> = fake.cpi(script)
    templates.delete(cpi, row)
  end

  it("deletes it in all zones", function()
    delete { { "deleteTemplate", { id = ID }, job = { success = true }, without = { "zoneid", "forced" } } }
  end)

  for _, how in ipairs {
    { "deleteTemplate", {}, job_fails = "Unable to find Template with id 209", code = 431 },
    { "deleteTemplate", {}, code = 431, refuse = "Invalid parameter id value=x due to incorrect long value format, or "
      .. "entity does not exist or due to incorrect parameter annotation for the field in api cmd class." },
  } do
    it("that is gone is no failure: " .. (how.job_fails or "unknown id"), function() delete { how } end)
  end

  it("raises what else goes wrong", function()
    assert.equal("deleting template " .. row.name .. ": deleteTemplate: no image store (530)",
      fake.failure(delete, { { "deleteTemplate", {}, job_fails = "no image store", code = 530 } }).message)
  end)

  local in_use = { "deleteTemplate", {}, code = 431,
    job_fails = "Unable to delete template [x] because there are [1] VM instances using it." }

  it("that a VM uses is refused with the VM's name", function()
    local failure = fake.failure(delete, { in_use,
      { "listVirtualMachines", { templateid = ID }, { virtualmachine = { { name = "cpivm-1", state = "Running" } } } },
    })
    assert.equal("stemcell '" .. row.name .. "' is in use by VM cpivm-1", failure.message)
  end)

  it("that only a destroyed VM uses is forced", function()
    delete { in_use,
      { "listVirtualMachines", { templateid = ID }, { virtualmachine = { { name = "cpivm-1", state = "Destroyed" } } } },
      { "deleteTemplate", { id = ID, forced = true }, job = { success = true } },
    }
  end)
end)

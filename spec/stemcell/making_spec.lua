local fake = require "tests.support.fake"
local making = require "stemcell.making"
local rollback = require "base.rollback"
local twins = require "stemcell.twins"

-- (with an upload: spec/stemcell/upload_spec.lua; against others: spec/stemcell/twins_spec.lua)

local CID = "cpitemplate-7d5d1a3e-52f5-4c6a"

local function stemcell(more)
  local one = { cid = CID, zones = { { id = "z1", name = "zone1" } }, details = {}, os_type = { id = "o1" },
    file = { format = "QCOW2", hypervisor = "KVM" }, names = { display_name = "ubuntu 1.2", tags = { bosh_cid = CID } } }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

local tag = { "createTags", { resourceids = "t1", resourcetype = "Template" }, job = {} }
local function look(status, is_ready)
  local row = { id = "t1", zoneid = "z1", isready = is_ready, status = status }
  return { "listTemplates", { id = "t1", zoneid = "z1" }, { template = { row } } }
end
local function left(...) return { "listTemplates", { name = CID, templatefilter = "self" }, { template = { ... } } } end

-- -> ok, id or failure
local function run(script, way, one)
  script.store = true
  local cpi <close> = fake.cpi(script)
  local ok, result = pcall(function()
    local undo <close> = rollback(cpi)
    return making.run(cpi, one or stemcell(), way, undo)
  end)
  return ok, result, cpi
end

local function started() return "t1", { { id = "z1", name = "zone1" } } end

describe("a new template", function()
  it("is told its format, hypervisor and OS type, that VMs may be had from it, and what the site says", function()
    local cpi <close> = fake.cpi { settings = { cloudstack = { stemcell = { requires_hvm = false, public_visibility = true } } } }
    assert.same({ name = CID, displaytext = "ubuntu 1.2", format = "QCOW2", hypervisor = "KVM", ostypeid = "o1", isextractable = true,
      requireshvm = false, bits = 64, ispublic = true, ["details[0].rootDiskController"] = "scsi" },
      making.parameters(cpi, stemcell { details = { rootDiskController = "scsi" } }))
  end)

  it("is tagged, filled, and looked at until it is ready", function()
    local filled
    local ok, id, cpi = run({ tag, look("Uploading", false), look("Ready", true) },
      { start = started, fill = function(_, one) filled = one.cid end })
    assert.same({ true, "t1", CID }, { ok, id, filled })
    local _, text = next(cpi.store.tables.journal)
    assert.equal("t1", cpi.json.decode(text).id)
  end)

  it("of which the answer has no id is an error, and is looked for by its name", function()
    local ok, failure = run({ left() }, { start = function() return nil end })
    assert.is_false(ok)
    assert.equal("making the template of stemcell " .. CID .. ": the answer has no id", failure.message)
  end)

  it("that fails is deleted, and its journal entry is closed", function()
    local ok, failure, cpi = run({ tag, look("Download Error", false), left { id = "t1", name = CID },
      { "deleteTemplate", { id = "t1" }, job = {} } }, { start = started })
    assert.is_false(ok)
    assert.truthy(failure.message:find("Download Error", 1, true), failure.message)
    assert.same({}, cpi.store.tables.journal)
  end)

  it("that fails after an upload with an odd answer has that in its message", function()
    local one = stemcell { doubt = "HTTP 500" }
    local ok, failure = run({ tag, look("Upload Error", false), left(),
      { "deleteTemplate", { id = "t1" }, job_fails = "Unable to find Template with id 5", code = 431 } }, { start = started }, one)
    assert.is_false(ok)
    assert.truthy(failure.message:find("; the upload was answered by HTTP 500", 1, true), failure.message)
  end)

  it("that no list shows is deleted by its id", function()
    local ok, failure = run({ tag, look("Download Error", false), left(), { "deleteTemplate", { id = "t1" }, job = {} } },
      { start = started })
    assert.is_false(ok)
    assert.is_nil(failure.message:find("left behind", 1, true))
  end)

  it("that has the name of one that is there leaves that one alone", function()
    local ok = run({ tag, look("Download Error", false), left({ id = "t0", name = CID }, { id = "t1", name = CID }),
      { "deleteTemplate", { id = "t1" }, job = {} } }, { start = started }, stemcell { is_further = true, ignored = { t0 = true } })
    assert.is_false(ok)
  end)

  it("that is not ready in a further zone in time is a stemcell all the same", function()
    local function rows(...) return { "listTemplates", { id = "t1" }, { template = { ... } } } end
    local one, two = { id = "t1", zoneid = "z1", isready = true }, { id = "t1", zoneid = "z2", isready = false, status = "5%" }
    local script = { tag, settings = { cloudstack = { timeout = { poll_template = 1 } } } }
    for i = 2, 12 do script[i] = rows(one, two) end -- at 0, 0.1, ... 1 s
    script[13] = rows(one)
    local zones = { { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" } }
    local ok, id, cpi = run(script, { start = function() return "t1", zones end })
    assert.same({ true, "t1" }, { ok, id })
    assert.matches("not ready in zone 'zone2' after .*; going on: a VM there waits for it", table.concat(cpi.log.lines, "\n"))
  end)

  it("that may still appear keeps its journal entry", function()
    local ok, _, cpi = run({ { "registerTemplate", {}, fault = "closed", sent = true }, left() }, { start = function(cpi, one)
      making.begin(cpi, one, "registerTemplate", {})
    end })
    assert.is_false(ok)
    assert.truthy(next(cpi.store.tables.journal))
  end)

  it("that CloudStack refused keeps none", function()
    local ok, failure, cpi = run({ { "registerTemplate", {}, refuse = "no" }, left() }, { start = function(cpi, one)
      making.begin(cpi, one, "registerTemplate", {})
    end })
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.same({}, cpi.store.tables.journal)
  end)

  it("that another process makes too is given up, and what CloudStack keeps of it is in the journal for a later one", function()
    local one = stemcell { name = "ubuntu", version = "1", ignored = {}, file = { checksum = function() return "c0ffee" end },
      names = { display_name = "ubuntu 1", tags = { director_uuid = "d" } } }
    twins.mark(one.names.tags, one.name, one.version)
    local tags = { { key = "director_uuid", value = "d" } }
    for key, value in pairs(one.names.tags) do tags[#tags + 1] = { key = key, value = value } end
    local function script(refusal)
      local both = { { id = "t1", isready = true, tags = tags }, { id = "t0", isready = true, tags = tags } }
      return { tag, { "listTemplates", {}, { template = both } }, { "deleteTags", { resourceids = "t1" }, job = {} },
        { "deleteTemplate", { id = "t1" }, job_fails = refusal, job = not refusal and {} or nil, code = 431 } }
    end
    local function journal_after(refusal)
      local ok, id, cpi = run(script(refusal), { start = started }, one)
      assert.same({ true, nil }, { ok, id })
      cpi.journal.finish() -- the verb goes on with the other one, and well
      return cpi.store.tables.journal
    end
    assert.same({}, journal_after(nil))
    assert.truthy(next(journal_after "The template is either getting uploaded or it may be initiated shortly, please wait"))
  end)

  it("that cannot be tagged is made all the same, and the log has why", function()
    local lines = {}
    local ok, id = run({ { "createTags", {}, job_fails = "no tags here" }, look("Ready", true), capture = lines }, { start = started })
    assert.same({ true, "t1" }, { ok, id })
    assert.truthy(table.concat(lines, "\n"):find("warn .*no tags here"))
  end)
end)

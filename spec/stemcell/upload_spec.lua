local fake = require "tests.support.fake"
local making = require "stemcell.making"
local rollback = require "base.rollback"
local upload = require "stemcell.upload"

local CID = "cpitemplate-7d5d1a3e-52f5-4c6a"
local where = { getuploadparams = {
  id = "t1", postURL = "https://10.1.1.1/upload/u1", metadata = "META", signature = "SIGN", expires = "2026-01-01",
} }
local ask = { "getUploadParamsForTemplate", { name = CID, zoneid = "z1", ostypeid = "o1" }, where }
local tag = { "createTags", { resourceids = "t1", resourcetype = "Template" }, job = {} }

local function look(row)
  return { "listTemplates", { id = "t1", zoneid = "z1", templatefilter = "self" }, { template = { row } } }
end

local function find(row)
  return { "listTemplates", { name = CID, templatefilter = "self" }, { template = { row } } }
end
local ready = look { id = "t1", zoneid = "z1", isready = true }
local mine = { id = "t1", name = CID, zoneid = "z1", status = "Upload Not Started" }
local delete = { "deleteTemplate", { id = "t1" }, job = {} }

-- The upload in a verb's shape: -> uploads that were made, cpi
local function run(script, reply, details)
  local uploads = {}
  script.http = { upload = function(url, path, headers, form)
    uploads[#uploads + 1] = { url = url, path = path, headers = headers, form = form }
    return reply or { status = 200, body = "", seconds = 1 }
  end }
  local cpi <close> = fake.cpi(script)
  local undo <close> = rollback(cpi)
  making.run(cpi, {
    cid = CID, zones = { { id = "z1", name = "zone1" } }, details = details or {}, os_type = { id = "o1" },
    file = { path = "/image", size = 100, hypervisor = "KVM", format = "QCOW2", extension = "qcow2.bz2",
      media_type = "application/x-bzip" },
    names = { display_name = "ubuntu 1.2", tags = { bosh_cid = CID } },
  }, upload, undo)
  return uploads, cpi
end

describe("the upload of a stemcell", function()
  it("asks where to, sends the file there, and waits until the template is ready", function()
    local uploads = run {
      { "getUploadParamsForTemplate", {
        name = CID, displaytext = "ubuntu 1.2", format = "QCOW2", hypervisor = "KVM", zoneid = "z1", ostypeid = "o1",
        isextractable = true, requireshvm = true, bits = 64,
      }, where, without = { "ispublic" } }, tag, look { id = "t1", zoneid = "z1", isready = false, status = "10% Uploaded" }, ready,
    }
    assert.same({ {
      url = "https://10.1.1.1/upload/u1", path = "/image",
      headers = { ["X-signature"] = "SIGN", ["X-metadata"] = "META", ["X-expires"] = "2026-01-01" },
      form = { name = "file", filename = CID .. ".qcow2.bz2", type = "application/x-bzip" },
    } }, uploads)
  end)

  it("is public only where the site says so", function()
    run { { "getUploadParamsForTemplate", { ispublic = true }, where }, tag, ready,
      settings = { cloudstack = { stemcell = { public_visibility = true } } } }
  end)

  it("has the details that it is given", function()
    run({ { "getUploadParamsForTemplate", { ["details[0].rootDiskController"] = "virtio" }, where }, tag, ready }, nil,
      { rootDiskController = "virtio" })
  end)

  it("masks the signature that lets anybody upload", function()
    local _, cpi = run { ask, tag, ready }
    assert.same({ "SIGN" }, cpi.log.secrets)
  end)

  it("is not ready because another zone's row is", function()
    run { ask, tag, look { id = "t1", zoneid = "z1", isready = false, status = "" }, ready }
  end)

  it("looks less often the longer it takes", function()
    local script = { ask, tag }
    for _ = 1, 60 do script[#script + 1] = look { id = "t1", zoneid = "z1", isready = false, status = "Upload in progress" } end
    script[#script + 1] = ready
    local _, cpi = run(script)
    assert.is_true(cpi.clock.now() > 1000 + 15)
    assert.is_true(cpi.clock.slept[1] <= 0.1)
  end)

  it("goes on when the tags were refused, with a warning", function()
    local _, cpi = run { ask, { "createTags", {}, job_fails = "tag x is evil", code = 431 }, ready }
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("warn createTags: tag x is evil", 1, true))
  end)

  it("leaves nothing in the journal until the answer is written", function()
    local _, cpi = run { ask, tag, ready, store = true }
    local _, text = next(cpi.store.tables.journal)
    assert.same({ "stemcell", CID, "t1" },
      { fake.json.decode(text).kind, fake.json.decode(text).name, fake.json.decode(text).id })
  end)
end)

describe("an answer to the upload that is not the storage's", function()
  local function odd(body) return { status = 200, body = body, seconds = 1 } end

  it("says nothing of the image: it is looked for", function()
    for _, body in ipairs { '{"response":{}}', '{"errorresponse":{"errorcode":530}}', "[]" } do
      local _, cpi = run({ ask, tag, ready }, odd(body))
      assert.truthy(table.concat(cpi.log.lines, "\n"):find("looking whether CloudStack has the image", 1, true))
    end
    local _, cpi = run({ ask, tag, ready }, odd "upload successful.")
    assert.is_nil(table.concat(cpi.log.lines, "\n"):find("looking whether", 1, true))
  end)

  it("is told where the image does not come", function()
    local script = { ask, tag, look { id = "t1", zoneid = "z1", isready = false, status = "Upload error" }, look(mine), delete }
    local failed = fake.failure(run, script, odd '{"errorresponse":{"errorcode":530}}').message
    assert.truthy(failed:find("failed in zone", 1, true) and failed:find('answered by HTTP 200 with {"errorresponse"', 1, true), failed)
  end)

  it("is refused at once where it is a page", function()
    local failed = fake.failure(run, { ask, tag, look(mine), delete }, odd "<html>Sign in</html>").message
    assert.truthy(failed:find("HTTP 200 with Sign in", 1, true), failed)
  end)
end)

describe("an upload whose answer is lost", function()
  local lost = {
    ["no answer"] = { fault = "closed", text = "the server closed the connection", sent = true, complete = true },
    ["an answer that never comes"] = { fault = "timeout", text = "no answer for 300 s", sent = true, complete = true },
    ["a gateway's page"] = { status = 502, body = "<html>Bad Gateway</html>", complete = true },
    ["an internal error"] = { status = 500, body = "", complete = true },
    ["a second upload, because the first was taken"] = { status = 400, complete = true,
      body = "The one time post url is already used and the upload is in COMPLETED state." },
    ["a second upload while the first is looked at"] = { status = 400, complete = true,
      body = "The one time post url is already used and the upload is in IN_PROGRESS state." },
  }
  for what, reply in pairs(lost) do
    it("is kept where it becomes ready: " .. what, function()
      local _, cpi = run({ ask, tag, look { id = "t1", zoneid = "z1", isready = false, status = "Processing" }, ready }, reply)
      assert.truthy(table.concat(cpi.log.lines, "\n"):find("looking whether CloudStack has the image", 1, true))
    end)

    it("is deleted where it does not, and the message has both: " .. what, function()
      local why = fake.failure(run, { ask, tag, look { id = "t1", zoneid = "z1", status = "Upload error" }, find(mine), delete }, reply)
      assert.truthy(why.message:find("failed in zone 'zone1': Upload error; the upload was answered by", 1, true), why.message)
    end)
  end

  it("is refused at once where not all of it had left, or the storage says no", function()
    for _, reply in ipairs {
      { fault = "closed", text = "connection reset", sent = true, complete = false }, { status = 500, body = "", complete = false },
      { fault = "connect", text = "refused", sent = false, complete = false }, { status = 403, body = "no", complete = true },
      { status = 400, complete = true, body = "The one time post url is already used and the upload is in ERROR state." },
    } do
      assert.truthy(fake.failure(run, { ask, tag, find(mine), delete }, reply).message:find("^uploading stemcell"))
    end
  end)
end)

describe("an upload that fails", function()
  local function failure(script, reply)
    return fake.failure(run, script, reply)
  end

  it("fails fast when the template has failed, and deletes it", function()
    local why = failure { ask, tag, look { id = "t1", zoneid = "z1", status = "Upload error: not a valid image" }, find(mine), delete }
    assert.equal("the template of stemcell " .. CID .. " failed in zone 'zone1': Upload error: not a valid image", why.message)
  end)

  it("has a deadline that names the last state, and deletes the template", function()
    local script = { ask, tag, settings = { cloudstack = { timeout = { poll_template = 5 } } } }
    local began = 0
    while began < 41 do
      script[#script + 1] = look { id = "t1", zoneid = "z1", status = "Upload in progress" }
      began = began + 1
    end
    script[#script + 1], script[#script + 2] = find(mine), delete
    local why = failure(script)
    assert.truthy(why.message:find("is not ready in zone 'zone1' after 5 s; its last state: Upload in progress", 1, true), why.message)
  end)

  it("when the file does not get there deletes the template", function()
    local why = failure({ ask, tag, find(mine), delete }, { fault = "closed", text = "connection reset", sent = true, complete = false })
    assert.equal("uploading stemcell " .. CID .. ": connection reset", why.message)
  end)

  it("when the other side refuses the file says why", function()
    local why = failure({ ask, tag, find(mine), delete }, { status = 401, body = "signature\n is bad" })
    assert.equal("uploading stemcell " .. CID .. ": HTTP 401 with signature is bad", why.message)
  end)

  it("before anything was made leaves nothing to delete", function()
    local why = failure { { "getUploadParamsForTemplate", {}, refuse = "no image store", code = 530 }, find(nil) }
    assert.equal("getUploadParamsForTemplate: no image store (530)", why.message)
  end)

  it("because the reply was lost finds the template by its name, and asks no second time", function()
    failure { { "getUploadParamsForTemplate", {}, fault = "closed", sent = true }, find(mine), delete }
  end)

  it("and leaves the template behind names it", function()
    local why = failure { ask, tag, look { id = "t1", zoneid = "z1", status = "error" }, find(mine),
      { "deleteTemplate", {}, job_fails = "no", code = 530 } }
    assert.truthy(why.message:find("; left behind: stemcell " .. CID, 1, true), why.message)
  end)
end)

local errors = require "errors"
local fake = require "fake"
local upload_host = require "operator.upload_host"

-- (with the rest of a life: spec/commands/validate_spec.lua)

local ZONE = { id = "z", name = "zone1" }
local TARGET = { id = "t", postURL = "https://1-2-3-4.x.test/upload/u", metadata = "m", expires = "e", signature = "s" }

local function cloud(more)
  return fake.cpi { { "listHypervisors", { zoneid = "z" }, { hypervisor = { { name = "Ovm3" }, { name = "KVM" } } } },
    { "listOsTypes", {}, { ostype = { { id = "o", description = "Other PV (64-bit)" } } } },
    { "getUploadParamsForTemplate", { name = "n", format = "QCOW2", hypervisor = "KVM", ostypeid = "o", zoneid = "z" }, more } }
end

describe("the upload host", function()
  it("is named with an empty template", function()
    local cpi <close> = cloud { getuploadparams = TARGET }
    assert.same({ id = "t", name = "n", place = "https://1-2-3-4.x.test" }, upload_host.ask(cpi, "n", ZONE))
  end)

  it("is not known where the answer does not have it", function()
    local cpi <close> = cloud { getuploadparams = { id = "t" } }
    local ok, why = pcall(upload_host.ask, cpi, "n", ZONE)
    assert.is_false(ok)
    assert.equal("getUploadParamsForTemplate: the answer has no getuploadparams", why.message)
  end)

  it("is not asked for where the zone runs nothing of ours", function()
    local bare <close> = fake.cpi { { "listHypervisors", {}, { hypervisor = { { name = "LXC" } } } } }
    local ok, why = pcall(upload_host.ask, bare, "n", ZONE)
    assert.is_false(ok)
    assert.equal("zone 'zone1' has no hypervisor that stemcells are for", why.message)
  end)

  it("is asked beside the template, and any answer will do", function()
    local asked
    local cpi = { http = { upload = function(url, file)
      asked = { url, file }
      return { status = 405 }
    end } }
    assert.equal("https://h answers (HTTP 405)", upload_host.look(cpi, { place = "https://h" }, "/a/file"))
    assert.same({ "https://h/", "/a/file" }, asked)
    cpi.http.upload = function() return { fault = "connect", text = "Failed to connect to proxy.test port 3128" } end
    local ok, why = pcall(upload_host.look, cpi, { place = "https://h" }, "/a/file", "http://proxy.test:3128")
    assert.is_false(ok)
    assert.truthy(why.message:find("; it is the proxy http://proxy.test:3128: check env.https_proxy", 1, true), why.message)
  end)

  it("loses its template when CloudStack lets it go", function()
    local held = "The template is either getting uploaded or it may be initiated shortly, please wait for it to be completed"
    local cpi <close> = fake.cpi { { "deleteTemplate", { id = "t" }, job_fails = held, code = 431 },
      { "deleteTemplate", { id = "t" }, job = {} } }
    upload_host.close(cpi, { id = "t", name = "n" })
  end)

  it("keeps it, and says so, where CloudStack refuses for another reason", function()
    local other <close> = fake.cpi { { "deleteTemplate", { id = "t" }, job_fails = "never", code = 431 } }
    local ok, why = pcall(upload_host.close, other, { id = "t", name = "n" })
    assert.is_false(ok)
    assert.is_true(errors.is(why))
  end)
end)

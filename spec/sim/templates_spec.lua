local cloud = require "spec.sim.cloud"

local function upload_params(c, more)
  local params = { name = "stemcell", format = "VHD", hypervisor = "XenServer", zoneid = c.zone }
  for key, value in pairs(more or {}) do params[key] = value end
  return c:call("getUploadParamsForTemplate", params).getuploadparams
end

local function headers(params)
  return { ["X-signature"] = params.signature, ["X-metadata"] = params.metadata, ["X-expires"] = params.expires }
end

local FILE = { size = 1000, sha256 = "ab" }
local FORM = { filename = "image.vhd.bz2" }

local function mine(c, id)
  return c:rows("listTemplates", "template", { templatefilter = "self", id = id, zoneid = c.zone })[1]
end

describe("uploading a template", function()
  local c
  before_each(function() c = cloud.new() end)

  it("has parameters under another envelope and a row that is not ready", function()
    local _, key = c:reply("getUploadParamsForTemplate",
      { name = "stemcell", format = "VHD", hypervisor = "XenServer", zoneid = c.zone })
    assert.equal("postuploadtemplateresponse", key)
    local params = upload_params(c)
    assert.matches("/upload/" .. params.id:gsub("%-", "%%-") .. "$", params.postURL)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$", params.expires)
    local row = mine(c, params.id)
    assert.is_false(row.isready)
    assert.equal("Processing", row.status)
    assert.matches("^431 The template %d+ is not available for use$",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { templateid = params.id }))))
  end)

  it("makes it ready, and keeps size and digest for tests", function()
    local params = upload_params(c)
    local reply = c.sim.upload(params.postURL, FILE, headers(params), FORM)
    assert.equal(200, reply.status)
    assert.equal("upload successful.", reply.body)
    local row = mine(c, params.id)
    assert.is_true(row.isready)
    assert.equal("Download Complete", row.status)
    assert.same({ size = 1000, sha256 = "ab", filename = "image.vhd.bz2" }, c.sim.state().templates[2].uploaded)
    assert.equal("Running", c:vm("vm-a", { templateid = params.id }).state)
  end)

  it("takes its time where the cloud is set so", function()
    c = cloud.new { latency = { template = 5 } }
    local params = upload_params(c)
    c.sim.upload(params.postURL, FILE, headers(params), FORM)
    assert.is_false(mine(c, params.id).isready)
    assert.equal("UploadInProgress", c.sim.state().templates[2].state)
    c.sim.advance(6)
    assert.is_true(mine(c, params.id).isready)
  end)

  it("works once, in time, and with the headers as they were given", function()
    local params = upload_params(c)
    local function refused(changed, file)
      local all = headers(params)
      for name, value in pairs(changed) do all[name] = value end
      local reply = c.sim.upload(params.postURL, file or FILE, all, FORM)
      assert.equal(400, reply.status)
      return reply.body
    end
    assert.equal("signature, metadata and expires are compulsory fields.", refused { ["X-metadata"] = "" })
    assert.equal("signature validation failed.", refused { ["X-signature"] = "x" })
    assert.equal("signature validation failed.", refused { ["X-expires"] = "2030-01-01T00:00:00.000Z" })
    assert.equal("content length is not set in the request or has invalid value.", refused({}, { size = 0 }))
    c.sim.upload(params.postURL, FILE, headers(params), FORM)
    assert.equal("The one time post url is already used and the upload is in COMPLETED state.", refused {})
    params = upload_params(c)
    c.sim.advance(3601)
    assert.equal("request not valid anymore.", refused {})
  end)

  it("refuses a file of another format and says so in the row", function()
    local params = upload_params(c)
    local reply = c.sim.upload(params.postURL, FILE, headers(params), { filename = "image.qcow2" })
    assert.equal("File type mismatch between the sent file and the actual content. Received: qcow2", reply.body)
    c.sim.advance(61)
    local row = mine(c, params.id)
    assert.is_false(row.isready)
    assert.equal(reply.body, row.status)
  end)

  it("keeps a template until the server has looked at the storage again", function()
    local params = upload_params(c)
    local TEXT = "431 The template is either getting uploaded or it may be initiated shortly, please wait for it to be completed"
    assert.equal(TEXT, c:failed("deleteTemplate", { id = params.id }))
    c.sim.upload(params.postURL, FILE, headers(params), { filename = "image.qcow2" })
    assert.equal("Processing", mine(c, params.id).status)
    assert.equal(TEXT, c:failed("deleteTemplate", { id = params.id }))
    c.sim.advance(61)
    assert.matches("^File type mismatch", mine(c, params.id).status)
    c:job("deleteTemplate", { id = params.id })
  end)

  it("is given up after the time that the server grants", function()
    local params = upload_params(c)
    c.sim.advance(3700)
    assert.equal("UploadAbandoned", c.sim.state().templates[2].state)
    assert.is_false(mine(c, params.id).isready)
  end)

  it("counts against the account's limit", function()
    c = cloud.new { accounts = { { name = "bosh", limits = { template = 0 } } } }
    assert.matches("^535 Maximum amount of resources of Type = 'template'", (c:refused("getUploadParamsForTemplate",
      { name = "stemcell", format = "VHD", hypervisor = "XenServer", zoneid = c.zone })))
  end)
end)

describe("listTemplates", function()
  it("wants a filter that it knows", function()
    local c = cloud.new()
    assert.equal("431 Unable to execute API command listtemplates due to missing parameter templatefilter",
      (c:refused("listTemplates", {})))
    assert.equal("431 No enum constant com.cloud.template.VirtualMachineTemplate.TemplateFilter.bogus",
      (c:refused("listTemplates", { templatefilter = "bogus" })))
    assert.equal("431 Filter all can be specified by admin only", (c:refused("listTemplates",
      { templatefilter = "all" })))
    assert.equal(1, #c:rows("listTemplates", "template", { templatefilter = "all" }, "admin"))
    assert.same({}, c:call("listTemplates", { templatefilter = "self" }))
    local row = c:rows("listTemplates", "template", { templatefilter = "executable", name = "UBUNTU-builtin" })[1]
    assert.is_true(row.isready)
    assert.is_nil(row.status)
  end)

  it("answers a row per zone with the same id, even by id", function()
    local c = cloud.new { zones = { { name = "zone2" } } }
    local rows = c:rows("listTemplates", "template", { templatefilter = "featured", id = c.template })
    assert.equal(2, #rows)
    assert.equal(rows[1].id, rows[2].id)
    assert.not_equal(rows[1].zonename, rows[2].zonename)
    assert.equal(1, #c:rows("listTemplates", "template", { templatefilter = "featured", zoneid = c.zone }))
    assert.equal(1, #c:rows("listTemplates", "template", { templatefilter = "featured", showunique = true }))
  end)
end)

describe("registerTemplate", function()
  local c
  before_each(function() c = cloud.new() end)

  local function params(more)
    local out = { name = "t", format = "VHD", hypervisor = "XenServer", zoneid = c.zone,
      url = "http://192.0.2.2/x.vhd.bz2" }
    for key, value in pairs(more or {}) do out[key] = value end
    return out
  end

  it("answers an array for the one template", function()
    local payload = c:call("registerTemplate", params { ["details[0].rootDiskController"] = "virtio" })
    assert.equal(1, payload.count)
    assert.is_true(payload.template[1].isready)
    assert.same({ rootDiskController = "virtio" }, payload.template[1].details)
  end)

  it("refuses addresses, schemes, suffixes and hypervisors", function()
    local function refused(more) return (c:refused("registerTemplate", params(more))) end
    assert.equal("431 Illegal host specified in URL.", refused { url = "http://127.0.0.1/x.vhd" })
    assert.equal("530 " .. cloud.MASKED, refused { url = "ftp://x/x.vhd" })
    assert.equal("431 Please specify a valid qcow2", refused { format = "QCOW2" })
    assert.matches("^431 Hypervisor Type: NoHv is invalid. Supported Hypervisor types are: XenServer, KVM, VMware",
      refused { hypervisor = "NoHv" })
    assert.matches("^431 Template registered for 'All zones' can only be owned", refused { zoneid = "-1" })
  end)

  it("makes one template with a copy in each zone", function()
    c = cloud.new { zones = { { name = "zone2" } } }
    local state = c.sim.state()
    local both = state.zones[1].id .. "," .. state.zones[2].id
    local all = params { zoneids = both }
    all.zoneid = nil
    local payload = c:call("registerTemplate", all)
    assert.equal(2, payload.count)
    local id = payload.template[1].id
    c:job("deleteTemplate", { id = id, zoneid = state.zones[1].id })
    assert.equal(1, #c:rows("listTemplates", "template", { templatefilter = "self", id = id }))
  end)
end)

describe("deleteTemplate", function()
  it("refuses a template in use, also by a Destroyed VM, unless it is forced", function()
    local c = cloud.new()
    local id = c:call("registerTemplate", { name = "t", format = "VHD", hypervisor = "XenServer", zoneid = c.zone,
      url = "http://192.0.2.2/x.vhd" }).template[1].id
    local vm = c:vm("vm-a", { templateid = id })
    local text = '^431 Unable to delete template %[Template {"format":"VHD","id":%d+,"name":"t",.*}%] because there are %[1%] '
      .. "VM instances using it.$"
    assert.matches(text, c:failed("deleteTemplate", { id = id }))
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.matches(text, c:failed("deleteTemplate", { id = id }))
    c:job("deleteTemplate", { id = id, forced = true })
    assert.same({}, c:call("listTemplates", { templatefilter = "self", id = id }))
    assert.matches("^431 Unable to find Template with id %d+$", c:failed("deleteTemplate", { id = id }))
    assert.matches("^431 Unable to use template %d+$",
      (c:refused("deployVirtualMachine", c:deployment("vm-b", { templateid = id }))))
  end)

  it("leaves other people's alone", function()
    local c = cloud.new()
    assert.equal("530 Caller does not have permission to operate with provided resource.",
      c:failed("deleteTemplate", { id = c.template }))
  end)
end)

describe("copyTemplate", function()
  local c, from, to
  before_each(function()
    c = cloud.new { zones = { { name = "zone2" } } }
    local state = c.sim.state()
    from, to = state.zones[1].id, state.zones[2].id
  end)

  local function template()
    return c:call("registerTemplate", { name = "t", format = "VHD", hypervisor = "XenServer", zoneid = from,
      url = "http://192.0.2.2/x.vhd" }).template[1].id
  end

  local function zones_of(id)
    local list = {}
    for i, row in ipairs(c:rows("listTemplates", "template", { templatefilter = "executable", id = id })) do list[i] = row.zoneid end
    return list
  end

  it("makes a row of the same template in another zone, by either parameter", function()
    for _, parameter in ipairs { "destzoneid", "destzoneids" } do
      local id = template()
      assert.equal(id, c:job("copyTemplate", { id = id, sourcezoneid = from, [parameter] = to }).template.id)
      assert.same({ from, to }, zones_of(id))
      assert.equal(to, c:rows("listTemplates", "template", { templatefilter = "self", id = id, zoneid = to })[1].zoneid)
    end
  end)

  it("ends when the copies are ready", function()
    c = cloud.new { zones = { { name = "zone2" } }, latency = { template = 5 } }
    local id = template()
    c.sim.advance(6)
    local before = c.sim.clock.now()
    assert.is_true(c:job("copyTemplate", { id = id, sourcezoneid = from, destzoneid = to }).template.isready)
    assert.truthy(c.sim.clock.now() - before >= 5)
    c:job("copyTemplate", { id = id, sourcezoneid = from, destzoneid = to })
    assert.same({ from, to }, zones_of(id))
  end)

  it("refuses the same zone in its job, as it was seen to", function()
    local id = template()
    assert.equal("431 Please specify different source and destination zones.",
      c:failed("copyTemplate", { id = id, sourcezoneid = from, destzoneid = from }))
    assert.equal("530 Caller does not have permission to operate with provided resource.",
      c:failed("copyTemplate", { id = id, sourcezoneid = from, destzoneid = to }, "other"))
    assert.matches("^431 Either destzoneid", (c:refused("copyTemplate", { id = id, sourcezoneid = from })))
  end)
end)

-- Stemcells through the whole program: each hypervisor's image uploaded and fetched by URL, the same image once, several
-- zones, and nothing left of what fails.

local rig = require "rig"

local json = rig.json

local function tar(name, content)
  local head = name .. ("\0"):rep(100 - #name) .. "0000644\0" .. "0000000\0" .. "0000000\0" .. ("%011o\0"):format(#content)
    .. "00000000000\0" .. "        " .. "0" .. ("\0"):rep(100) .. "ustar\00000"
  return head .. ("\0"):rep(512 - #head) .. content .. ("\0"):rep(-#content % 512) .. ("\0"):rep(1024)
end

-- What each hypervisor's image begins with, and what becomes of it.
local hypervisors = {
  { name = "KVM", word = "kvm", content = "QFI\xFB" .. ("q"):rep(5000), format = "QCOW2", extension = ".qcow2" },
  { name = "XenServer", word = "xen", content = "BZh9" .. ("x"):rep(5000), format = "VHD", extension = ".vhd.bz2" },
  { name = "VMware", word = "esxi", content = tar("image.ovf", "<Envelope/>"), format = "OVA", extension = ".ova" },
  { name = "Simulator", word = "simulator", content = "conectix" .. ("v"):rep(5000), format = "VHD", extension = ".vhd" },
}

local function image(cloud, content)
  local path = cloud.directory .. "/image"
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  return path
end

local function request(path, properties, director)
  return { method = "create_stemcell", arguments = { path, properties, { tags = { team = "a" } } }, api_version = 3,
    context = { director_uuid = director or "director-1", request_id = "cpi-1" } }
end

local function create(cloud, path, properties, director)
  local run = cloud:cpi(request(path, properties, director))
  assert.equal(json.null, run.response.error, run.stdout .. run.stderr)
  return run.response.result
end

-- Templates that are not the world's.
local function made(cloud)
  local list = {}
  for _, template in ipairs(cloud:state().templates) do
    if template.name:find "^cpitemplate" then list[#list + 1] = template end
  end
  return list
end

local function count(cloud, command)
  local n = 0
  for _, one in ipairs(cloud:requests()) do n = n + (one.command == command and 1 or 0) end
  return n
end

describe("an image in a gzipped tar", function()
  it("is unpacked on its way: only root.img is uploaded", function()
    local cloud <close> = rig.start { world = { hypervisor = "KVM" } }
    local content = "QFI\xFB" .. ("q"):rep(3000000)
    image(cloud, content)
    os.execute(("cd %s && mv image root.img && echo x >readme && tar -czf image readme root.img"):format(rig.quote(cloud.directory)))
    create(cloud, cloud.directory .. "/image", { hypervisor = "kvm", name = "ubuntu", version = "1.2" })
    local template = made(cloud)[1]
    assert.same({ "QCOW2", #content }, { template.format, template.uploaded.size })
    assert.equal(require("host_native").bytes.sha256(content), template.uploaded.sha256)
    assert.truthy(template.uploaded.filename:find "%.qcow2$")
  end)
end)

for _, one in ipairs(hypervisors) do
  describe("a stemcell for " .. one.name, function()
    local properties = { hypervisor = one.word, name = "ubuntu", version = "1.2" }

    it("is uploaded under a name that CloudStack takes, and VMs can be made of it", function()
      local cloud <close> = rig.start { world = { hypervisor = one.name } }
      local cid = create(cloud, image(cloud, one.content), properties)
      local template = made(cloud)[1]
      assert.same({ one.format, one.name, #one.content }, { template.format, template.hypervisor, template.uploaded.size })
      assert.equal(cid .. one.extension, template.uploaded.filename)
      assert.same({ "a", "ubuntu/1.2", cid }, { template.tags.team, template.tags.bosh_stemcell, template.tags.bosh_cid })
      local run = cloud:cpi { method = "create_vm", api_version = 2, context = {}, arguments = { "a", cid,
        { compute_offering = "shared.small" }, { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } },
        json.array {}, {} } }
      assert.equal(json.null, run.response.error, run.stdout)
    end)

    it("is fetched by CloudStack from a URL", function()
      local cloud <close> = rig.start { world = { hypervisor = one.name, latency = { template = 0.2 } } }
      local url = "http://images.example.com/ubuntu" .. one.extension
      create(cloud, image(cloud, ""), { hypervisor = one.word, template_url = url, details = { rootDiskController = "virtio" } })
      local template = made(cloud)[1]
      assert.same({ one.format, one.name, url, { rootDiskController = "virtio" } },
        { template.format, template.hypervisor, template.url, template.details })
      assert.equal(0, count(cloud, "getUploadParamsForTemplate"))
    end)
  end)
end

describe("the same image", function()
  local KVM = { hypervisor = "kvm", name = "ubuntu", version = "1.2" }
  local content = hypervisors[1].content

  it("is uploaded once for a stemcell of a director, and again for another", function()
    local cloud <close> = rig.start { world = { hypervisor = "KVM" } }
    local path = image(cloud, content)
    local first = create(cloud, path, KVM)
    assert.equal(first, create(cloud, path, KVM))
    assert.equal(1, count(cloud, "getUploadParamsForTemplate"))
    assert.not_equal(first, create(cloud, path, KVM, "director-2"))
    assert.not_equal(first, create(cloud, path, { hypervisor = "kvm", name = "ubuntu", version = "1.3" }))
    assert.not_equal(first, create(cloud, image(cloud, content .. "x"), KVM))
    assert.equal(4, #made(cloud))
  end)

  it("is uploaded once by processes that begin at the same moment", function()
    local cloud <close> = rig.start { store = true, world = { hypervisor = "KVM", latency = { template = 0.1 } } }
    local path = image(cloud, content)
    for _ = 1, 4 do cloud:cpi_background(request(path, KVM)) end
    local cids = {}
    for i = 1, 4 do
      local answer = rig.wait(function()
        local file = io.open(("%s/run%d.out"):format(cloud.directory, i))
        local text = file and file:read "a" or ""
        if file then file:close() end
        return text:find "\n$" and json.decode(text)
      end, 60)
      assert.equal(json.null, answer.error, json.encode(answer))
      cids[answer.result] = true
    end
    -- CloudStack keeps those that were given up until the time for their upload is over; the journal leads to them.
    local ready = {}
    for _, template in ipairs(made(cloud)) do ready[template.name] = template.state == "Active" or nil end
    assert.same(ready, cids)
    assert.equal(1, count(cloud, "upload"))
  end)

  it("is copied to the zone of another CPI, and to all zones where the site says so; uploaded again where it is not copied", function()
    local function cluster(zone)
      return { name = "c-" .. zone, zone = zone, pools = { { name = "p-" .. zone } }, hosts = { { name = "h-" .. zone } } }
    end
    local cloud <close> = rig.start { world = { hypervisor = "KVM", zones = { { name = "zone2" }, { name = "zone3" } },
      clusters = { cluster "zone2", cluster "zone3" } } }
    local path, url = image(cloud, content), "http://images.example.com/ubuntu.qcow2"
    local function of(version, zone, more)
      return { hypervisor = "kvm", name = "ubuntu", version = version, zone = zone, template_url = more }
    end
    local first = create(cloud, path, of("1.2", nil, url))
    assert.equal(0, count(cloud, "getUploadParamsForTemplate"))
    local uploaded = create(cloud, path, of "1.3")
    assert.not_equal(uploaded, create(cloud, path, of("1.3", "zone2")))
    assert.equal(2, count(cloud, "getUploadParamsForTemplate"))
    assert.equal(1, count(cloud, "copyTemplate"))
    local config = json.decode(io.open(cloud.config):read "a")
    config.cloudstack.stemcell = { zones = { "*" } }
    io.open(cloud.config, "w"):write(json.encode(config)):close()
    local other, registered = create(cloud, path, of "2"), create(cloud, path, of("3", nil, url))
    for name, rows_wanted in pairs { [first] = 1, [other] = 3, [registered] = 3 } do
      local rows = cloud:api("listTemplates", { name = name, templatefilter = "executable" }).template
      assert.equal(rows_wanted, #rows)
      assert.equal(json.null, cloud:cpi({ method = "delete_stemcell", arguments = { name }, context = {} }).response.error)
    end
    assert.equal(2, #made(cloud)) -- those of 1.3
  end)
end)

describe("the template of a stemcell", function()
  it("is copied to a zone once for VMs that begin there at the same moment, and deleted from all zones", function()
    local cloud <close> = rig.start { role = "bosh", world = { hypervisor = "KVM", latency = { template = 0.3 },
      zones = { { name = "zone2" } }, clusters = { { name = "c2", zone = "zone2", pools = { { name = "p2", size = 1024 } },
        hosts = { { name = "h2", cpu = 16, mhz = 4000, memory = 65536, pool = 1024 } } } },
      networks = { { name = "net-two", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1",
        account = "bosh" } } } }
    local cid = create(cloud, image(cloud, hypervisors[1].content), { hypervisor = "kvm", name = "ubuntu", version = "1.2",
      template_url = "http://images.example.com/ubuntu.qcow2" })
    local networks = { default = { type = "dynamic", cloud_properties = { name = "net-two" } } }
    for i = 1, 3 do
      cloud:cpi_background { method = "create_vm", context = { director_uuid = "d" }, api_version = 2, arguments = json.array {
        "agent-" .. i, cid, { compute_offering = "shared.small", zone = "zone2" }, networks, json.array {}, {} } }
    end
    local vms = {}
    for i = 1, 3 do
      local answer = rig.wait(function()
        local file = io.open(("%s/run%d.out"):format(cloud.directory, i + 1))
        local text = file and file:read "a" or ""
        if file then file:close() end
        return text:find "\n$" and json.decode(text)
      end, 60)
      assert.equal(json.null, answer.error, json.encode(answer))
      vms[i] = answer.result[1]
    end
    assert.equal(1, count(cloud, "copyTemplate"))
    for _, vm in ipairs(vms) do
      assert.equal(json.null, cloud:cpi({ method = "delete_vm", arguments = { vm }, context = {} }).response.error)
    end
    assert.equal(json.null, cloud:cpi({ method = "delete_stemcell", arguments = { cid }, context = {} }).response.error)
    assert.same({}, made(cloud))
  end)
end)

describe("an upload whose answer is lost", function()
  it("is kept where the image is there, and sent once", function()
    for _, fault in ipairs { { fault = "lose" }, { fault = "status", status = 502, body = "bad gateway", after = true } } do
      local cloud <close> = rig.start { world = { hypervisor = "KVM" } }
      fault.command = "upload"
      cloud:faults { fault }
      local cid = create(cloud, image(cloud, hypervisors[1].content), { hypervisor = "kvm", name = "ubuntu", version = "1.2" })
      assert.same({ cid, "Active", 1 }, { made(cloud)[1].name, made(cloud)[1].state, #made(cloud) })
      assert.equal(1, count(cloud, "upload"))
    end
  end)
end)

describe("a stemcell that fails", function()
  local KVM = { hypervisor = "kvm", name = "ubuntu", version = "1.2" }
  local cases = {
    ["the upload"] = { command = "upload", fault = "status", status = 500 },
    ["a lost answer"] = { command = "getUploadParamsForTemplate", fault = "lose" },
  }

  it("leaves nothing", function()
    local cloud <close> = rig.start { store = true, world = { hypervisor = "KVM", -- which gives uploads up at once that fail or never begin
      settings = { ["upload.operation.timeout"] = 0.02, ["upload.monitoring.interval"] = 1 } } }
    local path = image(cloud, hypervisors[1].content)
    for what, fault in pairs(cases) do
      cloud:faults { fault }
      local run = cloud:cpi(request(path, KVM))
      assert.equal("Bosh::Clouds::CloudError", run.response.error ~= json.null and run.response.error.type, what)
      assert.is_nil(run.response.error.message:find("left behind", 1, true), what)
      assert.same({}, made(cloud), what)
    end
  end)

  it("because image and hypervisor do not go together sends nothing", function()
    local cloud <close> = rig.start { world = { hypervisor = "XenServer" } }
    local run = cloud:cpi(request(image(cloud, hypervisors[1].content), { hypervisor = "xen" }))
    assert.equal("the stemcell's image is a QCOW2, hypervisor XenServer takes VHD", run.response.error.message)
    assert.same({}, cloud:requests())
  end)
end)

describe("a stemcell that is published", function()
  local KVM = { hypervisor = "kvm", name = "ubuntu", version = "1.2" }
  local content = hypervisors[1].content

  local function publishing(world)
    local cloud = rig.start { store = true, world = world, config = {
      templates = { url = "http://192.0.2.6:6902/" },
      policies = { directory = rig.policies { stemcell = [[return { api = 1, decide = function(facts, default)
        local answer = default(facts)
        return answer.how == "upload" and "publish" or answer
      end }]] } } } }
    local config = json.decode(io.open(cloud.config):read "a")
    config.templates.directory = cloud.directory .. "/published"
    os.execute("mkdir " .. rig.quote(config.templates.directory))
    io.open(cloud.config, "w"):write(json.encode(config)):close()
    return cloud, config.templates.directory
  end

  local function names(directory)
    local list = {}
    for name in io.popen("ls -A " .. rig.quote(directory)):lines() do list[#list + 1] = name end
    return list
  end

  it("is served until CloudStack has it, to who knows its name", function()
    local cloud <close>, directory = publishing { hypervisor = "KVM", latency = { template = 3600 } }
    local simulator, url = cloud.base_url, cloud:daemon "templates"
    cloud:cpi_background(request(image(cloud, content), KVM))
    local template = rig.wait(function() return made(cloud)[1] end, 20)
    local path = template.url:match "^http://192%.0%.2%.6:6902(/%d+%-%x+%.qcow2)$"
    assert.equal("{SHA-256}" .. require("host_native").bytes.sha256(content), template.checksum)

    cloud.base_url = url
    local body, told = cloud:curl(path)
    assert.same({ 200, content }, { told.code, body })
    body, told = cloud:curl(path, "-r 5000-")
    assert.same({ 206, content:sub(5001) }, { told.code, body })
    assert.equal(200, select(2, cloud:curl(path, "-I")).code)
    assert.equal(416, select(2, cloud:curl(path, "-r 5004-")).code)
    assert.equal(404, select(2, cloud:curl("/")).code)
    assert.equal(404, select(2, cloud:curl("/../cpi.json", "--path-as-is")).code)
    cloud.base_url = simulator
    assert.equal(1, #names(directory))
    cloud:clock(7200)
    rig.wait(function()
      local file = io.open(cloud.directory .. "/run1.out")
      local text = file and file:read "a" or ""
      if file then file:close() end
      return text:find "\n$"
    end, 30)
    assert.same({}, names(directory))
  end)

  it("is served as a file of its own alone", function()
    local cloud <close>, directory = publishing { hypervisor = "KVM" }
    local quoted = rig.quote(directory)
    cloud.base_url = cloud:daemon "templates"
    local function name(digit) return ("%d-%s.qcow2"):format(os.time(), digit:rep(32)) end
    local planted = { ["a symlink"] = { "ln -s /etc/passwd %s/%s", "1" }, ["a FIFO"] = { "mkfifo %s/%s", "2" },
      ["a directory"] = { "mkdir %s/%s", "3" }, ["a symlink to nothing"] = { "ln -s nowhere %s/%s", "4" } }
    for what, row in pairs(planted) do
      assert(os.execute(row[1]:format(quoted, name(row[2]))))
      local body, told = cloud:curl("/" .. name(row[2]), "--max-time 5")
      assert.same({ 404, "" }, { told.code, body }, what)
    end
    local told = assert(io.open(cloud.directory .. "/templates.err")):read "a"
    assert.truthy(told:find("a file that is asked for cannot be sent: it is a symlink, not a regular file", 1, true), told)
    assert.is_nil(told:find(("1"):rep(32), 1, true))
  end)

  it("is what a symlink leads to, when that is what BOSH names", function()
    local cloud <close>, directory = publishing { hypervisor = "KVM", latency = { template = 3600 } }
    os.execute(("ln -s %s %s/link"):format(rig.quote(image(cloud, content)), rig.quote(cloud.directory)))
    cloud:cpi_background(request(cloud.directory .. "/link", KVM))
    rig.wait(function() return made(cloud)[1] end, 20)
    local name = names(directory)[1]
    assert.truthy(os.execute(("test -f %s/%s && ! test -L %s/%s"):format(directory, name, directory, name)))
  end)

  it("is taken away when it fails", function()
    local cloud <close>, directory = publishing { hypervisor = "KVM" }
    cloud:faults { { command = "registerTemplate", fault = "status", status = 431, body = "Illegal host specified in URL." } }
    local run = cloud:cpi(request(image(cloud, content), KVM))
    assert.equal("Bosh::Clouds::CloudError", run.response.error.type)
    assert.same({}, names(directory))
    assert.same({}, made(cloud))
  end)

  it("needs a place, and no archive around it", function()
    local cloud <close> = rig.start { config = { policies = { directory =
      rig.policies { stemcell = [[return { api = 1, decide = function() return "publish" end }]] } } } }
    local run = cloud:cpi(request(image(cloud, content), KVM))
    assert.equal("publishing a stemcell needs templates.directory and templates.url", run.response.error.message)
  end)
end)

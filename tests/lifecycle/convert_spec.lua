-- A stemcell on its way through the whole program: converted, inspected, uploaded or published, and fetched as it is. And what
-- is left of a conversion that is interrupted.

local manifest = require "workshop.manifest"
local native = require "host_native"
local rig = require "rig"
local stemcells = require "stemcells"

local json = rig.json

local function names(directory)
  return (stemcells.must("ls -A '%s'", directory))
end

-- Runs a command of the program without a configuration.
local function cpi(directory, ...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = rig.quote(word) end
  local pipe = assert(io.popen(("cd '%s' && %s %s 2>&1"):format(directory, rig.quote(rig.program "cpi"), table.concat(words, " "))))
  local text = pipe:read "a"
  local _, _, code = pipe:close()
  return text, code
end

local KINDS = {
  kvm = { world = "KVM", format = "QCOW2", extension = "qcow2" },
  xen = { world = "XenServer", format = "VHD", extension = "vhd.bz2" },
  vmware = { world = "VMware", format = "OVA", extension = "ova" },
}

describe("a stemcell of bosh.io", function()
  local directory
  setup(function()
    directory = stemcells.must "mktemp -d":match "%S+"
    stemcells.make(directory, "published.tgz", {})
  end)
  teardown(function() os.execute("rm -rf '" .. directory .. "'") end)

  -- The converted stemcell of a hypervisor: its image's path, its cloud_properties.
  local function converted(word)
    local file = word .. ".tgz"
    if not os.execute(("test -e '%s/%s'"):format(directory, file)) then
      local said, code = cpi(directory, "stemcell", "convert", "published.tgz", file, "--hypervisor", word)
      assert.equal(0, code, said)
      local verdict, whether = cpi(directory, "stemcell", "inspect", file)
      assert.equal(0, whether, verdict)
      stemcells.must("cd '%s' && tar xzf %s image && mv image %s.image", directory, file, word)
    end
    local mf = manifest.read(stemcells.must("tar xzOf '%s/%s' stemcell.MF", directory, file))
    return ("%s/%s.image"):format(directory, word), mf:map "cloud_properties"
  end

  local function request(...)
    return { method = "create_stemcell", arguments = { ... }, api_version = 2, context = { director_uuid = "d-1", request_id = "r-1" } }
  end

  local function made(cloud)
    for _, template in ipairs(cloud:state().templates) do
      if template.name:find "^cpitemplate" then return template end
    end
  end

  it("is refused as it is, and nothing of it is sent", function()
    local cloud <close> = rig.start { world = { hypervisor = "KVM" } }
    stemcells.must("cd '%s' && tar xzf published.tgz image", directory)
    local run = cloud:cpi(request(directory .. "/image", { infrastructure = "openstack", hypervisor = "kvm", name = "bosh-openstack" }))
    assert.equal("Bosh::Clouds::CloudError", run.response.error.type)
    assert.truthy(run.response.error.message:find("`cpi stemcell convert` makes one of it", 1, true), run.stdout)
    assert.same({}, { table.unpack(cloud:requests()) })
  end)

  it("has its formats in info where the site takes it", function()
    local cloud <close> = rig.start { config = { cloudstack = { stemcell = { any_infrastructure = true } } } }
    local function formats(context)
      return table.concat(cloud:cpi({ method = "info", arguments = json.array {}, context = context }).response.result.stemcell_formats,
        " ")
    end
    assert.truthy(formats({ director_uuid = "d" }):find("openstack-qcow2", 1, true))
    assert.is_nil(formats({ director_uuid = "d", cloudstack = { stemcell = { any_infrastructure = false } } }):find("openstack", 1, true))
  end)

  for word, kind in pairs(KINDS) do
    it("is uploaded when it was converted for " .. kind.world, function()
      local cloud <close> = rig.start { world = { hypervisor = kind.world } }
      local run = cloud:cpi(request(converted(word)))
      assert.equal(json.null, run.response.error, run.stdout .. run.stderr)
      assert.same({ kind.format, kind.world }, { made(cloud).format, made(cloud).hypervisor })
    end)

    it("is served to CloudStack when it was converted for " .. kind.world, function()
      local cloud <close> = rig.start { store = true, world = { hypervisor = kind.world, latency = { template = 3600 } }, config = {
        templates = { url = "http://192.0.2.6:6902/" }, policies = { directory = rig.policies { stemcell =
          [[return { api = 1, decide = function() return "publish" end }]] } } } }
      local config = json.decode(io.open(cloud.config):read "a")
      config.templates.directory = cloud.directory .. "/published"
      os.execute("mkdir " .. rig.quote(config.templates.directory))
      io.open(cloud.config, "w"):write(json.encode(config)):close()
      local image, properties = converted(word)
      local simulator, url = cloud.base_url, cloud:daemon "templates"
      cloud:cpi_background(request(image, properties))
      local template = rig.wait(function() return made(cloud) end, 20)
      local path, extension = template.url:match "^http://192%.0%.2%.6:6902(/%d+%-%x+%.([%w.]+))$"
      assert.same({ kind.extension, kind.format }, { extension, template.format })
      cloud.base_url = url
      local body, told = cloud:curl(path)
      assert.equal(200, told.code)
      assert.equal(template.checksum, "{SHA-256}" .. native.bytes.sha256(body))
      cloud.base_url = simulator
    end)
  end
end)

describe("a conversion whose caller ignores SIGCHLD", function()
  local directory
  before_each(function() directory = stemcells.must "mktemp -d":match "%S+" end)
  after_each(function() os.execute("rm -rf '" .. directory .. "'") end)

  it("waits for its programs all the same", function()
    stemcells.make(directory, "published.tgz", {})
    stemcells.must("cd '%s' && env --ignore-signal=CHLD %s stemcell convert published.tgz out.tgz --hypervisor kvm", directory,
      rig.program "cpi")
  end)
end)

describe("a conversion that is interrupted", function()
  local directory
  before_each(function()
    directory = stemcells.must "mktemp -d":match "%S+"
    stemcells.make(directory, "published.tgz", {})
    -- A bzip2 that never ends, and says that it was begun.
    stemcells.must("mkdir '%s/bin' && printf '#!/bin/sh\\necho $$ >%s/begun\\nexec sleep 1000\\n'"
      .. " >'%s/bin/bzip2' && chmod +x '%s/bin/bzip2'",
      directory, directory, directory, directory)
  end)
  after_each(function() os.execute(("cd '%s' && kill -9 $(cat begun pid) 2>/dev/null; rm -rf '%s'"):format(directory, directory)) end)

  local function read(name)
    local file = io.open(directory .. "/" .. name)
    if not file then return nil end
    local text = file:read "a"
    file:close()
    return text
  end

  -- signal: a shell command with the pid of the program, which leads a process group of its own.
  local function interrupt(signal)
    -- A shell ignores SIGINT in what it starts behind it.
    os.execute(("cd '%s' && (PATH=\"$PWD/bin:$PATH\" env --default-signal=INT setsid sh -c 'echo $$ >pid; "
      .. "exec %s stemcell convert published.tgz out.tgz --hypervisor xen' "
      .. ">said 2>&1; echo $? >code) &"):format(directory, rig.program "cpi"))
    local program = rig.wait(function() return (read "begun" or ""):match "^(%d+)\n" end, 30)
    os.execute(signal:format(read "pid":match "%d+"))
    rig.wait(function() return (read "code" or ""):match "\n" end, 30)
    return tonumber(read "code"), read "said", program
  end

  for what, signal in pairs { ["Ctrl-C, which reaches all of it"] = "env kill -INT -- -%s",
    ["a signal to the program alone"] = "kill -TERM %s" } do
    it("leaves no file, no directory and no program: " .. what, function()
      local code, said, program = interrupt(signal)
      assert.equal(1, code)
      assert.matches("^cpi: interrupted: SIG%u+ arrived\n$", said)
      assert.equal("begun\nbin\ncode\npid\npublished.tgz\nsaid\n", names(directory))
      assert.is_not_true((os.execute(("kill -0 %s 2>/dev/null"):format(program))))
    end)
  end
end)

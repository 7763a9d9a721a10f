local agent = require "workshop.agent"
local native = require "host_native"
local stemcells = require "stemcells"
local workbench = require "workbench"

local json = native.json

-- A root file system that has these files.
local function root(files)
  return { read = function(_, path) return files[path] end }
end

local function look(agent_json, more)
  local files = { ["/var/vcap/bosh/agent.json"] = agent_json }
  for path, text in pairs(more or {}) do files[path] = text end
  return agent.look(workbench.host(), root(files))
end

local function with_source(source)
  return json.encode { Infrastructure = { Settings = { Sources = json.array { source } } } }
end

describe("the agent of a stemcell", function()
  it("does not find its settings on CloudStack where those of other infrastructures look", function()
    local seen = look(stemcells.AGENTS.openstack, { ["/var/vcap/bosh/etc/infrastructure"] = "openstack" })
    assert.same({ false, "openstack", false }, { seen.boots, seen.infrastructure, seen.finder })
    assert.same({ "File /var/vcap/bosh/agent-bootstrap-env.json", "ConfigDrive ec2/latest/user-data", "HTTP http://169.254.169.254" },
      seen.sources)
    assert.is_false(look(stemcells.AGENTS.vsphere).boots)
    assert.is_false(look(with_source { Type = "InstanceMetadata", URI = "http://169.254.169.254" }).boots)
    assert.is_false(look(stemcells.AGENTS.cloudstack).boots, "mdproxy4cs is not installed")
    for _, text in ipairs { "", "null", "[]", "{", '{"Infrastructure":1}', '{"Infrastructure":{"Settings":{"Sources":{}}}}' } do
      assert.is_false(look(text).boots, text)
    end
  end)

  it("finds them by the proxy of XenServer's stemcells, at data-server, on CloudStack's config drive, or by the finder", function()
    local function why(...) return look(...).why:match "^it finds its settings (.*)" end
    assert.equal("by mdproxy4cs, which finds the virtual router", why(stemcells.AGENTS.cloudstack, { ["/usr/bin/mdproxy4cs"] = "ELF" }))
    assert.equal("at data-server, where the router's DNS serves the VM", why(with_source { Type = "HTTP", URI = "http://data-server" }))
    assert.equal("on a config drive, in networks that have one", why(with_source { Type = "ConfigDrive",
      UserDataPath = "openstack/latest/user_data" }))
    local changed = {}
    for _, file in ipairs((agent.changes(workbench.host(), stemcells.AGENTS.openstack))) do changed[file.path] = file.text end
    assert.equal("by the metadata finder", why(changed["/var/vcap/bosh/agent.json"], changed))
  end)

  it("is given the finder, and keeps what it knows of its platform", function()
    local files, links = agent.changes(workbench.host(), stemcells.AGENTS.openstack)
    local by_path = {}
    for _, file in ipairs(files) do by_path[file.path] = file end
    local now = json.decode(by_path["/var/vcap/bosh/agent.json"].text)
    assert.same({ PartitionerType = "parted", CreatePartitionIfNoEphemeralDisk = true, DevicePathResolutionType = "virtio" },
      now.Platform.Linux)
    assert.same({ "ConfigDrive", "HTTP" }, { now.Infrastructure.Settings.Sources[1].Type, now.Infrastructure.Settings.Sources[2].Type })
    now.Infrastructure.Settings.Sources = json.array { "@SOURCES@" }
    assert.same(now, json.decode(by_path["/var/vcap/bosh/etc/cloudstack-agent.json"].text))
    assert.equal("cloudstack\n", by_path["/var/vcap/bosh/etc/infrastructure"].text)
    assert.same({ native.files.read "stemcell/metadata-finder/cloudstack-metadata", 493 },
      { by_path["/var/vcap/bosh/bin/cloudstack-metadata"].text, by_path["/var/vcap/bosh/bin/cloudstack-metadata"].mode })
    assert.equal(native.files.read "stemcell/metadata-finder/cloudstack-metadata.service", by_path[links[1].target].text)
    assert.equal("scsi", json.decode(stemcells.AGENTS.vsphere).Platform.Linux.DevicePathResolutionType)
    assert.equal("virtio", json.decode((agent.changes(workbench.host(),
      stemcells.AGENTS.vsphere))[1].text).Platform.Linux.DevicePathResolutionType)
  end)

  it("is refused where agent.json is not JSON, and where the finder is not installed", function()
    local ok, failure = pcall(agent.changes, workbench.host(), "{")
    assert.matches("^the stemcell's /var/vcap/bosh/agent.json is not JSON", not ok and failure.message)
    ok, failure = pcall(agent.changes, workbench.host { lua_dir = "/none/lua" }, "{}")
    assert.matches("metadata%-finder.*; install the CPI again$", not ok and failure.message)
  end)
end)

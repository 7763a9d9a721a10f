-- The ops files and manifests that we ship: each is applied, and what comes out means something to the job and the CPI.
-- Where the bosh CLI is in PATH (or BOSH names it) its `interpolate` must come to the same.

local cloud_properties = require "request.cloud_properties"
local job = require "job"
local native = require "host_native"
local rig = require "rig"
local settings = require "setup.settings"

local json, quote = native.json, rig.quote
local OPS, BASE, OF_GO = "bosh-release/ops/%s.yml", "tests/job/manifests/base.yml", "tests/job/manifests/of-go-release.yml"
local CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

local variables = {
  internal_cidr = "10.0.0.0/24", internal_gw = "10.0.0.1", internal_ip = "10.0.0.6", director_name = "bosh",
  mbus_bootstrap_ssl = { ca = "c", certificate = "c", private_key = "k" }, mbus_bootstrap_password = "mbus-password",
  network_name = "bosh-net", cloudstack_endpoint = "https://cloud.example.com/client/api", cloudstack_api_key = "API",
  cloudstack_secret_access_key = "SECRET", cloudstack_default_key_name = "bosh", cloudstack_zone = "zone-1",
  cloudstack_zone_1 = "zone-1", cloudstack_zone_2 = "zone-2",
  cloudstack_compute_offering = "shared.medium", stemcell_url = "https://example.com/s.tgz", stemcell_sha1 = "0",
  cloudstack_cpi_url = "file:///tmp/cloudstack_cpi.tgz", cloudstack_cpi_sha1 = "1", cloudstack_ca_cert = CERTIFICATE,
  cloudstack_policies = { failed_vm = 'return { api = 1, decide = function() return "keep" end }\n' },
  cloudstack_policies_directory = "/var/vcap/jobs/site/policies", cloudstack_project = "bosh-production",
  registry_password = "registry-password", private_key = "key",
}

local function interpolated(manifest, ops)
  local file = os.tmpname()
  local words = { "ruby tests/job/go_patch.rb", manifest }
  for _, path in ipairs(ops) do words[#words + 1] = path:find "/" and path or OPS:format(path) end
  local handle = assert(io.open(file, "w"))
  handle:write(json.encode(variables))
  handle:close()
  local text = job.run(("%s <%s"):format(table.concat(words, " "), quote(file)))
  os.remove(file)
  local answer = assert(json.decode(text))
  return answer.document, answer.missing
end

-- The base manifest with ops files; every variable is one that we know.
local function applied(...)
  local document, missing = interpolated(BASE, { ... })
  assert.same({}, missing)
  return document
end

local function named(list, name)
  for _, row in ipairs(list) do
    if row.name == name then return row end
  end
end

local function director(document) return named(document.instance_groups, "bosh") end

-- What the CPI makes of a manifest's properties: its settings. Everything renders and nothing is warned of.
local function meant(properties)
  local answer = job.render({ { properties = properties } })[1]
  assert.same({}, answer.errors)
  local warnings = {}
  local loaded = settings.load {
    file = assert(json.decode(answer.files["config/cpi.json"])), context = {}, has_secret = true, null = json.null,
    warn = function(format, ...) warnings[#warnings + 1] = format:format(...) end,
  }
  assert.same({}, warnings)
  return loaded, answer.files
end

local function of_director(document) return meant(director(document).properties) end
local function of_create_env(document) return meant(document.cloud_provider.properties) end

-- What the rendered policy of that name decides of these facts.
local function decided(name, files, facts)
  local place = job.run("mktemp -d"):match "%S+"
  local file = assert(io.open(("%s/%s.lua"):format(place, name), "w"))
  file:write(files[("policies/%s.lua"):format(name)])
  file:close()
  local decide = require("policy").new {
    sandbox = native.policy, ours = "lua/policies", directory = function() return place end, log = {},
  }
  local answer = decide(name, facts)
  job.run("rm -r " .. place)
  return answer
end

-- Each ops file: those that go before it, and what is so once it is applied.
local cases = {}

cases["cpi"] = { {}, function(document)
  assert.equal("file:///tmp/cloudstack_cpi.tgz", named(document.releases, "bosh-cloudstack-cpi").url)
  assert.same({ name = "cloudstack_cpi", release = "bosh-cloudstack-cpi" }, document.cloud_provider.template)
  assert.same(document.cloud_provider.template, named(director(document).jobs, "cloudstack_cpi"))
  assert.equal("cloudstack_cpi", director(document).properties.director.cpi_job)
  assert.same({ name = "bosh-net" }, document.networks[1].subnets[1].cloud_properties)
  for _, of in ipairs { of_director, of_create_env } do
    local loaded = of(document)
    assert.same({ "https://cloud.example.com/client/api", "API", "zone-1", "bosh" }, { loaded.cloudstack.endpoint,
      loaded.cloudstack.api_key, loaded.cloudstack.default_zone, loaded.cloudstack.default_key_name })
  end
  local mbus = { of_director(document).agent.mbus, of_create_env(document).agent.mbus }
  assert.same({ "nats://10.0.0.6:4222", "https://mbus:mbus-password@0.0.0.0:6868" }, mbus)
  assert.equal("bosh", of_director(document).director.name)
end }

cases["cpi-secondary"] = { {}, function(document)
  assert.is_nil(director(document).properties.director.cpi_job)
  assert.is_table(named(director(document).jobs, "cloudstack_cpi"))
  assert.is_nil(director(document).properties.cloudstack)
  assert.same({}, job.render({ { properties = director(document).properties } })[1].errors)
end }

cases["from-go-release"] = { { OF_GO }, function(document)
  assert.is_nil(named(document.releases, "bosh-go-cpi-cloudstack"))
  assert.equal("1", named(document.releases, "bosh-cloudstack-cpi").sha1)
  assert.equal("bosh-cloudstack-cpi", named(director(document).jobs, "cloudstack_cpi").release)
  assert.equal("bosh-cloudstack-cpi", document.cloud_provider.template.release)
  assert.is_nil(named(director(document).jobs, "registry"))
  assert.is_nil(document.cloud_provider.ssh_tunnel)
  assert.equal("not_used", document.cloud_provider.properties.cloudstack.private_key)
end }

cases["custom-ca"] = { { "cpi" }, function(document)
  assert.equal(CERTIFICATE, of_director(document).cloudstack.ca_cert)
  assert.equal(CERTIFICATE, of_create_env(document).cloudstack.ca_cert)
end }

cases["use-policy"] = { { "cpi" }, function(document)
  for _, of in ipairs { of_director, of_create_env } do
    local loaded, files = of(document)
    assert.equal("../policies", loaded.policies.directory)
    assert.equal(variables.cloudstack_policies.failed_vm .. "\n", files["policies/failed_vm.lua"])
  end
end }

cases["use-policies-of-job"] = { { "cpi" }, function(document)
  assert.equal("/var/vcap/jobs/site/policies", of_director(document).policies.directory)
  assert.equal("", of_create_env(document).policies.directory)
  assert.same({ { path = "/var/vcap/jobs/site/policies" } }, director(document).properties.director.cpi_additional_volumes)
end }

cases["readable-vm-names"] = { { "cpi" }, function(document)
  for _, of in ipairs { of_director, of_create_env } do
    local loaded, files = of(document)
    assert.equal("../policies", loaded.policies.directory)
    local facts = { kind = "vm", cid = "cpivm-0f0f0f0f-0000-4000-8000-00000000abcd", agent_id = "a", group = "prod-cf-router" }
    assert.equal("prod-cf-router/0000abcd", decided("names", files, facts).display_name)
  end
end }

cases["projects"] = { { "cpi" }, function(document)
  assert.equal("bosh-production", of_director(document).cloudstack.project)
  assert.equal("bosh-production", of_create_env(document).cloudstack.project)
end }

cases["auto-anti-affinity"] = { { "cpi" }, function(document)
  assert.is_true(of_director(document).cloudstack.enable_auto_anti_affinity)
  assert.is_false(of_create_env(document).cloudstack.enable_auto_anti_affinity) -- one VM has nobody to avoid
end }

cases["store"] = { { "cpi" }, function(document)
  assert.equal("/var/vcap/store/cloudstack_cpi/store.db", of_director(document).store.path)
  assert.equal("", of_create_env(document).store.path) -- a workstation has no such place
end }

cases["bpm-volumes"] = { { "cpi", "store", "use-policies-of-job" }, function(document)
  local properties = director(document).properties
  assert.is_true(properties.director.use_bpm_for_workers)
  local volumes = properties.director.cpi_additional_volumes
  assert.same({ { path = "/var/vcap/jobs/site/policies" }, { path = "/var/vcap/store/cloudstack_cpi", writable = true } }, volumes)
  assert.equal(volumes[2].path, of_director(document).store.path:match "^(.*)/")
end }

cases["enable-disk-resize"] = { { "cpi" }, function(document)
  assert.is_true(director(document).properties.director.enable_cpi_resize_disk)
  assert.is_true(director(document).properties.director.enable_cpi_update_disk)
end }

cases["registry"] = { { "cpi", "store" }, function(document)
  local loaded, files = of_director(document)
  assert.same({ "10.0.0.6", 25777, "registry", "registry-password" }, { loaded.registry.host, loaded.registry.port,
    loaded.registry.username, loaded.registry.password })
  assert.truthy(files.monit:find("check process", 1, true))
  assert.equal("password", named(document.variables, "registry_password").type)
end }

cases["enable-snapshots"] = { { "cpi" }, function(document)
  assert.is_true(director(document).properties.director.enable_snapshots)
end }

cases["managed-networks"] = { { "cpi" }, function(document)
  assert.same({ enable_cpi_management = true }, director(document).properties.director.networks)
end }

cases["publish-stemcells"] = { { "cpi" }, function(document)
  local loaded, files = of_director(document)
  assert.same({ "/var/vcap/store/cloudstack_cpi/templates", "http://10.0.0.6:6902", 6902 }, { loaded.templates.directory,
    loaded.templates.url, loaded.templates.port })
  assert.truthy(files.monit:find("check process cloudstack_cpi_templates", 1, true))
  assert.truthy(files["bin/pre-start"]:find("\nown '/var/vcap/store/cloudstack_cpi/templates' user\n", 1, true))
  local facts = { kind = "stemcell", zone = { id = "z" }, templates = {}, name = "n", version = "1", format = "VHD" }
  assert.equal("publish", decided("stemcell", files, facts).how)
  facts.templates = { { id = "t", zone_id = "z", stemcell = "n/1", ready = true } }
  assert.equal("existing", decided("stemcell", files, facts).how)
  assert.is_nil(document.cloud_provider.properties.templates)
  assert.same({ directory = "", url = "", port = 6902 }, of_create_env(document).templates)
end }

cases["keep-failed-vms"] = { { "cpi" }, function(document)
  for _, of in ipairs { of_director, of_create_env } do
    assert.equal("keep", decided("failed_vm", select(2, of(document)), { error = {}, attempts = 1 }))
  end
end }

cases["kvm"] = { { "cpi" }, function(document)
  for _, of in ipairs { of_director, of_create_env } do
    assert.equal("Ubuntu 22.04 LTS", of(document).cloudstack.stemcell.os_type)
  end
end }

cases["throttle"] = { { "cpi", "store" }, function(document)
  assert.same({ concurrent = 20, per_second = 25 }, of_director(document).cloudstack.throttle)
end }

local function files_in(directory)
  local names = {}
  for name in job.run("ls " .. directory):gmatch "(%S+)%.yml" do names[#names + 1] = name end
  return names
end

describe("the ops file", function()
  for _, name in ipairs(files_in "bosh-release/ops") do
    it(name .. " does what it says", function()
      local case = assert(cases[name], "no case for it")
      local ops = { table.unpack(case[1]) }
      ops[#ops + 1] = name
      case[2](applied(table.unpack(ops)))
    end)
  end

  it("of every case is there", function()
    for name in pairs(cases) do assert(io.open(OPS:format(name))):close() end
  end)

  it("is in docs/install.md", function()
    local file = assert(io.open "docs/install.md")
    local text = file:read "a"
    file:close()
    for name in pairs(cases) do assert.truthy(text:find("`" .. name .. ".yml`", 1, true), name) end
  end)

  it("that does not fit is refused", function()
    local ok, why = pcall(applied, "custom-ca")
    assert.is_false(ok)
    assert.truthy(tostring(why):find("Expected to find 'cloudstack' of '/instance_groups/name=bosh/properties/cloudstack/ca_cert?'",
      1, true), tostring(why))
  end)
end)

-- ---------------------------------------------------------------------------------------------------------

local known = {
  vm = { compute_offering = "text", disk = "megabytes", ephemeral_disk_offering = "text", root_disk_size = "megabytes" },
  disk = { disk_offering = "text" }, network = { name = "text" },
}

describe("manifests/cloud-config.yml", function()
  local document, missing = interpolated("bosh-release/manifests/cloud-config.yml", {})

  it("needs no variable but those of the network", function() assert.same({}, missing) end)

  it("has only cloud_properties that the CPI takes", function()
    local function check(rows, kind)
      for _, row in ipairs(rows) do cloud_properties(row.cloud_properties, known[kind], row.name or kind, json.null) end
    end
    check(document.vm_types, "vm")
    check(document.vm_extensions, "vm")
    check(document.disk_types, "disk")
    check(document.networks[1].subnets, "network")
  end)

  it("is whole: what compilation names is there", function()
    assert.is_table(named(document.azs, document.compilation.az))
    assert.is_table(named(document.vm_types, document.compilation.vm_type))
    assert.is_table(named(document.networks, document.compilation.network))
  end)
end)

describe("manifests/cpi-config.yml", function()
  it("gives each of two zones a CPI that needs nothing else", function()
    local document, missing = interpolated("bosh-release/manifests/cpi-config.yml", {})
    assert.same({}, missing)
    local zones = {}
    for i, cpi in ipairs(document.cpis) do
      assert.equal("cloudstack", cpi.type) -- the director looks for the job cloudstack_cpi
      local warnings = {}
      local loaded = settings.load {
        file = assert(job.configuration {}), context = cpi.properties, has_secret = cpi.properties.secret_access_key ~= nil,
        request_has_secret = cpi.properties.secret_access_key ~= nil, null = json.null,
        warn = function(format, ...) warnings[#warnings + 1] = format:format(...) end,
      }
      assert.same({}, warnings)
      zones[i] = loaded.cloudstack.default_zone
    end
    assert.same({ "zone-1", "zone-2" }, zones)
  end)
end)

-- ---------------------------------------------------------------------------------------------------------

local bosh = os.getenv "BOSH" or job.run("command -v bosh || true"):match "%S+"

describe("the bosh CLI", function()
  local check = bosh and it or function() end -- without it there is nothing to compare with

  for name, case in pairs(cases) do
    check("comes to the same with " .. name, function()
      local file = os.tmpname()
      local handle = assert(io.open(file, "w"))
      handle:write(json.encode(variables))
      handle:close()
      local words, ops = { quote(bosh), "interpolate", BASE, "-l", quote(file) }, { table.unpack(case[1]) }
      ops[#ops + 1] = name
      for _, one in ipairs(ops) do words[#words + 1] = "-o " .. (one:find "/" and one or OPS:format(one)) end
      local text = job.run(("%s | ruby -ryaml -rjson -e 'puts JSON.generate(YAML.load($stdin.read))'"):format(table.concat(words, " ")))
      os.remove(file)
      local theirs, ours = json.decode(text), applied(table.unpack(ops))
      theirs.variables, ours.variables = nil, nil -- the CLI leaves out those that have a value
      assert.same(theirs, ours)
    end)
  end
end)

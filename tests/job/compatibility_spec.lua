-- Manifests of the Go release, as its users have them: they render, mean the same to the CPI, and what has no meaning
-- any more is said.

local job = require "job"
local native = require "host_native"
local settings = require "setup.settings"

-- Every property that the Go release declares, with its default ("cloudstack." left out in the first list).
local of_go = {
  endpoint = "https://your-domain/client/api", default_zone = "Zone1", skip_verify_ssl = false, expunge_vm = true,
  ["timeout.global"] = 1800, ["timeout.reboot_vm"] = 1800, ["timeout.create_vm"] = 1800, ["timeout.delete_vm"] = 1800,
  ["timeout.stop_vm"] = 1800, ["timeout.create_volume"] = 1800, ["timeout.delete_volume"] = 1800,
  ["timeout.resize_volume"] = 1800, ["timeout.poll_template"] = 1800, ["timeout.snapshot_volume"] = 1800,
  ["timeout.delete_snapshot_volume"] = 1800, ["timeout.attach_volume"] = 36000, ["timeout.detach_volume"] = 1800,
  clean_disk = true, interval_clean_disk = 1, enable_auto_anti_affinity = false,
  auto_anti_affinity_type = "host anti-affinity", default_key_name = "", private_key = "", ["default_offer.disk"] = "",
  ["default_offer.ephemeral_disk"] = "", ["default_offer.custom_disk"] = "shared.custom",
  ["stemcell.public_visibility"] = true, ["stemcell.requires_hvm"] = true, ["stemcell.os_type"] = "Other PV (64-bit)",
}
local without_default = { "api_key", "secret_access_key", "calculate.disk_tags", "calculate.not_disk_tags",
  "calculate.compute_tags", "calculate.not_compute_tags" }
local beside = { "director.name", "ntp", "agent.mbus", "agent.env_service", "agent.blobstore.provider",
  "agent.blobstore.options", "registry.host", "registry.port", "registry.username", "registry.password", "env.http_proxy",
  "env.https_proxy", "env.no_proxy" }

-- Whose default is another here, and why: docs/migration.md.
local changed = { ["stemcell.public_visibility"] = "it was never read, and has an effect here" }

local TIMEOUTS = { global = 1800, reboot_vm = 1800, create_vm = 1800, delete_vm = 1800, stop_vm = 1800, create_volume = 1800,
  delete_volume = 1800, resize_volume = 1800, poll_template = 1800, snapshot_volume = 1800, delete_snapshot_volume = 1800,
  attach_volume = 36000, detach_volume = 1800 }
local none = native.json.array {}
local NO_TAGS = { disk_tags = none, not_disk_tags = none, compute_tags = none, not_compute_tags = none }

-- What manifests of bosh-deployment, of the jumpbox and of a large site say, as far as it is the CPI's.
local manifests = {
  {
    name = "bosh-deployment",
    given = {
      cloudstack = {
        endpoint = "https://cloud.example.com/client/api", api_key = "API", secret_access_key = "SECRET",
        default_key_name = "bosh", default_zone = "zone-1", private_key = "not_used",
        stemcell = { public_visibility = true, requires_hvm = false, os_type = "Other PV (64-bit)" }, timeout = TIMEOUTS,
        proxy_host = "", proxy_user = "", proxy_password = "", proxy_port = "", clean_disk = true, interval_clean_disk = 1,
        expunge_vm = true, calculate = NO_TAGS, default_offer = { disk = "", ephemeral_disk = "", custom_disk = "shared.custom" },
      },
      agent = { mbus = "nats://10.0.0.6:4222", blobstore = { provider = "dav", options = {
        endpoint = "http://10.0.0.6:25250", user = "agent", password = "pw", tls = { cert = { ca = "CA" } } } } },
      registry = { address = "10.0.0.6", host = "10.0.0.6", db = { host = "127.0.0.1", password = "pw" },
        http = { user = "registry", password = "pw", port = 25777 }, username = "registry", password = "pw", port = 25777 },
      director = { name = "bosh", cpi_job = "cloudstack_cpi" }, blobstore = { provider = "dav", address = "10.0.0.6" },
    },
    warnings = { "cloudstack.clean_disk", "cloudstack.interval_clean_disk", "cloudstack.private_key", "cloudstack.proxy_host",
      "cloudstack.proxy_password", "cloudstack.proxy_port", "cloudstack.proxy_user" },
  },
  {
    name = "jumpbox-deployment",
    given = {
      cloudstack = {
        endpoint = "https://cloud.example.com/client/api", api_key = "API", secret_access_key = "SECRET",
        default_zone = "zone-1", default_key_name = "bosh", private_key = "not_used", skip_verify_ssl = true, expunge_vm = true,
        clean_disk = true, interval_clean_disk = 1, timeout = TIMEOUTS, calculate = NO_TAGS,
        stemcell = { public_visibility = true, requires_hvm = false, os_type = "Other PV (64-bit)" },
      },
      agent = { mbus = "https://mbus:pw@0.0.0.0:6868", env_service = "registry", blobstore = { provider = "local",
        options = { path = "/var/vcap/micro_bosh/data/cache" } } },
      director = { name = "" }, ntp = { "0.pool.ntp.org" },
    },
    warnings = { "agent.env_service", "cloudstack.clean_disk", "cloudstack.interval_clean_disk", "cloudstack.private_key" },
  },
  {
    name = "a site with tags, affinity and proxies",
    given = {
      cloudstack = {
        endpoint = "http://10.1.2.3:8080/client/api", api_key = "API", secret_access_key = "SECRET", default_zone = "Paris 1",
        enable_auto_anti_affinity = true, auto_anti_affinity_type = "non-strict host anti-affinity", expunge_vm = false,
        default_offer = { disk = "shared.large", ephemeral_disk = "local.custom", custom_disk = "shared.custom" },
        calculate = { disk_tags = { "shared" }, not_disk_tags = { "archive" }, compute_tags = { "prod" },
          not_compute_tags = { "gpu" } },
      },
      director = { name = "prod" }, agent = { mbus = "nats://nats:pw@10.0.0.6:4222" }, ntp = native.json.array {},
      env = { http_proxy = "http://proxy:3128", https_proxy = "http://proxy:3128", no_proxy = "10.0.0.0/8,localhost" },
    },
    warnings = {},
  },
  {
    name = "names of the Java release",
    given = {
      cloudstack = {
        endpoint = "https://cloud.example.com/client/api", api_key = "API", secret_access_key = "SECRET", default_zone = "zone-1",
        state_timeout = 1200, state_timeout_volume = 1200, stemcell_publish_timeout = 5, proxy_host = "", proxy_port = 8080,
        proxy_user = "u", proxy_password = "p", stemcell_public_visibility = true, stemcell_requires_hvm = false,
        stemcell_os_type = "Ubuntu 14.04 (64-bit)",
      },
    },
    warnings = { "cloudstack.proxy_host", "cloudstack.proxy_password", "cloudstack.proxy_port", "cloudstack.proxy_user",
      "cloudstack.state_timeout", "cloudstack.state_timeout_volume", "cloudstack.stemcell_os_type",
      "cloudstack.stemcell_public_visibility", "cloudstack.stemcell_publish_timeout", "cloudstack.stemcell_requires_hvm" },
    means = { ["cloudstack.stemcell.public_visibility"] = true, ["cloudstack.stemcell.requires_hvm"] = false,
      ["cloudstack.stemcell.os_type"] = "Ubuntu 14.04 (64-bit)" },
  },
}

-- What the CPI makes of a file, and the names that it warns of.
local function loaded(file)
  local warned = {}
  local values = settings.load {
    file = file, context = {}, has_secret = true, null = native.json.null,
    warn = function(format, ...) warned[#warned + 1] = format:format(...):match ": ([%w_.]+) is " end,
  }
  table.sort(warned)
  return values, warned
end

-- Calls visit(path, value) for what a tree holds; lists and what settings call an object are values.
local function leaves(tree, path, visit)
  for key, value in pairs(tree) do
    local name = path and path .. "." .. key or key
    local rule = settings.schema[name]
    if type(value) == "table" and not rule and not native.json.is_array(value) and #value == 0 then
      leaves(value, name, visit)
    else
      visit(name, value)
    end
  end
end

describe("the job of the Go release", function()
  local spec = job.spec()

  it("has no property that ours has not", function()
    local names = {}
    for name in pairs(of_go) do names[#names + 1] = "cloudstack." .. name end
    for _, name in ipairs(without_default) do names[#names + 1] = "cloudstack." .. name end
    for _, name in ipairs(beside) do names[#names + 1] = name end
    for _, name in ipairs(names) do assert.is_table(spec.properties[name], name) end
  end)

  it("has our defaults", function()
    for name, default in pairs(of_go) do
      local rule = settings.schema["cloudstack." .. name]
      if rule and not rule.required and not changed[name] then assert.same(default, rule[2], name) end
    end
    for name in pairs(changed) do assert.not_same(of_go[name], settings.schema["cloudstack." .. name][2], name) end
  end)

  it("is named as ours, and has bin/cpi", function()
    assert.equal("cloudstack_cpi", spec.name)
    assert.equal("bin/cpi", spec.templates["bin/cpi.erb"])
  end)
end)

for _, manifest in ipairs(manifests) do
  describe("the properties of " .. manifest.name, function()
    local configuration = assert(job.configuration(manifest.given))

    it("mean what they say", function()
      local values = loaded(configuration)
      leaves(manifest.given, nil, function(name, value)
        if settings.schema[name] and not (manifest.means or {})[name] then assert.same(value, job.at(values, name), name) end
      end)
      for name, value in pairs(manifest.means or {}) do assert.equal(value, job.at(values, name), name) end
    end)

    it("are warned of where they are legacy, and nowhere else", function()
      local _, warned = loaded(configuration)
      assert.same(manifest.warnings, warned)
    end)

    it("render the whole job", function()
      assert.same({}, job.render({ { properties = manifest.given } })[1].errors)
    end)
  end)
end

-- What the job refuses at render time, in one message; the policies; the registry's process.

local job = require "job"
local native = require "host_native"
local policy = require "policy"
local rig = require "rig"

-- For the registry of one test: another for each process that tests at the same time.
local PORT = 20000 + tonumber(io.open("/proc/self/stat"):read "n") % 10000

local CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
local KEEP = 'return { api = 1, decide = function() return "keep" end }\n'

local function properties(changes)
  local tree = { cloudstack = { endpoint = "https://cloud.test/client/api", api_key = "k", secret_access_key = "s" } }
  for name, value in pairs(changes or {}) do job.put(tree, name, value) end
  return tree
end

-- What one problem reads like, and the properties that have it.
local refused = {
  { "an endpoint without keys", { cloudstack = { endpoint = "https://cloud.test/client/api" } },
    "cloudstack.api_key and cloudstack.secret_access_key must be given with cloudstack.endpoint, or none of the three" },
  { "keys without an endpoint", { cloudstack = { api_key = "k", secret_access_key = "s" } },
    "cloudstack.endpoint must be given with cloudstack.api_key and cloudstack.secret_access_key" },
  { "a CA that is not looked at", properties { ["cloudstack.ca_cert"] = CERTIFICATE, ["cloudstack.skip_verify_ssl"] = true },
    "cloudstack.ca_cert and cloudstack.skip_verify_ssl: true contradict each other" },
  { "a CA that is a path", properties { ["cloudstack.ca_cert"] = "/etc/ssl/ca.pem" },
    "cloudstack.ca_cert must be PEM text with a certificate" },
  { "a private key among the CAs", properties { ["cloudstack.ca_cert"] = CERTIFICATE .. "-----BEGIN PRIVATE KEY-----" },
    "cloudstack.ca_cert must not have a private key" },
  { "a tag that is wanted and not wanted", properties { ["cloudstack.calculate.disk_tags"] = { "ssd", "fast" },
    ["cloudstack.calculate.not_disk_tags"] = { "ssd" } },
    "cloudstack.calculate.disk_tags and .not_disk_tags both have ssd: nothing would fit" },
  { "the same of service offerings", properties { ["cloudstack.calculate.compute_tags"] = { "gpu" },
    ["cloudstack.calculate.not_compute_tags"] = { "gpu" } },
    "cloudstack.calculate.compute_tags and .not_compute_tags both have gpu" },
  { "an empty zone", properties { ["cloudstack.default_zone"] = "" }, "cloudstack.default_zone must not be empty" },
  { "an empty OS type", properties { ["cloudstack.stemcell.os_type"] = "" }, "cloudstack.stemcell.os_type must not be empty" },
  { "an agent without a blobstore", properties { ["agent.blobstore.provider"] = "" },
    "agent.blobstore.provider must not be empty" },
  { "a project and an account", properties { ["cloudstack.project"] = "p", ["cloudstack.account"] = "a" },
    "cloudstack.project and cloudstack.account are both set" },
  { "an account of no domain", properties { ["cloudstack.account"] = "a" }, "cloudstack.account needs cloudstack.domain" },
  { "anti-affinity of no type", properties { ["cloudstack.enable_auto_anti_affinity"] = true,
    ["cloudstack.auto_anti_affinity_type"] = "" }, "cloudstack.auto_anti_affinity_type must not be empty" },
  { "a proxy with a line break", properties { ["env.https_proxy"] = "http://proxy:3128\n" }, "env.https_proxy must not have blanks" },
  { "a secret key with the end of its file's line", properties { ["cloudstack.secret_access_key"] = "s\n" },
    "cloudstack.secret_access_key must not have blanks or line breaks" },
  { "a user that basic authentication cannot tell", properties { ["registry.username"] = "a:b" },
    "registry.username must not have a colon" },
  { "a text that is a list", properties { ["cloudstack.default_zone"] = { "zone1" } }, "cloudstack.default_zone must be a string" },
  { "a list that is a text", properties { ["cloudstack.stemcell.zones"] = "*" },
    "cloudstack.stemcell.zones must be a list of strings" },
  { "a list of other things", properties { ntp = { "a", 1 } }, "ntp must be a list of strings" },
  { "an object that is a list", properties { ["agent.blobstore.options"] = { "a" } },
    "agent.blobstore.options must be an object" },
  { "an endless timeout", properties { ["cloudstack.timeout.create_vm"] = 1e300 },
    "cloudstack.timeout.create_vm must be a number of seconds above 0" },
  { "a store among everybody's", properties { ["store.path"] = "/store.db" },
    "store.path must have a directory of its own, not /, for the director's user" },
  { "a store that says so in another way", properties { ["store.path"] = "/var/vcap/store/x/../store.db" },
    "store.path must have a directory of its own, not /var/vcap/store, for the director's user" },
  { "images among everybody's", properties { ["templates.directory"] = "/var/vcap/data/" },
    "templates.directory must have a directory of its own, not /var/vcap/data" },
  { "a store with a line break", properties { ["store.path"] = "/var/vcap/store/a\nb/store.db" },
    "store.path must not have line breaks" },
  { "a server of images without its parts", properties { ["templates.enabled"] = true },
    "templates.enabled needs templates.directory and templates.url" },
  { "a server of images that is perhaps", properties { ["templates.enabled"] = "true" },
    "templates.enabled must be true or false" },
  { "images at no address", properties { ["templates.url"] = "10.0.0.6:6902" }, "templates.url must be an http or https URL" },
  { "a policy that would be a file elsewhere", properties { ["cloudstack.policies"] = { ["../../bin/cpi"] = KEEP } },
    "cloudstack.policies.../../bin/cpi is not a decision" },
  { "a store that is nowhere in particular", properties { ["store.path"] = "store.db" }, "store.path must be an absolute path" },
  { "a log of decisions beside no store", properties { ["policies.log"] = "store" }, "policies.log: store needs store.path" },
  { "a log of decisions nowhere in particular", properties { ["policies.log"] = "log" },
    "policies.log must be an absolute path, or store" },
  { "policies that are nowhere in particular", properties { ["policies.directory"] = "/a:b" },
    "policies.directory must be an absolute path" },
  { "a registry without its parts", properties { ["registry.enabled"] = true, ["registry.host"] = "10.0.0.6" },
    "registry.enabled needs store.path and registry.username and registry.password" },
  { "a registry with half of what TLS needs", properties { ["registry.enabled"] = true, ["store.path"] = "/s/s/store.db",
    ["registry.host"] = "10.0.0.6", ["registry.username"] = "u", ["registry.password"] = "p",
    ["registry.tls.certificate"] = "PEM" }, "registry.tls.certificate and registry.tls.private_key belong together" },
  { "a registry that is perhaps", properties { ["registry.enabled"] = "yes" }, "registry.enabled must be true or false" },
  { "a decision that there is not", properties { ["cloudstack.policies"] = { expunje = KEEP } },
    ("cloudstack.policies.expunje is not a decision; the decisions are %s"):format(table.concat(job.decisions(), ", ")) },
  { "a policy that is no text", properties { ["cloudstack.policies"] = { expunge = { strategy = "now" } } },
    "cloudstack.policies.expunge must be Lua text" },
  { "policies that are a list", properties { ["cloudstack.policies"] = { KEEP } },
    "cloudstack.policies must be an object" },
}

describe("the job refuses", function()
  local orders = {}
  for i, case in ipairs(refused) do orders[i] = { properties = case[2] } end
  local answers = job.render(orders)

  for i, case in ipairs(refused) do
    it(case[1], function()
      local message = answers[i].errors["config/cpi.json"]
      assert.truthy(message, "it was taken")
      assert.truthy(message:find(case[3], 1, true), message)
      assert.truthy(message:find("the properties of cloudstack_cpi have 1 problem:", 1, true), message)
    end)
  end

  it("in one place: no other template fails beside it", function()
    for i, answer in ipairs(answers) do
      answer.errors["config/cpi.json"] = nil
      assert.same({}, answer.errors, refused[i][1])
    end
  end)

  it("everything at once, without a word of what is secret", function()
    local _, message = job.configuration {
      cloudstack = { endpoint = "cloud", secret_access_key = "very-secret", default_zone = "", expunge_vm = "true",
        timeout = { create_vm = -1 } },
      ntp = "0.pool.ntp.org", registry = { password = 5 },
    }
    for _, words in ipairs {
      "have 7 problems: ", "cloudstack.endpoint must be an http or https URL", "cloudstack.api_key must be given with",
      "cloudstack.default_zone must not be empty", "cloudstack.expunge_vm must be true or false",
      "cloudstack.timeout.create_vm must be a number of seconds above 0", "ntp must be a list of strings",
      "registry.password must be a string",
    } do
      assert.truthy(message:find(words, 1, true), words .. " is not in: " .. message)
    end
    assert.is_nil(message:find("very-secret", 1, true))
    assert.is_nil(message:find("\n", 1, true))
  end)

  it("nothing when a cpi-config brings endpoint and keys", function()
    local configuration = assert(job.configuration {})
    assert.is_nil(configuration.cloudstack.endpoint)
    assert.is_nil(configuration.cloudstack.secret_access_key)
  end)
end)

describe("the CA's certificates", function()
  it("are in the configuration, and beside it for people", function()
    local configuration, files = job.configuration(properties { ["cloudstack.ca_cert"] = CERTIFICATE })
    assert.equal(CERTIFICATE, configuration.cloudstack.ca_cert)
    assert.equal(CERTIFICATE .. "\n", files["config/cacert.pem"])
  end)

  it("that are empty are none", function()
    for _, text in ipairs { "", " \n" } do
      local configuration = assert(job.configuration(properties { ["cloudstack.ca_cert"] = text }))
      assert.is_nil(configuration.cloudstack.ca_cert)
    end
  end)
end)

describe("cloudstack.policies", function()
  local function directory_of(changes)
    local configuration, files = job.configuration(properties(changes))
    return assert(configuration, files).policies.directory, files
  end

  it("are files beside the configuration, one for each decision", function()
    local texts = {}
    for _, name in ipairs(job.decisions()) do texts[name] = "-- " .. name .. " #{x} <%= y %> \"'\\\n" end
    local directory, files = directory_of { ["cloudstack.policies"] = texts }
    assert.equal("../policies", directory)
    for name, text in pairs(texts) do assert.equal(text .. "\n", files["policies/" .. name .. ".lua"]) end
  end)

  it("go before those that another job brings", function()
    assert.equal("../policies:/var/vcap/jobs/site/policies:/third", (directory_of {
      ["cloudstack.policies"] = { failed_vm = KEEP }, ["policies.directory"] = "/var/vcap/jobs/site/policies:/third",
    }))
  end)

  it("that are not given leave blank files and no directory", function()
    local directory, files = directory_of { ["cloudstack.policies"] = { failed_vm = " \n" } }
    assert.equal("", directory)
    for _, name in ipairs(job.decisions()) do assert.equal("", (files["policies/" .. name .. ".lua"]:gsub("%s", ""))) end
  end)

  it("decide, once the job is installed, and blank ones leave it to the next", function()
    local place = job.run("mktemp -d"):match "%S+"
    local other = place .. "/other"
    job.run("mkdir " .. other)
    local file = assert(io.open(other .. "/retry.lua", "w"))
    file:write "return { api = 1, decide = function() return { after = 7 } end }"
    file:close()
    local root = job.install(place, properties { ["cloudstack.policies"] = { failed_vm = KEEP }, ["policies.directory"] = other })
    local decide = policy.new {
      sandbox = native.policy, ours = "lua/policies", log = {},
      directory = function() return root .. "/config/../policies:" .. other end,
    }
    assert.equal("keep", decide("failed_vm", { error = {}, attempts = 1 }))
    assert.same({ after = 7 }, decide("retry", {}))
    job.run("rm -rf " .. place)
  end)
end)

-- server_ctl as it is, but for the two directories that only root may write to, the user, and setpriv: anybody can run it.
local function control(place, given)
  local root, packages = job.install(place, given), job.packages(place)
  job.run(("sed -i 's#/var/vcap/sys#%s/sys#' %s/bin/server_ctl"):format(place, root))
  job.run(("sed -i \"s/^user=vcap/user=$(id -un)/; s/^group=vcap/group=$(id -gn)/\" %s/bin/directories"):format(root))
  job.run(("mkdir %s/tools && printf '#!/bin/sh\nshift 3\nexec \"$@\"\n' >%s/tools/setpriv && ln -s /bin/true %s/tools/chown "
    .. "&& chmod +x %s/tools/setpriv"):format(place, place, place, place))
  return function(words)
    return ("PATH=%s/tools:$PATH BOSH_PACKAGES_DIR=%s BOSH_JOBS_DIR=%s/jobs %s/bin/server_ctl %s"):format(place, packages,
      place, root, words)
  end
end

local function code_of(place, words)
  return job.run(("curl -s -o %s/body -w '%%{http_code}' %s || true"):format(place, words))
end

local function pid_of(place, daemon)
  return job.run(("cat %s/sys/run/cloudstack_cpi/%s.pid"):format(place, daemon)):match "%d+"
end

describe("registry.enabled", function()
  local enabled = properties { ["registry.enabled"] = true, ["store.path"] = "/var/vcap/store/cloudstack_cpi/store.db",
    ["registry.host"] = "10.0.0.6", ["registry.port"] = 25777, ["registry.username"] = "u", ["registry.password"] = "p" }

  it("is the only reason for a process", function()
    local _, files = job.configuration(properties())
    assert.equal("", (files.monit:gsub("%s", "")))
    _, files = job.configuration(enabled)
    assert.truthy(files.monit:find("check process cloudstack_cpi_registry", 1, true))
    local start, stop = files.monit:match 'start program "%S+/(bin/[^"]+)".-stop program "%S+/(bin/[^"]+)"'
    assert.same({ "bin/server_ctl start registry", "bin/server_ctl stop registry" }, { start, stop })
    assert.is_nil(files.monit:find("templates", 1, true))
  end)

  it("writes the process where monit looks for it", function()
    local _, files = job.configuration(enabled)
    local directory, name = files.monit:match "pidfile (%S+)/(%S+)"
    assert.truthy(files["bin/server_ctl"]:find("\nrun=" .. directory .. "\n", 1, true))
    assert.equal("registry.pid", name)
    assert.truthy(files["bin/server_ctl"]:find('"$run/$daemon.pid"', 1, true))
  end)

  it("and TLS do not go together while the release's libmicrohttpd has none", function()
    local with_tls = properties { ["registry.tls.certificate"] = "PEM", ["registry.tls.private_key"] = "PEM" }
    assert(job.configuration(with_tls))
    with_tls.registry = { enabled = true, host = "h", username = "u", password = "p", tls = with_tls.registry.tls }
    with_tls.store = { path = "/s/s/s" }
    local _, message = job.configuration(with_tls)
    assert.truthy(message:find("registry.tls needs a libmicrohttpd with TLS", 1, true), message)
    job.run "grep -q -e --disable-https bosh-release/packages/libmicrohttpd/packaging"
  end)

  it("starts a registry that answers, once, and ends it", function()
    local place = job.run("mktemp -d"):match "%S+"
    local ctl = control(place, properties { ["registry.enabled"] = true, ["registry.host"] = "127.0.0.1", ["registry.port"] = PORT,
      ["registry.username"] = "u", ["registry.password"] = "registry-password", ["store.path"] = place .. "/store/store.db" })
    job.run("mkdir " .. place .. "/store")
    os.execute(ctl "start registry" .. " &")
    local function code(user) return code_of(place, ("-u %s http://127.0.0.1:%d/instances/cpivm-1/settings"):format(user, PORT)) end
    rig.wait(function() return code "u:wrong" == "401" end, 20)
    assert.equal("404", code "u:registry-password")
    local pid = pid_of(place, "registry")
    assert.truthy(job.run(ctl "start registry"):find("registry runs already, process " .. pid, 1, true))
    job.run(ctl "stop registry")
    assert.is_nil(io.open("/proc/" .. pid .. "/cmdline"))
    job.run("rm -rf " .. place)
  end)

  it("ends nobody else's process, whatever an old pid file says", function()
    local place = job.run("mktemp -d"):match "%S+"
    local ctl = control(place, enabled)
    local pid = job.run("sleep 1000 >/dev/null & echo $!"):match "%d+"
    job.run(("mkdir -p %s/sys/run/cloudstack_cpi && echo %s >%s/sys/run/cloudstack_cpi/registry.pid"):format(place, pid, place))
    job.run(ctl "stop registry")
    assert(io.open("/proc/" .. pid .. "/cmdline")):close()
    job.run(("kill %s; rm -rf %s"):format(pid, place))
  end)

  it("has a script that knows two words, and two daemons", function()
    local place = job.run("mktemp -d"):match "%S+"
    local ctl = control(place, enabled)
    for _, words in ipairs { "", "start", "start sim", "restart registry", "start 'x registry'" } do
      local said = job.run(ctl(words) .. " 2>&1; echo $?")
      assert.equal("usage: server_ctl start|stop registry|templates\n2\n", said, words)
    end
    job.run("rm -rf " .. place)
  end)

  it("is no property of the CPI", function()
    assert.is_nil(job.configuration(enabled).registry.enabled)
  end)
end)

describe("templates.enabled", function()
  it("serves published images as long as monit wants it", function()
    local place = job.run("mktemp -d"):match "%S+"
    local given = properties { ["templates.enabled"] = true, ["templates.directory"] = place .. "/images",
      ["templates.url"] = ("http://127.0.0.1:%d"):format(PORT + 1), ["templates.port"] = PORT + 1 }
    local _, files = job.configuration(given)
    assert.truthy(files.monit:find('"/var/vcap/jobs/cloudstack_cpi/bin/server_ctl start templates"', 1, true))
    local ctl, name = control(place, given), ("%d-0123456789abcdef0123456789abcdef.qcow2"):format(os.time())
    job.run(("mkdir %s/images && echo image >%s/images/%s"):format(place, place, name))
    os.execute(ctl "start templates" .. " &")
    local url = ("http://127.0.0.1:%d/"):format(PORT + 1)
    rig.wait(function() return code_of(place, url .. name) == "200" end, 20)
    assert.equal("404", code_of(place, url))
    local pid = pid_of(place, "templates")
    job.run(ctl "stop templates")
    assert.is_nil(io.open("/proc/" .. pid .. "/cmdline"))
    job.run("rm -rf " .. place)
  end)

  it("is no property of the CPI", function()
    local given = properties { ["templates.enabled"] = true, ["templates.directory"] = "/a/b", ["templates.url"] = "http://h" }
    assert.is_nil(job.configuration(given).templates.enabled)
  end)
end)

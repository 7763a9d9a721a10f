local agent = require "agent"
local agent_settings = require "request.agent_settings"
local fake = require "tests.support.fake"

local json = fake.json

local function decoded(text) return assert(json.decode(text)) end

local manual = [[{"type":"manual","ip":"10.0.0.6","prefix":"32","netmask":"255.255.255.0","gateway":"10.0.0.1",
  "dns":["8.8.8.8"],"default":["dns","gateway"],"cloud_properties":{"name":"net-a"}}]]
local second = [[{"type":"manual","ip":"10.1.0.6","netmask":"255.255.255.0","gateway":"10.1.0.1","dns":["9.9.9.9"],
  "cloud_properties":{"name":"net-b"}}]]

-- The document for networks and env given as JSON, as the agent reads it.
local function built(more)
  more = more or {}
  local networks = {}
  for name, text in pairs(more.networks or { default = manual }) do
    networks[name] = decoded(text)
    networks[name].mac = (more.macs or {})[name]
  end
  local document = agent_settings.build {
    json = json, settings = fake.settings(more.settings), agent_id = "agent-1", vm_cid = "cpivm-1", networks = networks,
    has_ephemeral = more.has_ephemeral, has_ipv6 = more.has_ipv6, env = decoded(more.env or "{}"),
  }
  return json.encode(document), decoded(json.encode(document))
end

local function is_object(value) return type(value) == "table" and value ~= json.null and not json.is_array(value) end

-- The types of the agent's Go struct: a wrong one makes it reject the whole document.
local schema = {
  { "agent_id", "string" }, { "mbus", "string" }, { "ntp", "array" }, { "blobstore", "object" },
  { "blobstore.provider", "string" }, { "blobstore.options", "object" }, { "vm", "object" }, { "vm.name", "string" },
  { "networks", "object" }, { "networks.default", "object" }, { "networks.default.dns", "array" },
  { "networks.default.default", "array" }, { "networks.default.prefix", "string" }, { "disks", "object" },
  { "disks.system", "string" }, { "disks.ephemeral", "object" }, { "disks.ephemeral.path", "string" },
  { "disks.persistent", "object" }, { "env", "object" }, { "server", "object" }, { "server.name", "string" },
  { "dns", "object" }, { "dns.nameserver", "array" },
}

local function kind_of(value)
  if type(value) ~= "table" then return type(value) end
  return json.is_array(value) and "array" or "object"
end

describe("the agent's settings", function()
  local _, full = built { has_ephemeral = true, macs = { default = "02:00:00:00:00:01" } }
  for _, row in ipairs(schema) do
    it(("have %s as %s"):format(row[1], row[2]), function()
      local value = full
      for name in row[1]:gmatch "[^.]+" do value = value[name] end
      assert.equal(row[2], kind_of(value))
    end)
  end

  it("name the VM and its agent", function()
    assert.same({ name = "cpivm-1", id = "cpivm-1" }, full.vm)
    assert.same({ name = "cpivm-1" }, full.server)
    assert.equal("agent-1", full.agent_id)
  end)

  it("leave out the ephemeral disk where there is none", function()
    local text, document = built()
    assert.is_nil(document.disks.ephemeral)
    assert.truthy(text:find('"disks":{"persistent":{},"system":"/dev/sda"}', 1, true), text)
  end)

  it("say where the ephemeral disk is: the device of a disk made with the VM", function()
    assert.same({ path = "/dev/sdb" }, full.disks.ephemeral)
  end)

  it("write what is empty as the kind that it is", function()
    local text = built { networks = { default = [[{"type":"dynamic","cloud_properties":{}}]] },
      env = [[{"bosh":{"authorized_keys":[],"tags":{}}}]] }
    for _, part in ipairs {
      '"persistent":{}', '"nameserver":[]', '"cloud_properties":{}', '"authorized_keys":[]', '"tags":{}',
    } do
      assert.truthy(text:find(part, 1, true), part .. " is not in " .. text)
    end
  end)

  it("have an empty list of ntp servers where none is configured", function()
    local document = agent_settings.build {
      json = json, settings = { agent = { mbus = "", blobstore = { provider = "local" } } }, agent_id = "a", vm_cid = "v",
      networks = {}, env = {},
    }
    assert.truthy(json.encode(document):find('"ntp":[]', 1, true))
  end)

  it("pass env through untouched", function()
    local env = [[{"bosh":{"blobstores":[{"options":{"a":1},"provider":"dav"}],"groups":["a","b"],"keep":null,]]
      .. [["mbus":{"cert":{"ca":"-----BEGIN"},"urls":["nats://x"]},"ntp":[],"swap_size":1024,"tags":{}},]]
      .. [["persistent_disk_fs":"xfs","precise":9007199254740993}]]
    local text = built { env = env }
    assert.truthy(text:find('"env":' .. env, 1, true), text)
  end)

  it("keep every key of a network, and add its MAC", function()
    local _, document = built { macs = { default = "02:00:00:00:00:01" } }
    local expected = decoded(manual)
    expected.mac = "02:00:00:00:00:01"
    assert.same(expected, document.networks.default)
  end)

  it("have no MAC where none was chosen", function()
    local _, document = built()
    assert.is_nil(document.networks.default.mac)
  end)

  it("always name a blobstore provider: the agent exits without", function()
    local _, document = built()
    assert.equal("local", document.blobstore.provider)
    assert.truthy(is_object(document.blobstore.options))
  end)

  it("take the blobstore of the configuration", function()
    local _, document = built { settings = { agent = { blobstore = { provider = "dav", options = { endpoint = "e" } } } } }
    assert.same({ provider = "dav", options = { endpoint = "e" } }, document.blobstore)
  end)

  it("take the nameservers of the network that is default for dns", function()
    local _, document = built { networks = { zz = manual, aa = second } }
    assert.same({ "8.8.8.8" }, document.dns.nameserver)
  end)

  it("take the nameservers of the first network by name where none is default", function()
    local other = second:gsub("9.9.9.9", "1.1.1.1")
    for _ = 1, 5 do
      local _, document = built { networks = { b = second, a = other } }
      assert.same({ "1.1.1.1" }, document.dns.nameserver)
    end
  end)

  it("do not stumble over null where a list belongs", function()
    local _, document = built { networks = { a = [[{"type":"manual","ip":"10.0.0.1","dns":null,"default":null}]] } }
    assert.same({}, document.dns.nameserver)
  end)
end)

-- ---------------------------------------------------------------------------------------------------------
-- the whole document, as the agent's own parser reads it

local CERT = [["cert":{"ca":"-----BEGIN CERTIFICATE-----\n","certificate":"-----BEGIN CERTIFICATE-----\n",]]
  .. [["private_key":"-----BEGIN RSA PRIVATE KEY-----\n"}]]
local OF_THE_CLI = [[{"bosh":{"mbus":{]] .. CERT .. [[},"password":"*"}}]]
local OF_THE_DIRECTOR = [[{"bosh":{"mbus":{]] .. CERT .. [[,"urls":["nats://10.0.0.5:4222"]},
  "blobstores":[{"provider":"davcli","options":{"endpoint":"https://10.0.0.5:25250","user":"agent","password":"p"}}],
  "ntp":["0.pool.ntp.org"],"password":"$6$x","group":"dir-redis-redis","groups":["dir","redis"],"tags":{"a":"42"},
  "authorized_keys":[],"swap_size":1024,"parallel":5,"keep_root_password":false,"remove_dev_tools":true,
  "remove_static_libraries":false,"ipv6":{"enable":true},"agent":{"settings":{"tmpfs":true}},
  "job_dir":{"tmpfs":true,"tmpfs_size":"128m"},"run_dir":{"tmpfs_size":"16m"}},
  "persistent_disk_fs":"xfs","persistent_disk_mount_options":["noatime"],"persistent_disk_partitioner":"parted"}]]

describe("an agent takes", function()
  local of_the_cli = [[{"cloud_properties":{"name":"bosh-net"},"default":["dns","gateway"],"dns":["10.0.0.1"],
    "gateway":"10.0.0.1","ip":"10.0.0.11","netmask":"255.255.255.0","type":"manual"}]]
  local vip = [[{"type":"vip","ip":"203.0.113.5","prefix":"32","cloud_properties":{}}]]
  local macs = { a = "02:00:1a:2b:00:01", b = "02:00:1a:2b:00:02" }

  for name, given in pairs {
    ["the settings of create-env"] = { networks = { default = of_the_cli }, env = OF_THE_CLI, has_ephemeral = true },
    ["those of a director's VM with two networks and a vip"] = { networks = { a = manual, b = second, v = vip }, macs = macs,
      env = OF_THE_DIRECTOR, has_ephemeral = true },
    ["those of a VM with a dynamic network and no ephemeral disk"] = { env = OF_THE_DIRECTOR,
      networks = { default = [[{"type":"dynamic","cloud_properties":{},"prefix":"32","nic_group":"1"}]] } },
    ["null where BOSH has nothing to say"] = { env = OF_THE_DIRECTOR:gsub('"tags":{"a":"42"}', '"tags":null'),
      networks = { default = [[{"type":"manual","ip":"10.0.0.1","dns":null,"default":null,"gateway":null}]] } },
    ["an empty cloud_properties, dns, and env"] = { env = [[{"bosh":{"mbus":{"urls":["nats://x:4222"]}}}]],
      networks = { default = [[{"type":"manual","ip":"10.0.0.1","dns":[],"default":[],"cloud_properties":{}}]] } },
  } do
    it(name, function()
      given.settings = { agent = { mbus = "https://mbus:pw@0.0.0.0:6868" } }
      assert.same({}, agent.problems((built(given))))
    end)
  end
end)

describe("IPv6 in the guest's kernel", function()
  local function env_of(env, has_ipv6) return select(2, built { env = env, has_ipv6 = has_ipv6 }).env end

  it("is asked for where a network has it and the manifest says nothing of it", function()
    for _, env in ipairs { "{}", [[{"bosh":null}]], [[{"bosh":{}}]], [[{"bosh":{"ipv6":null}}]] } do
      assert.same({ bosh = { ipv6 = { enable = true } } }, env_of(env, true))
    end
    assert.same({ bosh = { password = "p", ipv6 = { enable = true } }, x = 1 }, env_of([[{"bosh":{"password":"p"},"x":1}]], true))
  end)

  it("is the manifest's otherwise", function()
    assert.same({ bosh = { ipv6 = { enable = false } } }, env_of([[{"bosh":{"ipv6":{"enable":false}}}]], true))
    assert.same({}, env_of("{}", false))
  end)
end)

-- The agent of tests/support/agent.lua stumbles where the real one was seen to.
describe("an agent refuses", function()
  local good = [["agent_id":"a","mbus":"nats://x","blobstore":{"provider":"local"},"disks":{"system":"/dev/sda"}]]
  for words, fragment in pairs {
    ["disks.system must be of type string"] = [["disks":{"system":{"path":"/dev/sda"}}]],
    ["disks.persistent must be an object"] = [["disks":{"system":"/dev/sda","persistent":[]}]],
    ["disks.ephemeral has a path that is no string: the agent panics"] = [["disks":{"system":"/dev/sda","ephemeral":{"path":null}}]],
    ["disks.persistent[d] has a lun that is no string: the agent panics"] =
      [["disks":{"system":"/dev/sda","persistent":{"d":{"lun":1}}}]],
    ["disks.ephemeral has no path"] = [["disks":{"system":"/dev/sda","ephemeral":["/dev/sdb"]}]],
    ["env must be an object"] = [["env":[] ]],
    ["ntp must be a list"] = [["ntp":{}]],
    ["dns.nameserver must be a list"] = [["dns":{"nameserver":{}}]],
    ["dns must be an object"] = [["dns":["8.8.8.8"] ]],
    ["networks[a].dns must be a list"] = [["networks":{"a":{"dns":{}}}]],
    ["networks[a].default must be a list"] = [["networks":{"a":{"default":{}}}]],
    ["networks[a].prefix must be of type string"] = [["networks":{"a":{"prefix":32}}]],
    ["env.bosh.authorized_keys must be a list"] = [["env":{"bosh":{"authorized_keys":{}}}]],
    ["env.bosh.blobstores must be a list"] = [["env":{"bosh":{"blobstores":{}}}]],
    ["env.bosh.ntp must be a list"] = [["env":{"bosh":{"ntp":{}}}]],
    ["env.bosh.swap_size must be of type unsigned"] = [["env":{"bosh":{"swap_size":1024.0}}]],
    ["agent_id is missing"] = [["agent_id":null]],
    ["an https mbus needs env.bosh.mbus.cert"] = [["mbus":"https://x"]],
    ["there is no blobstore provider"] = [["blobstore":{}]],
    ["mbus '' is no URL"] = [["mbus":""]],
    ["networks.a has no mac among several"] = [["networks":{"a":{"type":"manual"},"b":{"type":"manual","mac":"02:00:00:00:00:01"}}]],
    ["networks.a has a mac in upper case"] = [["networks":{"a":{"mac":"02:00:00:00:00:AB"}}]],
  } do
    it(words, function()
      local problems = table.concat(agent.problems(("{%s,%s}"):format(good, fragment)), "; ")
      assert.truthy(problems:find(words, 1, true), problems)
    end)
  end
end)

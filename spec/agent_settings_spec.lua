local agent_settings = require "agent_settings"
local fake = require "spec.support.fake"

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
  for name, text in pairs(more.networks or { default = manual }) do networks[name] = decoded(text) end
  local document = agent_settings.build {
    json = json, settings = fake.settings(more.settings), agent_id = "agent-1", vm_cid = "cpivm-1", networks = networks,
    macs = more.macs or {}, has_ephemeral = more.has_ephemeral, env = decoded(more.env or "{}"),
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
      networks = {}, macs = {}, env = {},
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

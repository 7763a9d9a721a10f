local go_configuration = require "operator.go_configuration"
local native = require "host_native"
local settings = require "setup.settings"

local json = native.json

local WHOLE = [[{"CloudStack":{"Endpoint":"https://x/client/api","ApiKey":"k","SecretAccessKey":"s","SkipVerifySSL":false,
  "DefaultZone":"zone1","ExpungeVm":true,"DirectorName":"d","IntervalCleanDisk":60,"EnableAutoAntiAffinity":true,
  "AutoAntiAffinityType":"host anti-affinity","DefaultKeyName":"n","PrivateKey":"","DefaultOffer":{"Disk":"a","EphemeralDisk":"b",
  "CustomDisk":"c"},"Stemcell":{"PublicVisibility":true,"RequiresHvm":true,"OsType":"Other PV (64-bit)"},"Timeout":{"Global":5,
  "AttachVolume":6,"DeleteSnapshotVolume":7},"CalculateCloudProp":{"DiskTags":["t"],"NotDiskTags":[],"ServiceTags":["u"],
  "NotServiceTags":null}},"Actions":{"AgentEnvService":"x","Agent":{"Mbus":"https://u:p@127.0.0.1:6868","NTP":["0.pool"],
  "Blobstore":{"provider":"dav","Options":{"endpoint":"http://b"}}},"Registry":{"Host":"h","Port":6901,"Username":"u",
  "Password":"w"}}}]]

describe("the Go release's configuration", function()
  it("has our names for all that means something here, and is one of ours but for the secret key", function()
    local tree = assert(go_configuration(json.decode(WHOLE), json.null))
    assert.same({ endpoint = "https://x/client/api", api_key = "k", skip_verify_ssl = false, default_zone = "zone1", expunge_vm = true,
      enable_auto_anti_affinity = true, auto_anti_affinity_type = "host anti-affinity", default_key_name = "n",
      default_offer = { disk = "a", ephemeral_disk = "b", custom_disk = "c" },
      stemcell = { requires_hvm = true, os_type = "Other PV (64-bit)" },
      timeout = { global = 5, attach_volume = 6, delete_snapshot_volume = 7 },
      calculate = { disk_tags = { "t" }, not_disk_tags = {}, compute_tags = { "u" } } }, tree.cloudstack)
    assert.same({ mbus = "https://u:p@127.0.0.1:6868", blobstore = { provider = "dav", options = { endpoint = "http://b" } } },
      tree.agent)
    assert.same({ { "0.pool" }, "d", "h", 6901, "u", "w" }, { tree.ntp, tree.director.name, tree.registry.host, tree.registry.port,
      tree.registry.username, tree.registry.password })
    settings.load { file = tree, has_secret = true, null = json.null, warn = error }
  end)

  it("has a remark for the secret key, for what worked the other way round, and for what is left out", function()
    local _, remarks = go_configuration(json.decode(WHOLE), json.null)
    local text = table.concat(remarks, "\n")
    for _, words in ipairs { "SecretAccessKey is not copied", "SkipVerifySSL worked the other way round",
      "Stemcell.PublicVisibility is left out",
      "cloudstack.privatekey is left out: nothing reads it", "cloudstack.intervalcleandisk is left out" } do
      assert.truthy(text:find(words, 1, true), words .. "\n" .. text)
    end
    _, remarks = go_configuration({ CloudStack = { EndPoint = "x", Typo = 1 } }, json.null)
    assert.same({ "cloudstack.typo is not known and is left out" }, remarks)
  end)

  it("is none where it has none of its names", function()
    for _, file in ipairs { {}, { cloudstack = { end_point = "x" } }, "text" } do
      assert.is_nil((go_configuration(file, json.null)))
    end
  end)
end)

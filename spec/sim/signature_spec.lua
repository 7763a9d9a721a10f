local host = require "host_native"
local signature = require "sim.signature"

-- name, secret, parameters as sent, canonical text, signature
local VECTORS = {
  { "the example of the documentation",
  "VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ",
    { { "apiKey", "plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9EdM-kAYMmAiLqzzq1ElZLYq_u38zCm0bewzGUdP66mg" },
      { "command", "listUsers" }, { "response", "json" } },
    "apikey=plgwjfzk4gys3momtvmjuvg-x-jlwlnfauj9gabbbf9edm-kaymmailqzzq1elzlyq_u38zcm0bewzgudp66mg&command=listusers"
      .. "&response=json", "TTpdDq/7j/J58XCRHomKoQXEQds=" },
  { "a tilde, a star, quotes and map keys", "secret",
    { { "apikey", "AK" }, { "command", "deployVirtualMachine" }, { "response", "json" }, { "name", "vm-1" },
      { "displayname", "a b*c~d'(e)!" }, { "userdata", "SGVsbG8+Lz8/Pz8=" },
      { "details[0].rootDiskController", "virtio" }, { "iptonetworklist[0].ip", "10.0.0.5" },
      { "iptonetworklist[0].networkid", "6A1D7A1E-0000-4000-8000-000000000001" } },
    "apikey=ak&command=deployvirtualmachine&details[0].rootdiskcontroller=virtio&displayname=a%20b*c%7ed%27%28e%29%21"
      .. "&iptonetworklist[0].ip=10.0.0.5&iptonetworklist[0].networkid=6a1d7a1e-0000-4000-8000-000000000001&name=vm-1"
      .. "&response=json&userdata=sgvsbg8%2blz8%2fpz8%3d", "sPgpsSsRcbMYHqpHRcAKpzE4s5g=" },
  { "more than ASCII, and an index of two digits", "secret",
    { { "apikey", "AK" }, { "command", "createTags" }, { "response", "json" }, { "resourceids", "u1" },
      { "resourcetype", "UserVm" }, { "tags[0].key", "Näme" }, { "tags[0].value", "über/größe €" },
      { "tags[10].key", "z" }, { "tags[10].value", "1" }, { "tags[2].key", "y" }, { "tags[2].value", "2" } },
    "apikey=ak&command=createtags&resourceids=u1&resourcetype=uservm&response=json&tags[0].key=n%c3%a4me&tags[0].value="
      .. "%c3%bcber%2fgr%c3%b6%c3%9fe%20%e2%82%ac&tags[10].key=z&tags[10].value=1&tags[2].key=y&tags[2].value=2",
    "4Vn6QlYHxNxWTcqf9epU6ETgbAU=" },
  { "an expiry date", "secret",
    { { "apikey", "AK" }, { "command", "listZones" }, { "response", "json" }, { "signatureVersion", "3" },
      { "expires", "2030-01-01T00:00:00+0000" }, { "signature", "is left out" } },
    "apikey=ak&command=listzones&expires=2030-01-01t00%3a00%3a00%2b0000&response=json&signatureversion=3",
    "APk2O8gv9xlYJ69jpsCxg9FN2IU=" },
}

describe("the server's side of a signature", function()
  for _, vector in ipairs(VECTORS) do
    it("agrees with the known one of " .. vector[1], function()
      assert.equal(vector[4], signature.canonical(vector[3]))
      assert.equal(vector[5], signature.of(host.bytes, vector[3], vector[2]))
    end)
  end

  it("sorts names as they were sent, capitals first", function()
    assert.equal("name=b&a=1&b=2", signature.canonical { { "b", "2" }, { "a", "1" }, { "NAME", "b" } })
  end)
end)

local fake = require "tests.support.fake"
local load_balancers = require "cloudstack.load_balancers"

local zone = { id = "z1" }
local rule = { id = "b", name = "web", zoneid = "z1", publicport = "80", privateport = "8080", algorithm = "source",
  publicip = "192.0.2.5" }

describe("load balancer rules", function()
  it("of a name are those of exactly it in the zone, the lowest id first", function()
    local found = load_balancers.named({ rule, { id = "a", name = "web", zoneid = "z1" }, { id = "0", name = "web", zoneid = "z2" },
      { id = "1", name = "webb", zoneid = "z1" } }, "web", zone)
    assert.same({ "a", "b" }, { found[1].id, found[2].id })
    assert.equal(2, #found)
  end)

  it("are good when they do what is wanted: their ports are text", function()
    load_balancers.check(rule, { name = "web", public_port = 80, private_port = 8080 })
    load_balancers.check(rule, { name = "web", public_port = 80, private_port = 8080, algorithm = "source", public_ip = "192.0.2.5" })
  end)

  it("are refused with everything in which they differ", function()
    local message = fake.failure(load_balancers.check, rule, { name = "web", public_port = 81, private_port = 8080,
      algorithm = "roundrobin", public_ip = "192.0.2.6" }).message
    assert.equal("load balancer 'web' exists and has public_port 80, not 81, algorithm source, not roundrobin, "
      .. "public_ip 192.0.2.5, not 192.0.2.6; it is left as it is", message)
  end)

  it("open no firewall in a VPC", function()
    local cpi <close> = fake.cpi {}
    local wanted = { name = "web", open_firewall = true }
    assert.is_true(load_balancers.create_request(cpi, wanted, { id = "n", zoneid = "z" }, "a")[2].openfirewall)
    assert.is_false(load_balancers.create_request(cpi, wanted, { id = "n", zoneid = "z", vpcid = "v" }, "a")[2].openfirewall)
  end)
end)

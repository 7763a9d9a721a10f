local belongings = require "made.belongings"
local fake = require "tests.support.fake"

local function tag(kind, id, role) return { key = "cpivm-1", value = role, resourcetype = kind, resourceid = id } end

describe("what belongs to a VM", function()
  it("is what has its tag", function()
    assert.same({ { kind = "firewall rule", id = "f", role = "rule" }, { kind = "load balancer", id = "l", role = "member" } },
      belongings.of { tag("FirewallRule", "f", "rule"), tag("LoadBalancer", "l", "member") })
  end)

  it("and the addresses that its row tells of, once each", function()
    local vm = { publicipid = "a", nic = { { publicipid = "a" }, {}, { publicipid = "b" } } }
    assert.same({ { kind = "address", id = "a", role = "acquired" }, { kind = "address", id = "b", role = "vip" } },
      belongings.of({ tag("PublicIpAddress", "a", "acquired") }, vm))
  end)

  it("is taken away without a request where there is none", function()
    local cpi <close> = fake.cpi {}
    belongings.take_away(cpi, "cpivm-1", {}, { id = "v" })
  end)

  it("is not looked for where its tag is on something else", function()
    local cpi <close> = fake.cpi {}
    belongings.take_away(cpi, "cpivm-1", { { kind = "UserVm", id = "v", role = "x" } }, nil)
  end)

  it("is what it was when it can't be taken away, and the error says so", function()
    local cpi <close> = fake.cpi {
      { "listPublicIpAddresses", { id = "a" }, { count = 1, publicipaddress = { { id = "a" } } } },
      { "disassociateIpAddress", { id = "a" }, job_fails = "no" },
      { "listPublicIpAddresses", { id = "a" }, { count = 1, publicipaddress = { { id = "a" } } } },
    }
    local failure = fake.failure(belongings.take_away, cpi, "cpivm-1", { { kind = "address", id = "a", role = "acquired" } })
    assert.equal("releasing an address: disassociateIpAddress: no (530)", failure.message)
  end)

  it("has ended when its job failed and CloudStack shows that it did what it was asked", function()
    local vm = { id = "v" }
    local cpi <close> = fake.cpi {
      { "listPublicIpAddresses", { id = "a" }, { count = 1, publicipaddress = { { id = "a", isstaticnat = true,
        virtualmachineid = "v" } } } },
      { "disableStaticNat", { ipaddressid = "a" }, job_fails = "no" },
      { "listPublicIpAddresses", { id = "a" }, { count = 1, publicipaddress = { { id = "a", isstaticnat = false } } } },
    }
    belongings.take_away(cpi, "cpivm-1", { { kind = "address", id = "a", role = "vip" } }, vm)
  end)

  it("keeps a tag of a role that the CPI does not know", function()
    local cpi <close> = fake.cpi {
      { "listPublicIpAddresses", { id = "a" }, { count = 1, publicipaddress = { { id = "a", tags = {
        { key = "cpivm-1", value = "mine" } } } } } },
    }
    belongings.take_away(cpi, "cpivm-1", { { kind = "address", id = "a", role = "mine" } }, { id = "v" })
  end)
end)

local belongings = require "made.belongings"
local fake = require "tests.support.fake"
local orphans = require "made.orphans"

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

  it("is marked as made for its director, or for a BOSH that does not name one", function()
    local cpi <close> = fake.cpi {}
    local function made_for(director)
      cpi.context.director_uuid = director
      local params = belongings.mark_request(cpi, { kind = "address", id = "a" })[2]
      local by_key = {}
      for i = 0, 9 do by_key[params[("tags[%d].key"):format(i)] or ""] = params[("tags[%d].value"):format(i)] end
      return by_key[orphans.MADE]
    end
    assert.equal("d-1", made_for "d-1")
    assert.equal("bosh", made_for(nil))
  end)

  it("goes to the VM that has the address by now, which may be setting its tag at the moment: three tries", function()
    local row = { id = "a", isstaticnat = true, virtualmachineid = "w", virtualmachinename = "cpivm-2", ipaddress = "198.51.100.7" }
    local look = { "listPublicIpAddresses", { id = "a" }, { publicipaddress = { row } } }
    local is_there = { "createTags", { resourceids = "a", ["tags[0].key"] = "cpivm-2" }, job_fails = "tag is already on it" }
    local lines = {}
    local function given_away(...)
      local cpi <close> = fake.cpi { look, capture = lines, ... }
      belongings.take_away(cpi, "cpivm-1", { { kind = "address", id = "a", role = "acquired" } }, { id = "v" })
      return table.remove(lines)
    end
    assert.equal("info address 198.51.100.7 stays with VM cpivm-2",
      given_away(is_there, look, is_there, look, { "createTags", { resourceids = "a" }, job = {} }))
    assert.matches("^warn .*tag is already on it", given_away(is_there, look, is_there, look, is_there))
    local gone = { "listPublicIpAddresses", { id = "a" }, {} }
    assert.matches("^warn .*tag is already on it", given_away(is_there, gone)) -- nobody's any more
  end)

  it("keeps a tag of a role that the CPI does not know", function()
    local cpi <close> = fake.cpi {
      { "listPublicIpAddresses", { id = "a" }, { count = 1, publicipaddress = { { id = "a", tags = {
        { key = "cpivm-1", value = "mine" } } } } } },
    }
    belongings.take_away(cpi, "cpivm-1", { { kind = "address", id = "a", role = "mine" } }, { id = "v" })
  end)
end)

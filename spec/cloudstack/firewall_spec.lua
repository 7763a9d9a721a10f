local firewall = require "cloudstack.firewall"

local ssh = { protocol = "tcp", start_port = 22, end_port = 22, cidrs = { "10.0.0.0/8", "192.168.0.0/16" } }
local ping = { protocol = "icmp", icmp_type = 8, icmp_code = 0, cidrs = { "0.0.0.0/0" } }

local function row(more)
  local one = { protocol = "tcp", startport = 22, endport = 22, cidrlist = "10.0.0.0/8,192.168.0.0/16" }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

describe("firewall rules", function()
  it("are the same when they do the same", function()
    assert.is_table(firewall.same({ row { protocol = "udp" }, row() }, ssh))
    assert.is_table(firewall.same({ row { startport = "22", endport = "22" } }, ssh)) -- as text before 4.18
    for _, more in ipairs { { protocol = "udp" }, { endport = 23 }, { startport = 21 }, { cidrlist = "10.0.0.0/8" } } do
      assert.is_nil(firewall.same({ row(more) }, ssh))
    end
  end)

  it("of ICMP go by type and code", function()
    local given = { protocol = "icmp", icmptype = 8, icmpcode = 0, cidrlist = "0.0.0.0/0" }
    assert.is_table(firewall.same({ given }, ping))
    given.icmptype = 3
    assert.is_nil(firewall.same({ given }, ping))
  end)

  it("are called by protocol and ports", function()
    assert.equal("tcp 22-22", firewall.described(ssh))
    assert.equal("icmp", firewall.described(ping))
  end)
end)

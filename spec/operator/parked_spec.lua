local memory_store = require "base.memory_store"
local native = require "host_native"
local parked = require "operator.parked"

local NOW = 1000000

-- What doctor says -> "level: text", remedy. notes: the ages of what is noted, nil without a store.
local function said(may_expunge, site, notes)
  local lines, remedy = {}, nil
  local found = { good = function(_, _, text) lines[#lines + 1] = "good: " .. text end,
    remark = function(_, _, text, what) lines[#lines + 1], remedy = "remark: " .. text, what end }
  local store = memory_store {}
  for i, age in ipairs(notes or {}) do store.put("parked", "n " .. i, native.json.encode { at = NOW - age }) end
  store.put("parked", "n x", "nonsense")
  local host = { store = store, json = native.json, clock = { utc = function() return NOW end }, log = { warn = error } }
  local settings = { store = { path = notes and "/store" or "" },
    cloudstack = { expunge_vm = site.expunge_vm ~= false, parking = { ranges = site.ranges, network = site.network or "" } } }
  parked.check(found, host, settings, { may_expunge = may_expunge })
  assert.equal(1, #lines)
  return lines[1], remedy
end

describe("what doctor says of VMs that leave", function()
  it("is good where they are expunged", function()
    assert.equal("good: this account may expunge VMs", (said(true, {})))
  end)

  it("is what parking costs, and how to do without", function()
    local words = "remark: each deleted VM holds another address until CloudStack expunges it"
    for _, case in ipairs { { false, {} }, { true, { expunge_vm = false } } } do
      local text, remedy = said(case[1], case[2])
      assert.equal(words, text)
      for _, name in ipairs { "cloudstack.parking.ranges", "cloudstack.parking.network", "allow.user.expunge.recover.vm" } do
        assert.truthy(remedy:find(name, 1, true), remedy)
      end
    end
    assert.equal(words .. " (2 noted in the last two days)", (said(false, {}, { 5, 86400, 3 * 86400 })))
  end)

  it("is good where the site says where the addresses go", function()
    assert.equal("good: each deleted VM holds another address until CloudStack expunges it, in cloudstack.parking.ranges",
      (said(false, { ranges = { net = "10.0.0.250" } })))
    assert.equal("good: VMs leave by network 'cpi-parking', and hold no address until they are expunged",
      (said(false, { network = "cpi-parking" })))
  end)
end)

local ready_stemcells = require "operator.ready_stemcells"

local function said(rows, failure)
  local lines, found = {}, {}
  function found:good(subject, format, ...) lines[#lines + 1] = ("good %s: %s"):format(subject, format:format(...)) end
  function found:remark(subject, text, remedy) lines[#lines + 1] = ("remark %s: %s; %s"):format(subject, text, remedy) end
  function found:problem(subject, text, remedy) lines[#lines + 1] = ("problem %s: %s; %s"):format(subject, text, remedy) end
  ready_stemcells.check(found, { stemcells = { rows = rows, failure = failure } }, { cloudstack = { default_zone = "z" } })
  return lines
end

local function row(title, more)
  local one = { name = "cpitemplate-1-2-3", zonename = "z", zoneid = "z1", isready = true, status = "Download Complete",
    tags = title and { { key = "bosh_stemcell", value = title } } or nil }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

describe("what doctor says of stemcells", function()
  it("is which are ready in the zone, by the names that BOSH has for them", function()
    assert.same({ "good stemcells: ready in zone 'z': bosh-cloudstack-kvm-ubuntu-jammy-go_agent/1.943, cpitemplate-1-2-3" },
      said { row "bosh-cloudstack-kvm-ubuntu-jammy-go_agent/1.943", row(nil), row("a/1", { zonename = "other", zoneid = "o" }),
        row(nil, { name = "somebody's own" }) })
    local many = {}
    for i = 1, 14 do many[i] = row(("s%02d/1"):format(i)) end
    assert.matches("s12/1 and 2 more$", said(many)[1])
  end)

  it("is that there is none, or none yet", function()
    assert.same({ "remark stemcells: no stemcell of the CPI is ready in zone 'z'; upload one; docs/stemcells.md has how to come by it" },
      said {})
    assert.matches("^remark stemcells: 'a/1' is not ready in zone 'z': 50%% Downloaded; nothing to do",
      said({ row("a/1", { isready = false, status = "50% Downloaded" }) })[1])
    assert.same({}, said(nil, {}))
  end)

  it("is what failed, and what will not boot", function()
    assert.matches("^problem stemcells: 'a/1' is not ready in zone 'z': .*; delete the stemcell",
      said({ row("a/1", { isready = false, status = "Download Error" }) })[1])
    assert.matches("^remark stemcells: 'bosh%-openstack%-kvm%-x/1' was published for openstack: .*cpi stemcell convert",
      said({ row "bosh-openstack-kvm-x/1" })[1])
    assert.equal(1, #said { row "bosh-cloudstack-xen-x/1" })
  end)
end)

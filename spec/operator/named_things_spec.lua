local named_things = require "operator.named_things"

-- (the findings themselves: spec/operator/examination_spec.lua and spec/commands/doctor_spec.lua)

local function settings(more)
  local site = { default_key_name = "", default_zone = "z", default_offer = { disk = "", ephemeral_disk = "", custom_disk = "" },
    stemcell = { mock = "", os_type = "Other" } }
  for name, value in pairs(more or {}) do site[name] = value end
  return { cloudstack = site }
end

local function checked(more, hypervisors, networks)
  local lines, found = {}, {}
  function found:good(subject, format, ...) lines[#lines + 1] = "good " .. subject .. ": " .. format:format(...) end
  function found:remark(subject, text, remedy) lines[#lines + 1] = "remark " .. subject .. ": " .. text .. "; " .. remedy end
  function found:problem(subject, text, remedy) lines[#lines + 1] = "problem " .. subject .. ": " .. text .. "; " .. remedy end
  local asked = { zones = { rows = {
    { id = "1", name = "z", allocationstate = "Enabled", networktype = "Advanced" }, { id = "2", name = "y" } } } }
  for _, name in ipairs { "service offerings", "disk offerings", "networks", "OS types", "key pairs", "templates" } do
    asked[name] = { rows = { { id = "1", name = "x", description = "Other" } } }
  end
  asked.networks.rows = networks or asked.networks.rows
  local client = { wave = function(_, requests)
    assert.same({ "listHypervisors", { zoneid = "1" }, rows = "hypervisor" }, requests[1])
    return { hypervisors or { rows = { { name = "KVM" } } } }
  end }
  named_things.check(found, asked, settings(more), client)
  return lines
end

local function has(lines, line)
  for _, one in ipairs(lines) do
    if one == line then return true end
  end
  error(line .. " is not among\n" .. table.concat(lines, "\n"))
end

describe("what a configuration names", function()
  it("is asked for where it is named", function()
    assert.equal(5, #named_things.requests(settings()))
    assert.equal(7, #named_things.requests(settings { default_key_name = "k", stemcell = { mock = "m", os_type = "Other" } }))
  end)

  it("are the zones of stemcells too", function()
    has(checked { stemcell = { mock = "", os_type = "Other", zones = { "y" } } }, "good zone: stemcells come to y too")
    has(checked { stemcell = { mock = "", os_type = "Other", zones = { "*" } } }, "good zone: stemcells come to * too")
    has(checked { stemcell = { mock = "", os_type = "Other", zones = { "y", "q" } } },
      "problem zone: cloudstack.stemcell.zones: 'q' is not in CloudStack; name one of: y, z")
    local lines = checked { stemcell = { mock = "", os_type = "Other", zones = { "q", "r", "y" } } }
    has(lines, "problem zone: cloudstack.stemcell.zones: 'r' is not in CloudStack; name one of: y, z")
    for _, line in ipairs(lines) do assert.is_nil(line:find("stemcells come to", 1, true), line) end
  end)

  it("are the offerings that the account sees", function()
    has(checked(), "good offerings: service offerings: x")
    has(checked(), "good offerings: disk offerings: x")
  end)

  it("are the networks that have IPv6", function()
    local plain = { name = "x", service = { { name = "UserData" } } }
    has(checked({}, nil, { plain }), "good networks: with IPv6: none")
    has(checked({}, nil, { plain, { name = "silent" } }), "remark networks: without user data: silent; "
      .. "nothing to do where a VM has another network that serves it; ours makes that one its first")
    has(checked({}, nil, { plain, { name = "six", ip6cidr = "2001:db8::/64", service = {} } }), "good networks: with IPv6: six")
  end)

  it("needs a hypervisor that stemcells are for", function()
    has(checked(), "good hypervisor: KVM: tested (QCOW2 and raw images, virtio device names)")
    has(checked({}, { rows = { { name = "LXC" }, { name = "Ovm3" } } }),
      "problem hypervisor: the zone has hosts of none that stemcells are for: LXC, Ovm3; XenServer, KVM or VMware is needed")
    for _, line in ipairs(checked({}, { failure = {} })) do assert.is_nil(line:find "hypervisor") end
  end)
end)

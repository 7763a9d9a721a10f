local capacity = require "operator.capacity"

local function site(more)
  local settings = { cloudstack = { project = "", account = "", domain = "" } }
  for name, value in pairs(more or {}) do settings.cloudstack[name] = value end
  return settings
end

-- The findings as lines, and the remedies by the texts that they are for.
local function checked(asked, settings)
  local lines = {}
  local found = {}
  function found:good(subject, format, ...) lines[#lines + 1] = "good " .. subject .. ": " .. format:format(...) end
  local remedies = {}
  function found:remark(subject, text, remedy) lines[#lines + 1], remedies[text] = "remark " .. subject .. ": " .. text, remedy end
  function found:problem(subject, text, remedy) lines[#lines + 1], remedies[text] = "problem " .. subject .. ": " .. text, remedy end
  for _, name in ipairs { "owner", "networks", "VMs" } do asked[name] = asked[name] or { failure = {} } end
  capacity.check(found, asked, settings or site())
  return lines, remedies
end

local function owner(row) return { owner = { rows = { row } } } end

describe("what an account may still make", function()
  it("is asked of the account, of all that an administrator sees, or of the projects", function()
    assert.same({ "listAccounts", {}, rows = "account" }, capacity.requests(site())[1][2])
    assert.same({ "listAccounts", { listall = true }, rows = "account" }, capacity.requests(site { account = "a" })[1][2])
    assert.same({ "listProjects", { listall = true }, rows = "project" }, capacity.requests(site { project = "p" })[1][2])
  end)

  it("is said of each limit, and not of what is unlimited", function()
    assert.same({ "good quota: left: 15 of 20 VMs, 100 of 200 GB of primary storage" }, checked(owner { name = "a", vmlimit = "20",
      vmavailable = "15",
      cpulimit = "Unlimited", cpuavailable = "Unlimited", primarystoragelimit = "200", primarystorageavailable = "100" }))
    assert.same({ "good quota: left: what the domain allows; the account has no limits of its own" },
      checked(owner { name = "a", vmlimit = "Unlimited", vmavailable = "Unlimited", volumelimit = "-1", volumeavailable = "-1" }))
  end)

  it("is a problem where BOSH stands still, and a remark where little is left", function()
    assert.same({ "problem quota: no more VMs: all 20 that the account may have are taken", "remark quota: 2 of 20 disks are left",
      "remark quota: 0 of 5 snapshots are left", "good quota: left: 0 of 20 VMs, 2 of 20 disks, 0 of 5 snapshots" },
      checked(owner { vmlimit = "20", vmavailable = "0", volumelimit = "20", volumeavailable = "2", snapshotlimit = "5",
        snapshotavailable = "0" }))
  end)

  it("comes with what to do about it, if it is little", function()
    local _, remedies = checked(owner { vmlimit = "20", vmavailable = "0", volumelimit = "20", volumeavailable = "2" })
    for _, text in ipairs { "no more VMs: all 20 that the account may have are taken", "2 of 20 disks are left" } do
      assert.matches("`cpi list` shows what is there; an administrator gives more", remedies[text])
    end
  end)

  it("is that of the project or account that is configured, in its domain", function()
    local rows = { { name = "a", domainid = "d1", domain = "east", domainpath = "ROOT/east", vmlimit = "1", vmavailable = "1" },
      { id = "2", name = "a", domainid = "d2", domain = "west", domainpath = "ROOT/west", vmlimit = "2", vmavailable = "2" } }
    for _, domain in ipairs { "d2", "west", "ROOT/west" } do
      assert.same({ "good quota: left: 2 of 2 VMs" }, checked({ owner = { rows = rows } }, site { account = "a", domain = domain }))
    end
    assert.same({ "good quota: left: 2 of 2 VMs" }, checked({ owner = { rows = rows } }, site { account = "2" }))
    assert.same({}, checked({ owner = { rows = rows } }, site { project = "p" }))
  end)
end)

describe("the free addresses of a network", function()
  local function of(network, vms) return checked { networks = { rows = { network } }, VMs = { rows = vms or {} } } end

  it("are those of its range that no VM has, with the secondary ones", function()
    local network = { id = "n", name = "net", type = "Isolated", cidr = "10.0.0.0/24" }
    assert.same({ "good addresses: free, at most: net 253 of 253" }, of(network))
    assert.same({ "good addresses: free, at most: net 250 of 253" }, of(network, { { nic = { { networkid = "n" }, { networkid = "m" } } },
      { nic = { { networkid = "n", secondaryip = { {} } } } }, {} }))
  end)

  it("are remarked upon where they are few", function()
    local vms = { { nic = { { networkid = "n" }, { networkid = "n" }, { networkid = "n" }, { networkid = "n" }, { networkid = "n" } } } }
    assert.same({ "remark addresses: network 'net' has at most 0 free addresses of 5", "good addresses: free, at most: net 0 of 5" },
      of({ id = "n", name = "net", cidr = "10.0.0.0/29" }, vms))
  end)

  it("are not guessed of a shared network, or of one without a range", function()
    assert.same({ "good addresses: free, at most: s: 1 in use" }, of({ id = "n", name = "s", type = "Shared", cidr = "10.0.0.0/24" },
      { { nic = { { networkid = "n" } } } }))
    assert.same({}, of { id = "n", name = "l2", type = "L2" })
  end)
end)

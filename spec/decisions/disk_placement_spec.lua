local decision = require "tests.support.decision"
local native = require "host_native"
local policy = require "policy"

local function disk(more)
  local row = { cid = "cpi-disk-1", id = "d", size = 10, state = "Ready", zone_id = "z2", scope = "host", pool = "h2-local",
    pool_id = "p2", host = "h2", host_id = "2", cluster_id = "c1" }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

local function deploy(disks, more)
  local facts = { verb = "create_vm", sees_storage = true, zone = { id = "z1", name = "zone1" }, zone_named = false, pools = {},
    disks = disks, hosts = { { id = "1", name = "h1", cluster_id = "c1" }, { id = "2", name = "h2", cluster_id = "c2" } } }
  for key, value in pairs(more or {}) do facts[key] = value end
  return facts
end

local function attach(more)
  local facts = deploy({ disk() }, { verb = "attach_disk", zone_named = true,
    vm = { name = "cpivm-1", state = "Running", host = "h1", host_id = "1", cluster_id = "c1" },
    pools = { { id = "p0", name = "shared", scope = "cluster", free = 999, suitable = true },
      { id = "p1", name = "h1-local", scope = "host", host_id = "1", free = 20, suitable = true } } })
  for key, value in pairs(more or {}) do facts[key] = value end
  return facts
end

describe("disk_placement for create_vm", function()
  local strict = { host = "2", strict = true }
  decision.answers(it, "disk_placement", {
    facts = deploy { disk() },
    good = {
      { "anywhere", {} }, { { host = "2" }, strict }, { { host = "2", strict = false }, { host = "2", strict = false } },
      { { cluster = "c2", zone = "z2" }, { cluster = "c2", zone = "z2", strict = true } },
    },
    bad = {
      { "attach", "for create_vm it must be" }, { { host = "9" }, "its host is none of facts.hosts" },
      { { cluster = "c9" }, "neither that of a host nor that of a disk" }, { { zone = "z9" }, "its zone is that of no disk" },
      { { hots = "2" }, "it has no 'hots'" },
    },
  })

  decision.answers(it, "disk_placement", {
    facts = deploy({ disk() }, { sees_storage = false, zone_named = true }), good = {},
    bad = { { { host = "2" }, "may name neither host nor cluster" }, { { zone = "z2" }, "the manifest names the zone" } },
  })
end)

describe("disk_placement for attach_disk", function()
  decision.answers(it, "disk_placement", {
    facts = attach(), good = { { "attach", {} }, { { migrate = "p1" }, { migrate = "p1" } } },
    bad = { { "anywhere", "for attach_disk it must be" }, { { migrate = "p9" }, "its pool is none of facts.pools" } },
  })
end)

describe("our disk_placement", function()
  local decide = policy.new { sandbox = native.policy, ours = "lua/policies", directory = function() end }
  local function ours(facts) return decide("disk_placement", facts) end

  it("goes to the host with most GB of local disks, in the disks' zone", function()
    assert.same({ host = "2", zone = "z2", strict = true }, ours(deploy { disk { size = 5, host_id = "1" }, disk { size = 6 } }))
    assert.same({ host = "1", zone = "z2", strict = true },
      ours(deploy { disk { size = 4, host_id = "1" }, disk { size = 6 }, disk { size = 4, host_id = "1" } }))
  end)

  it("goes to the cluster of shared disks where there is room, and anywhere for a zone's", function()
    assert.same({ cluster = "c1", zone = "z2", strict = false }, ours(deploy { disk { scope = "cluster" } }))
    assert.same({ zone = "z2", strict = true }, ours(deploy { disk { scope = "zone" } }))
    assert.same({}, ours(deploy({ disk { scope = "zone" } }, { zone_named = true })))
  end)

  it("names no host where the account sees none, and no zone for disks of two", function()
    assert.same({}, ours(deploy({ disk(), disk { zone_id = "z1" } }, { sees_storage = false })))
  end)

  it("moves a disk of another host to a local pool of the VM's", function()
    assert.same({ migrate = "p1" }, ours(attach()))
  end)

  it("refuses where none there has room, naming disk, pool and hosts", function()
    local failure = decision.failure(ours, attach { disks = { disk { size = 21 } } })
    assert.equal("policy disk_placement (default): disk 'cpi-disk-1' (21 GB) lies in pool 'h2-local' of host 'h2', VM 'cpivm-1' "
      .. "is on host 'h1', and no local pool there takes it", failure.message)
  end)

  it("attaches every other disk as it is", function()
    for _, one in ipairs { disk { scope = "cluster" }, disk { scope = "zone" }, disk { host_id = "1" } } do
      assert.same({}, ours(attach { disks = { one } }))
    end
    assert.same({}, ours(attach { vm = { name = "v", state = "Stopped" } }))
    local unseen = disk()
    unseen.scope, unseen.host_id = nil, nil
    assert.same({}, ours(attach { sees_storage = false, disks = { unseen } }))
  end)
end)

describe("an answer of disk_placement", function()
  decision.spoils(it, "disk_placement", function() return { host = "h1", cluster = "c1", zone = "z1", strict = true } end)
end)

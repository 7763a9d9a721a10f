local ours = require("tests.support.decision").ours

local function place(disks, more)
  local facts = { verb = "create_vm", disks = disks, sees_storage = true }
  for key, value in pairs(more or {}) do facts[key] = value end
  return ours("disk_placement", facts)
end

local function on_host(host, size) return { scope = "host", host_id = host, cluster_id = "c1", zone_id = "z1", size = size } end
local function in_cluster(cluster, size) return { scope = "cluster", cluster_id = cluster, zone_id = "z1", size = size } end

describe("our policy of disk_placement, of a new VM,", function()
  it("goes to the host with most GB of its local disks, and nowhere else", function()
    assert.same({ zone = "z1", host = "h2", strict = true }, place { on_host("h1", 10), on_host("h2", 6), on_host("h2", 6) })
    assert.same({ zone = "z1", host = "h1", strict = true }, place { on_host("h1", 1), in_cluster("c9", 100) })
  end)

  it("else prefers the cluster with most GB", function()
    assert.same({ zone = "z1", cluster = "c2", strict = false }, place { in_cluster("c1", 10), in_cluster("c2", 11) })
  end)

  it("knows the zone alone where the account does not see the storage", function()
    assert.same({ zone = "z1" }, place({ on_host("h1", 10) }, { sees_storage = false }))
    assert.same({ zone = "z1" }, place({ in_cluster("c1", 10) }, { sees_storage = false }))
  end)

  it("goes anywhere where the manifest names the zone, or the disks are in several", function()
    local elsewhere = { scope = "zone", zone_id = "z2", size = 1 }
    assert.equal("anywhere", place({ { scope = "zone", zone_id = "z1", size = 1 } }, { zone_named = true }))
    assert.equal("anywhere", place { { scope = "zone", zone_id = "z1", size = 1 }, elsewhere })
  end)
end)

describe("our policy of disk_placement, of a disk,", function()
  local function fate(disk, pools)
    return ours("disk_placement", { verb = "attach_disk", disks = { disk }, pools = pools or {},
      vm = { name = "vm", host = "host-2", host_id = "h2" } })
  end
  local function pool(id, free, more)
    local row = { id = id, host_id = "h2", suitable = true, free = free }
    for key, value in pairs(more or {}) do row[key] = value end
    return row
  end
  local far = { cid = "d", scope = "host", host_id = "h1", host = "host-1", pool = "p", size = 10 }

  it("attaches one that the VM's host reaches, or that nobody knows better of", function()
    assert.equal("attach", fate { scope = "host", host_id = "h2", size = 1 })
    assert.equal("attach", fate { scope = "cluster", host_id = "h1", size = 1 })
    assert.equal("attach", fate { scope = "host", size = 1 })
  end)

  it("moves one on another host to the pool there with most room", function()
    assert.same({ migrate = "b" }, fate(far, { pool("a", 10), pool("b", 12), pool("c", 11) }))
    assert.same({ migrate = "a" }, fate(far, { pool("a", 10) }))
  end)

  it("refuses where no pool there takes it, and names all of them", function()
    local given, why = fate(far, { pool("a", 9), pool("b", 99, { host_id = "h3" }), pool("c", 99, { suitable = false }) })
    assert.is_nil(given)
    assert.equal("disk 'd' (10 GB) lies in pool 'p' of host 'host-1', VM 'vm' is on host 'host-2', and no local pool there takes it", why)
  end)
end)

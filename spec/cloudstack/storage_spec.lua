local fake = require "tests.support.fake"
local storage = require "cloudstack.storage"

local hosts = { { id = "1", name = "kvm-1", ipaddress = "10.0.0.1" }, { id = "2", name = "kvm-10", ipaddress = "10.0.0.2" } }

describe("a volume's place", function()
  it("is reached from a host, a cluster, a zone, or nowhere yet", function()
    assert.equal("host", storage.scope { storageid = "p", storagetype = "local", clusterid = "c" })
    assert.equal("cluster", storage.scope { storageid = "p", storagetype = "shared", clusterid = "c" })
    assert.equal("zone", storage.scope { storageid = "p", storagetype = "shared" })
    assert.is_nil(storage.scope { storagetype = "local" })
    assert.same({ true, false }, { storage.is_seen { storagetype = "local" }, storage.is_seen {} })
  end)

  it("is on the host that has the pool's address, else on the one whose name the pool's begins with", function()
    assert.equal(hosts[2], storage.host_of({ name = "x", ipaddress = "10.0.0.2" }, hosts))
    assert.equal(hosts[1], storage.host_of({ name = "kvm-1-local-5f3a", ipaddress = "192.168.0.1" }, hosts))
    assert.is_nil(storage.host_of({ name = "kvm-100-local", ipaddress = "192.168.0.1" }, hosts))
    local pools = { { id = "p", ipaddress = "10.0.0.1" } }
    assert.equal(hosts[1], storage.host_of_volume({ storageid = "p", storagetype = "local" }, pools, hosts))
    assert.is_nil(storage.host_of_volume({ storageid = "p", storagetype = "shared", clusterid = "c" }, pools, hosts))
  end)

  it("is looked for among the hosts that VMs run on, and not the system's", function()
    assert.same({ type = "Routing", zoneid = "z1" }, storage.host_request("z1")[2])
  end)

  it("has as much room as may still be promised", function()
    local GIB = 1024 * 1024 * 1024
    assert.equal(15, storage.free { disksizetotal = 10 * GIB, disksizeallocated = 5 * GIB, overprovisionfactor = "2.0" })
    assert.equal(0, storage.free { disksizetotal = GIB, disksizeallocated = 5 * GIB })
  end)
end)

describe("a pool", function()
  it("suits offerings of its kind whose tags it has, while it is up", function()
    local pool = { state = "Up", scope = "HOST", tags = "ssd,fast" }
    assert.is_true(storage.suits(pool, { storagetype = "local", tags = "ssd" }))
    assert.is_false(storage.suits(pool, { storagetype = "local", tags = "gold" }))
    assert.is_false(storage.suits(pool, { storagetype = "shared" }))
    assert.is_false(storage.suits({ state = "Maintenance", scope = "HOST" }, { storagetype = "local" }))
  end)
end)

describe("moving a volume", function()
  local volume, pool = { id = "d", name = "cpi-disk-1", storage = "a" }, { id = "p2", name = "b" }
  local there = { "listVolumes", { id = "d" }, { volume = { { id = "d", storageid = "p2", state = "Ready" } } } }
  local here = { "listVolumes", { id = "d" }, { volume = { { id = "d", storageid = "p1", state = "Ready" } } } }

  local function migrate(script)
    local cpi <close> = fake.cpi(script)
    storage.migrate(cpi, volume, pool)
  end

  it("is a job", function() migrate { { "migrateVolume", { volumeid = "d", storageid = "p2" }, job = {} } } end)

  it("is done where the volume is there, whatever became of the answer or the job", function()
    migrate { { "migrateVolume", {}, dies = true }, there }
    migrate { { "migrateVolume", {}, fault = "closed", sent = true, unknown = true }, there }
    migrate { { "migrateVolume", {}, fault = "closed", sent = true, unknown = true }, here, { "migrateVolume", {}, job = {} } }
  end)

  it("says why it was refused", function()
    local failure = fake.failure(migrate, { { "migrateVolume", {}, job_fails = "no way", code = 530 }, here })
    assert.equal("moving disk cpi-disk-1 from pool a to pool b: migrateVolume: no way (530)", failure.message)
  end)
end)

-- A VM in a zone that its stemcell's template is not in.

local native = require "host_native"
local trial = require "operator.trial"

local CID = "cpitemplate-1a2b3c4d-0000-4000"
local COPY_JOB = 600 -- more than a wait between two looks

local function cloud(options)
  options = options or {}
  local world = {
    latency = options.latency, zones = { { name = "zone2" } },
    clusters = { { name = "c2", zone = "zone2", hosts = { { name = "h2", cpu = 16, mhz = 4000, memory = 65536, pool = 1024 } },
      pools = { { name = "p2", size = 1024 } } } },
    networks = { { name = "net-two", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1",
      account = "bosh" } },
    templates = { { name = CID, account = options.owner or "bosh", zones = { "zone1" }, public = true } },
  }
  local t = trial.new { host = native, world = world, settings = options.settings, store = options.store }
  local two = { default = { type = "dynamic", cloud_properties = { name = "net-two" } } }

  function t.in_zone2(more)
    return t.cid { stemcell = options.stemcell or CID, networks = two,
      cloud_properties = more or { compute_offering = "shared.small", zone = "zone2" } }
  end

  function t.template()
    for _, row in ipairs(t.sim.state().templates) do
      if row.name == CID then return row end
    end
  end

  function t.zones()
    local names = {}
    for i, one in ipairs(t.template().zones) do names[i] = one.zone end
    return names
  end

  function t.ask(command, params)
    t.sim.send { { command = command, params = params } }
    t.sim.advance(1)
  end

  function t.sent(command)
    local n = 0
    for _, request in ipairs(t.sim.requests) do n = n + (request.command == command and 1 or 0) end
    return n
  end

  function t.tag()
    return { resourceids = t.template().id, resourcetype = "Template", ["tags[0].key"] = "bosh_copy_to_" .. t.zone "zone2" }
  end

  function t.zone(name)
    for _, row in ipairs(t.sim.state().zones) do
      if row.name == name then return row.id end
    end
  end
  return t
end

describe("a stemcell of one zone, and VMs in another", function()
  local owners = {
    ["in a project"] = { settings = { project = "p" }, owner = { project = "p" } },
    ["for another account"] = { sender = "admin", settings = { account = "bosh", domain = "bosh" }, owner = { account = "bosh" } },
    ["for an account of the domain"] = { sender = "chief", settings = { account = "bosh", domain = "bosh" },
      owner = { account = "bosh" } },
  }
  for what, case in pairs(owners) do
    it("live and go " .. what, function()
      local network = { name = "net-two", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1" }
      for key, value in pairs(case.owner) do network[key] = value end
      local image = { stat = function(path) return { size = 5000000, path = path, head = "an image" } end,
        checksum = function() return "c0ffee" end }
      local t = trial.new { host = setmetatable({ images = image }, { __index = native }), account = case.sender, store = true,
        settings = { cloudstack = case.settings }, world = {
          zones = { { name = "zone2" } }, projects = { { name = "p", account = "bosh" } }, networks = { network },
          accounts = { { name = "chief", role = "domainadmin", domain = "bosh" } },
          clusters = { { name = "c2", zone = "zone2", pools = { { name = "p2" } }, hosts = { { name = "h2" } } } } } }
      local stemcell = t.call("create_stemcell", "/tmp/image", { name = "s", version = "1", disk_format = "vhdx",
        template_url = "http://192.0.2.2/image.vhd" })
      for _ = 1, 2 do
        local vm = t.cid { stemcell = stemcell, cloud_properties = { compute_offering = "shared.small", zone = "zone2" },
          networks = { default = { type = "dynamic", cloud_properties = { name = "net-two" } } } }
        t.call("delete_vm", vm)
      end
      t.call("delete_stemcell", stemcell)
      t.sim.advance(86400)
      for kind, count in pairs(t.sim.state().left) do assert.equal(0, count, kind) end
    end)
  end
end)

describe("a VM in a zone without its stemcell's template", function()
  it("gets it copied, once for all that come", function()
    local t = cloud()
    assert.same({ "zone1" }, t.zones())
    local first = t.in_zone2()
    assert.equal("zone2", t.vm(first).zonename)
    assert.equal(t.template().id, t.vm(first).templateid)
    assert.same({ "zone1", "zone2" }, t.zones())
    assert.same({}, t.template().tags)
    t.in_zone2()
    assert.equal(1, t.sent "copyTemplate")
  end)

  it("is served once, also by what a store remembers", function()
    local t = cloud { store = true }
    t.cid { stemcell = CID } -- the template's rows are in the cache now, without zone2
    t.in_zone2()
    t.in_zone2()
    assert.equal(1, t.sent "copyTemplate")
  end)

  it("waits for the copy that another process makes", function()
    local t = cloud()
    local tag, sleep, looks = t.tag(), t.host.clock.sleep, 0
    tag["tags[0].value"] = tostring(t.host.clock.utc())
    t.ask("createTags", tag)
    t.host.clock = setmetatable({ sleep = function(seconds)
      looks = looks + 1
      if looks == 3 then
        t.ask("copyTemplate", { id = t.template().id, sourcezoneid = t.zone "zone1", destzoneid = t.zone "zone2" })
        t.ask("deleteTags", t.tag())
      end
      return sleep(seconds)
    end }, { __index = t.host.clock })
    t.in_zone2()
    assert.equal(1, t.sent "copyTemplate")
    assert.is_true(looks >= 3)
    assert.same({}, t.template().tags)
  end)

  it("finds it copied by a process that was faster", function()
    local t = cloud()
    local send, other = t.host.cloudstack.send, nil
    t.host.cloudstack.send = function(requests)
      if requests[1].command == "createTags" and not other then
        other = true
        t.in_zone2()
      end
      return send(requests)
    end
    t.in_zone2()
    assert.equal(1, t.sent "copyTemplate")
    assert.same({}, t.template().tags)
  end)

  it("does not wait for a process that died", function()
    local t = cloud()
    local tag = t.tag()
    tag["tags[0].value"] = tostring(t.host.clock.utc())
    t.ask("createTags", tag)
    t.sim.advance(1801)
    local before = t.host.clock.now()
    t.in_zone2()
    assert.is_true(t.host.clock.now() - before < COPY_JOB)
    assert.same({}, t.template().tags)
  end)

  it("leaves no tag for long, where it cannot be taken away at once", function()
    local t = cloud()
    t.sim.fault { command = "deleteTags", fault = "fail_job", errortext = "no", times = 1 }
    t.in_zone2()
    assert.is_not_nil(next(t.template().tags))
    t.in_zone2()
    assert.same({}, t.template().tags)
    assert.equal(1, t.sent "copyTemplate")
  end)

  it("is refused when the copy fails, and nothing is left", function()
    local t = cloud()
    t.sim.fault { command = "copyTemplate", fault = "fail_job", errortext = "No secondary VM in running state" }
    local ok, failure = pcall(t.in_zone2)
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.truthy(failure.message:find(("copying template %s to zone 'zone2'"):format(CID), 1, true), failure.message)
    assert.same({ "zone1" }, t.zones())
    assert.same({}, t.template().tags)
    assert.equal(0, t.sim.state().left.vms)
  end)

  it("is refused when the copy takes too long, which goes on for the next one", function()
    local t = cloud { latency = { template = 100 }, settings = { cloudstack = { timeout = { poll_template = 5 } } } }
    local ok, failure = pcall(t.in_zone2)
    assert.is_false(ok)
    assert.truthy(failure.message:find("is not ready in zone 'zone2' after 5 s", 1, true), failure.message)
    assert.same({ "zone1", "zone2" }, t.zones())
    assert.same({}, t.template().tags)
    ok, failure = pcall(t.in_zone2) -- the copy is another's now
    assert.is_false(ok)
    assert.truthy(failure.message:find("is not ready in zone 'zone2' after 5 s", 1, true), failure.message)
    t.sim.advance(100)
    t.in_zone2()
    assert.equal(1, t.sent "copyTemplate")
  end)

  it("is refused where the template is not ours to copy", function()
    local t = cloud { owner = "other" }
    local ok, failure = pcall(t.in_zone2)
    assert.is_false(ok)
    assert.equal(("stemcell '%s' has no template in zone 'zone2'; zones that have it: zone1"):format(CID), failure.message)
    local light = cloud { owner = "other", stemcell = "light-" .. t.template().id }
    ok, failure = pcall(light.in_zone2)
    assert.is_false(ok)
    assert.truthy(failure.message:find("has no template in zone 'zone2'; zones that have it: zone1", 1, true), failure.message)
    assert.equal(0, t.sent "copyTemplate" + light.sent "copyTemplate")
  end)

  it("is served where its first zone has no room", function()
    local t = cloud()
    local reply = t.sim.send({ { command = "listNetworkOfferings", params = { forvpc = "false", guestiptype = "Isolated" } } })[1]
    local offering = native.json.decode(reply.body).listnetworkofferingsresponse.networkoffering[1].id
    t.ask("createNetwork", { name = "net-two", displaytext = "net", zoneid = t.zone "zone1", networkofferingid = offering })
    t.sim.fault { command = "startVirtualMachine", fault = "capacity" }
    local cid = t.cid { stemcell = CID, cloud_properties = { compute_offering = "shared.small", zones = { "zone1", "zone2" } },
      networks = { default = { type = "dynamic", cloud_properties = { name = "net-two" } } } }
    assert.equal("zone2", t.vm(cid).zonename)
  end)
end)

describe("a stemcell whose image was uploaded, which CloudStack does not copy", function()
  local IMAGE = { stat = function(path) return { size = 5000000, path = path, head = "an image" } end,
    checksum = function() return "c0ffee" end }
  local PROPERTIES = { name = "s", version = "1", disk_format = "vhdx" }

  local function two_zones(zones)
    return trial.new { host = setmetatable({ images = IMAGE }, { __index = native }), store = true,
      settings = { cloudstack = { stemcell = { zones = zones } } }, world = {
        zones = { { name = "zone2" } }, networks = { { name = "net-two", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24",
          gateway = "10.8.0.1", account = "bosh" } },
        clusters = { { name = "c2", zone = "zone2", pools = { { name = "p2" } }, hosts = { { name = "h2" } } } } } }
  end

  local function vm(t, stemcell, zone)
    return t.cid { stemcell = stemcell, cloud_properties = { compute_offering = "shared.small", zone = zone },
      networks = { default = { type = "dynamic", cloud_properties = { name = zone == "zone2" and "net-two" or "bosh-net" } } } }
  end

  local function templates(t, cid)
    local n = 0
    for _, row in ipairs(t.sim.state().templates) do n = n + (row.name == cid and 1 or 0) end
    return n
  end

  it("is uploaded to each of the zones that the site names, and goes from all of them", function()
    local t = two_zones { "*" }
    local stemcell = t.call("create_stemcell", "/tmp/image", PROPERTIES)
    assert.equal(2, templates(t, stemcell))
    for _, zone in ipairs { "zone1", "zone2" } do t.call("delete_vm", vm(t, stemcell, zone)) end
    assert.equal(stemcell, t.call("create_stemcell", "/tmp/image", PROPERTIES))
    assert.equal(2, templates(t, stemcell))
    t.call("delete_stemcell", stemcell)
    assert.equal(0, templates(t, stemcell))
    assert.equal(0, #t.store.journal or 0)
  end)

  it("is uploaded to another zone where a later create_stemcell wants it there", function()
    local t = two_zones()
    local first = t.call("create_stemcell", "/tmp/image", PROPERTIES)
    local properties = { zone = "zone2" }
    for key, value in pairs(PROPERTIES) do properties[key] = value end
    local second = t.call("create_stemcell", "/tmp/image", properties)
    assert.not_equal(first, second)
    assert.same({ 1, 1 }, { templates(t, first), templates(t, second) })
    t.call("delete_vm", vm(t, second, "zone2"))
  end)

  it("leaves the first zone's as it was where the second upload fails", function()
    local t = two_zones()
    local first = t.call("create_stemcell", "/tmp/image", PROPERTIES)
    local properties = { zone = "zone2" }
    for key, value in pairs(PROPERTIES) do properties[key] = value end
    t.sim.fault { command = "upload", fault = "status", status = 403, body = "no" }
    assert.truthy(t.failure("create_stemcell", "/tmp/image", properties).message:find("HTTP 403 with no", 1, true))
    assert.equal(1, templates(t, first))
    t.call("delete_vm", vm(t, first, "zone1"))
  end)

  it("is refused to a VM in another zone, with what to do, and nothing is left", function()
    local t = two_zones()
    local stemcell = t.call("create_stemcell", "/tmp/image", PROPERTIES)
    local ok, failure = pcall(vm, t, stemcell, "zone2")
    assert.is_false(ok)
    assert.truthy(failure.message:find("this CloudStack does not copy uploaded templates to another zone: name the zone in "
      .. "cloudstack.stemcell.zones and upload the stemcell again", 1, true), failure.message)
    assert.equal(1, templates(t, stemcell))
    assert.equal(0, t.sim.state().left.vms)
  end)
end)

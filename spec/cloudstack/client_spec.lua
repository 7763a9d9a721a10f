local fake = require "spec.support.fake"

local LOST = { fault = "closed", sent = true }

-- A step of the script: the command, its parameters, and how it is answered.
local function step(command, params, how)
  local one = { command, params }
  for key, value in pairs(how) do one[key] = value end
  return one
end

local function rows(n, from)
  local list = {}
  for i = 1, n do list[i] = { id = "row-" .. (from or 0) + i } end
  return list
end

describe("a wave", function()
  it("goes out at once and answers by name", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", { id = "d" }, { volume = { { id = "d" } }, count = 1 } },
      { "listZones", {}, { zone = { { id = "z" } }, count = 1 } },
    }
    local found = cpi.cloudstack:gather {
      zones = { "listZones", {}, rows = "zone" }, disks = { "listVolumes", { id = "d" }, rows = "volume" },
    }
    assert.same({ "listVolumes listZones" }, cpi.waves)
    assert.equal("z", found.zones[1].id)
    assert.equal("d", found.disks[1].id)
  end)

  it("answers an empty list for an envelope without the array", function()
    local cpi <close> = fake.cpi { { "listVolumes", {}, {} } }
    assert.same({}, cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" })
  end)

  it("raises the first failure by name, whatever the order of the answers", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", {}, refuse = "no volumes", code = 431 }, { "listZones", {}, refuse = "no zones", code = 431 },
    }
    local failure = fake.failure(function()
      cpi.cloudstack:gather { b = { "listZones", {}, rows = "zone" }, a = { "listVolumes", {}, rows = "volume" } }
    end)
    assert.equal("listVolumes: no volumes (431)", failure.message)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
  end)

  it("sends only what failed once more", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", {}, fault = "closed", sent = true }, { "listZones", {}, { zone = {} } }, { "listVolumes", {}, {} },
    }
    cpi.cloudstack:gather { a = { "listVolumes", {}, rows = "volume" }, b = { "listZones", {}, rows = "zone" } }
    assert.same({ "listVolumes listZones", "listVolumes" }, cpi.waves)
  end)
end)

describe("the pages of a list", function()
  it("are all fetched, the later ones at once", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { page = 1, pagesize = 500 }, { count = 1203, network = rows(500) } },
      { "listNetworks", { page = 2, pagesize = 500 }, { count = 1203, network = rows(500, 500) } },
      { "listNetworks", { page = 3, pagesize = 500 }, { count = 1203, network = rows(203, 1000) } },
    }
    local all = cpi.cloudstack:rows { "listNetworks", {}, rows = "network" }
    assert.equal(1203, #all)
    assert.equal("row-1203", all[1203].id)
    assert.same({ "listNetworks", "listNetworks listNetworks" }, cpi.waves)
  end)

  it("end at exactly 500", function()
    local cpi <close> = fake.cpi { { "listNetworks", {}, { count = 500, network = rows(500) } } }
    assert.equal(500, #cpi.cloudstack:rows { "listNetworks", {}, rows = "network" })
  end)

  it("keep the filter", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { zoneid = "z" }, { count = 501, network = rows(500) } },
      { "listNetworks", { zoneid = "z", page = 2 }, { count = 501, network = rows(1, 500) } },
    }
    assert.equal(501, #cpi.cloudstack:rows { "listNetworks", { zoneid = "z" }, rows = "network" })
  end)

  it("are as large as the server allows, which is remembered", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", { pagesize = 500 }, refuse = "Page size can't exceed max allowed page size value: 100" },
      { "listNetworks", { page = 1, pagesize = 100 }, { count = 150, network = rows(100) } },
      { "listNetworks", { page = 2, pagesize = 100 }, { count = 150, network = rows(50, 100) } },
      { "listVolumes", { pagesize = 100 }, {} },
    }
    assert.equal(150, #cpi.cloudstack:rows { "listNetworks", {}, rows = "network" })
    cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" }
  end)

  it("may be refused without anything else of the wave being sent again", function()
    local cpi <close> = fake.cpi {
      { "createTags", {}, job = {} },
      { "listVolumes", {}, refuse = "Page size can't exceed max allowed page size value: 100" },
      { "listVolumes", { pagesize = 100 }, { volume = {} } },
    }
    local tasks = cpi.cloudstack:start {
      { "createTags", { resourceids = "x" }, job = true }, { "listVolumes", {}, rows = "volume" },
    }
    cpi.cloudstack:wait(tasks)
    assert.is_nil(tasks[1].failure)
    assert.same({}, tasks[2].rows)
  end)

  it("fail as a whole when one of them fails", function()
    local cpi <close> = fake.cpi {
      { "listNetworks", {}, { count = 501, network = rows(500) } }, { "listNetworks", { page = 2 }, refuse = "no", code = 530 },
    }
    assert.has_error(function() cpi.cloudstack:rows { "listNetworks", {}, rows = "network" } end)
  end)
end)

describe("an answer", function()
  local function failure_of(how, command)
    local cpi <close> = fake.cpi {
      step(command or "createNetwork", {}, how), policies = { retry = function() return nil end },
    }
    local payload, failure = cpi.cloudstack:try(command or "createNetwork", {})
    assert.is_nil(payload)
    return failure
  end

  it("is read where CloudStack calls it by another name", function()
    local cpi <close> = fake.cpi { { "addIpToNic", {}, raw = '{"addiptovmnicresponse":{"id":"x"}}', status = 200 } }
    assert.equal("x", cpi.cloudstack:call("addIpToNic", {}).id)
  end)

  it("of CloudStack's own error says its code and its words", function()
    local failure = failure_of { refuse = "no such thing", code = 431 }
    assert.same({ "refused", 431, "no such thing" }, { failure.kind, failure.code, failure.text })
  end)

  it("under the foreign name errorresponse is an error all the same", function()
    local failure = failure_of { raw = '{"errorresponse":{"errorcode":432,"errortext":"not for you"}}', status = 432 }
    assert.same({ "refused", 432, "not for you" }, { failure.kind, failure.code, failure.text })
  end)

  it("without a text is still told", function()
    local failure = failure_of { raw = '{"createnetworkresponse":{"errorcode":530}}', status = 530 }
    assert.equal("no reason given", failure.text)
  end)

  it("of HTML is a fault with status and first words, never 'not found'", function()
    local failure = failure_of { raw = "<html><head></head><body><h1>Error 404</h1>\n gone</body></html>", status = 404 }
    assert.equal("elsewhere", failure.kind)
    assert.truthy(failure.text:find("HTTP 404 with Error 404 gone", 1, true))
  end)

  it("with an empty body is a fault", function()
    assert.truthy(failure_of({ raw = "", status = 405 }).text:find("HTTP 405 with an empty body", 1, true))
  end)

  it("that is compressed, or no UTF-8, is a fault", function()
    for _, body in ipairs { "\31\139\8\0\0\0\0\0\0\3\171\86", '{"listzonesresponse":{"zone":[{"name":"\255\254"}]}}' } do
      assert.equal("garbled", failure_of({ raw = body, status = 200 }).kind)
    end
  end)

  it("of megabytes is read", function()
    local row = ('{"id":"%s"},'):format(("x"):rep(10000))
    local cpi <close> = fake.cpi { { "listZones", {}, raw = '{"listzonesresponse":{"zone":[' .. row:rep(400) .. '{"id":"z"}]}}' } }
    assert.equal(401, #cpi.cloudstack:rows { "listZones", {}, rows = "zone" })
  end)

  for _, body in ipairs { "{", "[]", "3", "null", '"x"', "{}", '{"a":3}', '{"a":{}}',
    '{"aresponse":3}', '{"aresponse":{}} trailing', '{"a":[' } do
    it("of " .. body .. " is a fault", function()
      assert.equal("garbled", failure_of({ raw = body, status = 200 }).kind)
    end)
  end

  for what, body in pairs {
    ["a count of rows that no cloud has"] = '{"listzonesresponse":{"count":1099511627776,"zone":[]}}',
    ["a count in words"] = '{"listzonesresponse":{"count":"1"}}',
    ["a negative count"] = '{"listzonesresponse":{"count":-5}}', ["rows that are a text"] = '{"listzonesresponse":{"zone":"x"}}',
    ["rows that are numbers"] = '{"listzonesresponse":{"zone":[1]}}',
    ["rows that are an object"] = '{"listzonesresponse":{"zone":{"a":{}}}}',
    ["rows that are an empty object"] = '{"listzonesresponse":{"zone":{}}}',
    ["rows of another kind"] = '{"listzonesresponse":{"count":1,"network":[{"id":"n"}]}}',
    ["a count and no rows"] = '{"listzonesresponse":{"count":3}}',
  } do
    it("with " .. what .. " is no list, and one request", function()
      local cpi <close> = fake.cpi { { "listZones", {}, raw = body } }
      local failure = fake.failure(cpi.cloudstack.rows, cpi.cloudstack, { "listZones", {}, rows = "zone" })
      assert.truthy(failure.message:find("the answer is no list of CloudStack's", 1, true), failure.message)
    end)
  end

  it("of 429 says how long to stay away", function()
    local text = "The given user has reached his/her account api limit, please retry after [340] ms."
    local failure = failure_of { refuse = text, code = 429 }
    assert.same({ "busy", 0.34 }, { failure.kind, failure.after })
  end)

  it("of 429 makes every process wait, and nothing else does", function()
    local cpi <close> = fake.cpi {
      { "listZones", {}, refuse = "please retry after [340] ms.", code = 429 }, { "listZones", {}, refuse = "no", code = 431 },
    }
    local held = {}
    cpi.cloudstack.parts.hold = function(seconds) held[#held + 1] = seconds end
    cpi.cloudstack:try "listZones"
    assert.same({ 0.34 }, held)
  end)

  it("of 429 without a time is busy too", function()
    local failure = failure_of { refuse = "slow down", code = 429 }
    assert.equal("busy", failure.kind)
    assert.falsy(failure.after)
  end)

  it("that never came carries the host's words", function()
    local failure = failure_of { fault = "connect", text = "connection refused" }
    assert.same({ "transport", "connect", "connection refused", false },
      { failure.kind, failure.fault, failure.text, failure.sent })
  end)
end)

describe("the retry policy", function()
  -- What it is told, in order, while `script` is played.
  local function told(script, ask)
    local facts = {}
    script.policies = { retry = function(one)
      facts[#facts + 1] = one
      return #facts < 3 and { after = 2 } or nil
    end }
    local cpi <close> = fake.cpi(script)
    pcall(ask, cpi.cloudstack)
    return facts, cpi
  end

  it("is told command, kind, attempt and elapsed time", function()
    local facts, cpi = told({
      { "listZones", {}, raw = "<html>", status = 503 }, { "listZones", {}, fault = "timeout", sent = true },
      { "listZones", {}, {} },
    }, function(client) client:rows { "listZones", {}, rows = "zone" } end)
    assert.equal(2, #facts)
    local first, second = table.unpack(facts)
    assert.same({ "listZones", true, "garbled", 503, 1, 0.0 },
      { first.command, first.reading, first.kind, first.status, first.attempt, first.elapsed })
    assert.same({ "transport", "timeout", 2, 2.0 }, { second.kind, second.fault, second.attempt, second.elapsed })
    assert.same({ 2, 2 }, cpi.clock.slept)
  end)

  it("is told what CloudStack asked for", function()
    local facts = told({ { "createNetwork", {}, refuse = "please retry after [1500] ms", code = 429 }, { "createNetwork", {} } },
      function(client) client:call("createNetwork", {}) end)
    assert.same({ 1.5, 429, "busy", false }, { facts[1].wanted, facts[1].code, facts[1].kind, facts[1].reading })
  end)

  it("ends the tries when it answers nil", function()
    local facts = told({
      { "listZones", {}, fault = "closed" }, { "listZones", {}, fault = "closed" }, { "listZones", {}, fault = "closed" },
    }, function(client) client:rows { "listZones", {}, rows = "zone" } end)
    assert.equal(3, #facts)
  end)

  it("is not asked for what CloudStack refused", function()
    assert.same({}, (told({ { "listZones", {}, refuse = "no", code = 530 } }, function(client) client:call("listZones", {}) end)))
  end)

  it("is not asked for a mutating command that may have arrived", function()
    assert.same({}, (told({ step("createNetwork", {}, LOST) }, function(client) client:call("createNetwork", {}) end)))
    assert.same({}, (told({ { "createNetwork", {}, raw = "<html>", status = 502 } },
      function(client) client:call("createNetwork", {}) end)))
  end)

  it("has no say any more after an hour", function()
    local script = { policies = { retry = function() return 1e9 end } }
    for i = 1, 7 do script[i] = { "listZones", {}, fault = "closed", sent = true } end
    local cpi <close> = fake.cpi(script)
    local payload, failure = cpi.cloudstack:try("listZones", {})
    assert.is_nil(payload)
    assert.equal("transport", failure.kind)
  end)

  it("of ours does not wait for what was said on purpose, and a site's may", function()
    do
      local cpi <close> = fake.cpi { { "listZones", {}, raw = "<html>moved</html>", status = 302 } }
      local _, failure = cpi.cloudstack:try("listZones", {})
      assert.equal("elsewhere", failure.kind)
    end
    local patient <close> = fake.cpi {
      { "listZones", {}, raw = "<html>away for a minute</html>" }, { "listZones", {}, { count = 0 } },
      policies = { retry = function(facts) return facts.kind == "elsewhere" and 60 or nil end },
    }
    assert.truthy(patient.cloudstack:try("listZones", {}))
  end)

  it("is asked for a mutating command that never left", function()
    local facts = told({ { "createNetwork", {}, fault = "connect" }, { "createNetwork", {} } },
      function(client) client:call("createNetwork", {}) end)
    assert.equal(1, #facts)
  end)

  it("is asked for a lost command that does no harm twice", function()
    local facts = told({ step("deleteVolume", {}, LOST), { "deleteVolume", {} } },
      function(client) client:call("deleteVolume", { id = "v" }, { idempotent = true }) end)
    assert.equal(1, #facts)
  end)
end)

describe("a job", function()
  local function create(more)
    local request = { "createVolume", { name = "cpi-disk-1" }, job = true, what = "creating disk cpi-disk-1", timeout = 1800 }
    for key, value in pairs(more or {}) do request[key] = value end
    return request
  end

  it("gets a fresh lower-case uuid of ours as its id, and answers its result", function()
    local cpi <close> = fake.cpi { { "createVolume", { name = "cpi-disk-1" }, job = { volume = { id = "v" } }, id = "v" } }
    local result, task = cpi.cloudstack:job(create())
    local id = cpi.sent[1][2].customjobid
    assert.truthy(id:find "^%x+%-%x+%-%x+%-%x+%-%x+$")
    assert.equal(id:lower(), id)
    assert.equal("v", result.volume.id)
    assert.equal("v", task.id)
  end)

  it("leaves the caller's parameters alone", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, job = {} }, { "createVolume", {}, job = {} } }
    local request = create()
    cpi.cloudstack:job(request)
    cpi.cloudstack:job(request)
    assert.is_nil(request[2].customjobid)
    assert.not_equal(cpi.sent[1][2].customjobid, cpi.sent[2][2].customjobid)
  end)

  it("tells its journal entry the job id before it is sent, and the object's id after", function()
    local notes = {}
    local cpi <close> = fake.cpi { { "createVolume", {}, job = {}, id = "v" } }
    cpi.cloudstack:job(create { entry = { note = function(more)
      more.sent = #cpi.sent
      notes[#notes + 1] = more
    end } })
    assert.same({ job = cpi.sent[1][2].customjobid, command = "createVolume", sent = 0 }, notes[1])
    assert.same({ id = "v", sent = 1 }, notes[2])
  end)

  it("that fails says CloudStack's words and code", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, job_fails = "no primary storage", code = 533 } }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create())
    assert.equal("creating disk cpi-disk-1: createVolume: no primary storage (533)", failure.message)
    assert.same({ "job", 533 }, { failure.failure.kind, failure.failure.code })
  end)

  it("that fails without a text is told in our words", function()
    local cpi <close> = fake.cpi { step("createVolume", {}, { job = { errorcode = 530 }, poll_faults = {
      { raw = '{"queryasyncjobresultresponse":{"jobstatus":2,"jobresultcode":530,"jobresult":{"errorcode":530}}}', status = 200 },
    } }) }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create())
    assert.truthy(failure.message:find("the job failed without a reason (530)", 1, true))
  end)

  it("that fails with a bare string as its result says that string", function()
    local cpi <close> = fake.cpi { step("createVolume", {}, { job = {}, poll_faults = {
      { raw = '{"queryasyncjobresultresponse":{"jobstatus":2,"jobresultcode":530,"jobresult":"odd words"}}', status = 200 },
    } }) }
    assert.truthy(fake.failure(cpi.cloudstack.job, cpi.cloudstack, create()).message:find("odd words (530)", 1, true))
  end)

  it("that ends without a result was killed with its management server", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, dies = true, lasts = 3 } }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create())
    assert.equal("killed", failure.failure.kind)
    assert.truthy(failure.message:find("management server restarted?", 1, true))
  end)

  it("that CloudStack has forgotten has vanished", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, vanishes = true, lasts = 3 } }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create())
    assert.equal("vanished", failure.failure.kind)
    assert.truthy(failure.message:find(cpi.sent[1][2].customjobid, 1, true))
  end)

  for _, code in ipairs { 530, 401 } do
    it("is not over when a look at it is refused with " .. code .. ", which says nothing of it", function()
      local refusal = { refuse = "Internal error executing command", code = code }
      local cpi <close> = fake.cpi { { "deleteVolume", {}, job = {}, poll_faults = { refusal, refusal, refusal } } }
      cpi.cloudstack:job { "deleteVolume", {} }
    end)
  end

  it("counts as failed when every look at it meets an internal error", function()
    local list = {}
    for i = 1, 4 do list[i] = { refuse = "Internal error executing command", code = 530 } end
    local cpi <close> = fake.cpi { { "deleteVolume", {}, job = {}, poll_faults = list } }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, { "deleteVolume", {} })
    assert.truthy(failure.message:find("Internal error executing command (530)", 1, true), failure.message)
  end)

  it("that belongs to somebody else ends the wait at once", function()
    local cpi <close> = fake.cpi { step("createVolume", {}, { job = {}, lasts = 1000, poll_faults = {
      { refuse = "Account x is not authorized to see job id=30", code = 531 },
    } }) }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create())
    assert.equal("lost", failure.failure.kind)
    assert.truthy(failure.message:find("is not authorized to see job id=30 (531)", 1, true), failure.message)
    assert.equal(1, #cpi.polls)
  end)

  it("goes on while polls fail", function()
    local cpi <close> = fake.cpi { step("createVolume", {}, { job = { volume = { id = "v" } }, lasts = 2, poll_faults = {
      { fault = "closed", sent = true }, { raw = "<html>bad gateway</html>", status = 502 }, { fault = "connect" },
      { refuse = "please retry after [700] ms", code = 429 },
    } }) }
    assert.equal("v", cpi.cloudstack:job(create()).volume.id)
  end)

  it("waits as long as a throttled poll asks for", function()
    local cpi <close> = fake.cpi { step("createVolume", {}, { job = {}, lasts = 1, poll_faults = {
      { refuse = "please retry after [700] ms", code = 429 },
    } }) }
    cpi.cloudstack:job(create())
    assert.is_true(cpi.polls[2] - cpi.polls[1] >= 0.7)
  end)

  it("has a deadline, whose message says what, which job, its last state and the time", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, job = {}, lasts = 10000 } }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create { timeout = 60 })
    assert.equal("late", failure.failure.kind)
    assert.truthy(failure.message:find("creating disk cpi%-disk%-1: job %x+.* is still pending after 6%d s"), failure.message)
    assert.is_true(cpi.clock.now() < 1000 + 60 * 1.2)
  end)

  it("says at its deadline why it could not be looked at", function()
    local faults = {}
    for i = 1, 200 do faults[i] = { fault = "connect", text = "connection refused" } end
    local cpi <close> = fake.cpi { step("createVolume", {}, { job = {}, lasts = 10000, poll_faults = faults }) }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create { timeout = 60 })
    assert.truthy(failure.message:find("is still connection refused after", 1, true))
  end)
end)

describe("polling", function()
  -- A job that lasts so long -> how late its end was noticed, and the number of polls.
  local function wait_for(seconds, round_trip)
    local cpi <close> = fake.cpi {
      { "deployVirtualMachine", {}, job = {}, lasts = seconds }, round_trip = round_trip,
    }
    local began = cpi.clock.now()
    cpi.cloudstack:job { "deployVirtualMachine", {}, job = true }
    return cpi.clock.now() - began - seconds, #cpi.polls
  end

  for _, case in ipairs { { 1, 60 }, { 8, 85 }, { 600, 140 } } do
    local seconds, most = table.unpack(case)
    it(("notices the end of a job of %d s within a tenth of that, in at most %d polls"):format(seconds, most), function()
      local late, polls = wait_for(seconds)
      assert.is_true(late <= seconds * 0.1 + 0.02, ("%.3f s late"):format(late))
      assert.is_true(polls <= most, polls .. " polls")
    end)
  end

  it("notices the end within a round trip where that is longer", function()
    local late, polls = wait_for(1, 0.5)
    assert.is_true(late <= 1.5, ("%.3f s late"):format(late))
    assert.is_true(polls <= 3)
  end)

  it("is never a tight loop", function()
    local _, polls = wait_for(0.3)
    assert.is_true(polls <= 16)
  end)

  it("looks at several jobs in one wave, at each until its end", function()
    local cpi <close> = fake.cpi {
      { "attachVolume", {}, job = {}, lasts = 0.01 }, { "createTags", {}, job = {}, lasts = 5 },
    }
    local tasks = cpi.cloudstack:start { { "attachVolume", {}, job = true }, { "createTags", {}, job = true } }
    cpi.cloudstack:wait(tasks)
    assert.is_true(tasks[1].over and tasks[2].over)
    assert.same({ "attachVolume createTags" }, cpi.waves)
  end)
end)

describe("a job whose poll is refused", function()
  it("may have ended in any way: the refusal is not the job's", function()
    for _, refused in ipairs { { refuse = "not for you", code = 432 }, { refuse = "not authorized to see job", code = 531 },
      { raw = '{"errorresponse":{"errorcode":432,"errortext":"no"}}' } } do
      local cpi <close> = fake.cpi { { "createVolume", {}, job = {}, poll_faults = { refused } } }
      local task = cpi.cloudstack:run { "createVolume", {}, job = true }
      assert.equal("lost", task.failure.kind)
      assert.is_nil(task.failure.code) -- what the role may not ask is not what it may not do
      assert.is_true(cpi.cloudstack.is_open(task.failure))
      assert.truthy(task.failure.text:find("does not say what became of job", 1, true))
    end
  end)

  it("or answered with a state that is none goes on", function()
    for _, body in ipairs { '{"queryasyncjobresultresponse":{"jobstatus":7}}', '{"queryasyncjobresultresponse":[]}',
      '{"listzonesresponse":{}}', '{"queryasyncjobresultresponse":{"jobstatus":"1"}}', "<html>Sign in</html>" } do
      local cpi <close> = fake.cpi { { "createVolume", {}, job = { volume = { id = "v" } }, poll_faults = { { raw = body } } } }
      local task = cpi.cloudstack:run { "createVolume", {}, job = true }
      assert.is_nil(task.failure)
      assert.equal("v", task.id)
    end
  end)

  it("that succeeded with an error in its result is lost", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, job = { errorcode = 530, errortext = "no" } } }
    local task = cpi.cloudstack:run { "createVolume", {}, job = true }
    assert.same({ "lost", "no" }, { task.failure.kind, task.failure.text })
  end)
end)

describe("a lost reply", function()
  local function create(find)
    return { "createVolume", { name = "cpi-disk-1" }, job = true, find = find, what = "creating disk cpi-disk-1" }
  end
  local function lost(how)
    how.fault, how.sent = "closed", true
    return step("createVolume", {}, how)
  end

  it("is answered by the job's id, and nothing is sent twice", function()
    local cpi <close> = fake.cpi { lost { job = { volume = { id = "v" } }, lasts = 3, instance = "v" } }
    local result, task = cpi.cloudstack:job(create())
    assert.equal("v", result.volume.id)
    assert.equal("v", task.id)
    assert.same({ "createVolume" }, cpi.waves)
  end)

  it("tells the object's id also when the job is over at the first look", function()
    local cpi <close> = fake.cpi { lost { job = { volume = { id = "v" } }, instance = "v" } }
    local _, task = cpi.cloudstack:job(create())
    assert.equal("v", task.id)
  end)

  it("tells the object's id from the result when the job does not name it", function()
    local cpi <close> = fake.cpi { lost { job = { volume = { id = "v" } } } }
    local _, task = cpi.cloudstack:job(create())
    assert.equal("v", task.id)
  end)

  it("of garbled text is no other", function()
    local cpi <close> = fake.cpi {
      step("createVolume", {}, { raw = '{"createvol', status = 200, job = { volume = { id = "v" } } }),
    }
    assert.equal("v", cpi.cloudstack:job(create()).volume.id)
  end)

  it("waits while the job is too young to be known", function()
    local cpi <close> = fake.cpi { lost { job = { volume = { id = "v" } }, known_after = 0.1 } }
    assert.equal("v", cpi.cloudstack:job(create()).volume.id)
  end)

  it("fails as the job failed", function()
    local cpi <close> = fake.cpi { lost { job_fails = "no room", code = 533 } }
    assert.equal(533, fake.failure(cpi.cloudstack.job, cpi.cloudstack, create()).failure.code)
  end)

  it("is answered by the object's name when CloudStack knows no such job", function()
    local cpi <close> = fake.cpi { lost { unknown = true } }
    local result, task = cpi.cloudstack:job(create(function() return { id = "v", name = "cpi-disk-1" } end))
    assert.equal("v", result.id)
    assert.equal("v", task.id)
    assert.same({ "createVolume" }, cpi.waves)
  end)

  it("that neither job nor object answers is an error, never a second create", function()
    local looked
    local cpi <close> = fake.cpi { lost { unknown = true } }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create(function() looked = cpi.clock.now() end))
    assert.equal("lost", failure.failure.kind)
    assert.truthy(failure.message:find(cpi.sent[1][2].customjobid, 1, true))
    assert.truthy(failure.message:find("the line is dead", 1, true))
    assert.same({ "createVolume" }, cpi.waves)
    assert.is_true(looked >= 1005, "the object may appear after the first look")
  end)

  it("of an idempotent command leads to one more job, with another id", function()
    local cpi <close> = fake.cpi {
      step("destroyVirtualMachine", {}, { fault = "closed", sent = true, unknown = true }),
      { "destroyVirtualMachine", {}, job = {} },
    }
    cpi.cloudstack:job { "destroyVirtualMachine", { id = "v" }, job = true, idempotent = true }
    assert.not_equal(cpi.sent[1][2].customjobid, cpi.sent[2][2].customjobid)
  end)

  it("of an idempotent command does not repeat for ever", function()
    local again = { fault = "closed", sent = true, unknown = true }
    local cpi <close> = fake.cpi { step("destroyVirtualMachine", {}, again), step("destroyVirtualMachine", {}, again) }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack,
      { "destroyVirtualMachine", { id = "v" }, job = true, idempotent = true })
    assert.equal("lost", failure.failure.kind)
  end)

  it("is none when the request never left: the same one goes out again", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, fault = "connect" }, { "createVolume", {}, job = {} } }
    cpi.cloudstack:job(create())
    assert.equal(cpi.sent[1][2].customjobid, cpi.sent[2][2].customjobid)
  end)
end)

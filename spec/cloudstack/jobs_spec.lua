local fake = require "tests.support.fake"

-- A step of the script: the command, its parameters, and how it is answered.
local function step(command, params, how)
  local one = { command, params }
  for key, value in pairs(how) do one[key] = value end
  return one
end

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

  it("is waited for in words: what it does, its command, and how long such jobs have taken", function()
    local lines = {}
    local cpi <close> = fake.cpi { { "createVolume", {}, job = {}, lasts = 40 }, capture = lines }
    cpi.cloudstack:job(create())
    assert.truthy(table.concat(lines, "\n"):find("info creating disk cpi-disk-1 (createVolume): 30 s", 1, true), table.concat(lines, "\n"))
  end)

  it("is counted with the seconds that it was waited for", function()
    local cpi <close> = fake.cpi { { "createVolume", {}, job = {}, lasts = 40 } }
    cpi.cloudstack:job(create())
    local waited = cpi.cloudstack.tally.waited.createVolume
    assert.equal(1, waited.count)
    assert.is_true(waited.seconds >= 40 and waited.seconds < 50, waited.seconds)
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
    assert.matches("creating disk cpi%-disk%-1: createVolume: job %x[%x-]+ has not ended after 6%d s; the last look: pending",
      failure.message)
    assert.is_true(cpi.clock.now() < 1000 + 60 * 1.2)
  end)

  it("says at its deadline why it could not be looked at", function()
    local faults = {}
    for i = 1, 200 do faults[i] = { fault = "connect", text = "connection refused" } end
    local cpi <close> = fake.cpi { step("createVolume", {}, { job = {}, lasts = 10000, poll_faults = faults }) }
    local failure = fake.failure(cpi.cloudstack.job, cpi.cloudstack, create { timeout = 60 })
    assert.truthy(failure.message:find("; the last look: connection refused", 1, true))
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

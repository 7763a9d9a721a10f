local fake = require "tests.support.fake"
local failures = require "cloudstack.failures"
local patience = require "cloudstack.patience"

local LOCK = { kind = "job", text = "Lock wait timeout exceeded; try restarting transaction", code = 530, sent = true }

local function failure(fields)
  local all = { kind = "refused", text = "no", sent = true }
  for name, value in pairs(fields) do all[name] = value end
  return failures.new("attachVolume", all)
end

-- -> what f answers, the facts that the policy was asked with, and the log; the policy answers `after`.
local function ask(f, after)
  local asked, capture = {}, {}
  local cpi <close> = fake.cpi { capture = capture, policies = { retry = function(facts)
    asked[#asked + 1], facts.now = facts, nil
    if type(after) == "function" then return after(facts) end
    return after
  end } }
  return f(cpi.cloudstack), asked, capture
end

local function of_job(request, fields, attempt, elapsed, after)
  return ask(function(client) return patience.of_job(client, request, failure(fields), attempt or 1, elapsed or 0) end, after or 1)
end

local function of_request(request, fields, elapsed, after)
  return ask(function(client) return patience.of_request(client, request, failure(fields), 1, elapsed or 0) end, after or 1)
end

local JOB = { "attachVolume", {}, job = true, idempotent = true, timeout = 60 }

describe("a job that failed", function()
  it("is asked about with what its words mean", function()
    local after, asked = of_job(JOB, LOCK, 3, 12.5)
    assert.equal(1, after)
    assert.same({ { command = "attachVolume", reading = false, kind = "busy", class = "passing", meaning = "database_is_busy", job = true,
      code = 530, text = LOCK.text, attempt = 3, elapsed = 12.5, limit = 60 } }, asked)
  end)

  it("is not asked about where it may do something twice", function()
    local create = { "createVolume", {}, job = true, timeout = 60 }
    local after, asked = of_job(create, LOCK)
    assert.same({ nil, 0 }, { after, #asked })
    assert.is_nil((of_job({ "attachVolume", {}, idempotent = true }, LOCK)))
  end)

  for _, case in ipairs {
    { "capacity", "No suitable host found.", 530 }, { "taken", "tag x already on UserVm with id 5", 431 },
    { "denied", "no", 531 }, { "gone", "Unable to find template 5", 431 }, { "limit", "no", 535 }, { "broken", "no", 431 },
  } do
    it("is final where it is " .. case[1], function()
      local after, asked = of_job(JOB, { kind = "job", text = case[2], code = case[3] })
      assert.same({ nil, 0 }, { after, #asked })
    end)
  end

  for _, kind in ipairs { "lost", "late", "vanished", "killed", "transport", "garbled" } do
    it("is not sent again where it is " .. kind, function()
      local after, asked = of_job(JOB, { kind = kind, text = LOCK.text, code = 530 })
      assert.same({ nil, 0 }, { after, #asked })
    end)
  end

  it("has no other try that would begin after its time", function()
    assert.equal(29, (of_job(JOB, LOCK, 1, 30, 29)))
    assert.is_nil((of_job(JOB, LOCK, 1, 30, 30)))
    local _, asked = of_job(JOB, LOCK, 1, 60)
    assert.equal(0, #asked)
  end)

  it("in words that nobody knows is the site's to know", function()
    local after, asked = of_job(JOB, { kind = "job", text = "hiccups", code = 530 })
    assert.same({ 1, "failed", "unknown" }, { after, asked[1].kind, asked[1].class })
    assert.is_nil(asked[1].meaning)
  end)

  it("in words that nobody knows is final where the policy breaks over them, which is logged", function()
    local after, _, capture = of_job(JOB, { kind = "job", text = "hiccups", code = 530 }, 1, 0, function() error "no such kind" end)
    assert.is_nil(after)
    assert.matches("no such kind; attachVolume is not tried again$", capture[1])
    local ok = pcall(of_job, JOB, LOCK, 1, 0, function() error "broken" end)
    assert.is_false(ok)
  end)
end)

describe("a request that failed", function()
  local LATER = { text = "please try again later", code = 431 }

  it("is asked about where it reads, or does the same when it is done twice", function()
    assert.equal(1, (of_request({ "listVolumes", {} }, LATER)))
    assert.equal(1, (of_request({ "deleteVolume", {}, idempotent = true }, LATER)))
    assert.is_nil((of_request({ "createNetwork", {} }, LATER)))
    assert.is_nil((of_request({ "attachVolume", {}, idempotent = true, job = true }, LATER)), "its job id may be taken")
  end)

  it("is not asked about where CloudStack says no", function()
    local after, asked = of_request({ "listVolumes", {} }, { text = "no", code = 431 })
    assert.same({ nil, 0 }, { after, #asked })
  end)

  it("without an answer has no class", function()
    local _, asked = of_request({ "listVolumes", {} }, { kind = "transport", text = "no", fault = "closed" })
    assert.is_nil(asked[1].class)
    assert.same({ "transport", "closed" }, { asked[1].kind, asked[1].fault })
    _, asked = of_request({ "listVolumes", {} }, { kind = "busy", text = "no", code = 429, after = 3 })
    assert.same({ "passing", 3 }, { asked[1].class, asked[1].wanted })
  end)

  it("is tried for an hour at most", function()
    assert.equal(600, (of_request({ "listVolumes", {} }, { kind = "busy", text = "no" }, 3599, 600)))
    assert.is_nil((of_request({ "listVolumes", {} }, { kind = "busy", text = "no" }, 3600)))
  end)
end)

describe("a create whose remains are removed", function()
  local function of_create(fields, limit)
    return ask(function(client) return patience.of_create(client, failure(fields), 1, 5, limit) end, 1)
  end

  it("is asked about where CloudStack has said what happened", function()
    assert.equal(1, (of_create(LOCK, 60)))
    assert.is_nil((of_create({ kind = "lost", text = "no" }, 60)))
    assert.is_nil((of_create(LOCK, 6)))
  end)
end)

describe("what is not understood", function()
  local function note(fields)
    local _, _, capture = ask(function(client) patience.note_unknown(client, failure(fields)) end)
    return capture
  end

  it("is logged, and nothing else is", function()
    assert.same({ "info attachVolume: the CPI does not know what this means: hiccups (530)" }, note { text = "hiccups", code = 530 })
    assert.same({}, note(LOCK))
    assert.same({}, note { kind = "transport", text = "hiccups" })
    assert.same({}, note { text = "Internal error executing command, please contact your system administrator", code = 530 })
  end)
end)

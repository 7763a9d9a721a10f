-- kill -9 of the CPI after each CloudStack call of a create verb, then BOSH's next move. Nothing is doubled, what the
-- dead process left is told by the journal, and gone after the next create.

local create_env = require "create_env"
local rig = require "rig"

local null = rig.json.null
local calls = create_env.calls

-- Its content is the letter, again and again: another letter is another stemcell.
local function ask(cloud, text)
  local run = cloud:cpi(text)
  assert.equal(null, run.response.error, run.stdout)
  return run.response.result
end

-- The calls of one run of a verb as { command, nth }; of a job's polls the first stands for all.
local function calls_of(cloud, text)
  local before = #cloud:requests()
  ask(cloud, text)
  local counted, list = {}, {}
  for i, request in ipairs(cloud:requests()) do
    if i > before then
      local nth = (counted[request.command] or 0) + 1
      counted[request.command] = nth
      if request.command ~= "queryAsyncJobResult" or nth == 1 then list[#list + 1] = { request.command, nth } end
    end
  end
  return list
end

-- Starts the verb, lets its nth call of that command happen unanswered, and kills it there.
local function killed_at(cloud, text, call)
  local before = #cloud:requests()
  cloud:faults { { command = call[1], nth = call[2], fault = "hang" } }
  local pid = cloud:cpi_background(text)
  rig.wait(function()
    local count = 0
    for i, request in ipairs(cloud:requests()) do
      if i > before and request.command == call[1] then count = count + 1 end
    end
    return count >= call[2]
  end, 10)
  rig.kill(pid)
  cloud:faults {}
end

-- Names of a kind in CloudStack that begin with a prefix. What is being expunged holds nothing any more.
local function names(cloud, kind, prefix)
  local list = {}
  for _, row in ipairs(cloud:state()[kind]) do
    if row.name:find(prefix, 1, true) == 1 and row.state ~= "Expunging" then list[#list + 1] = row.name end
  end
  return list
end

-- A verb, the kind of object that it makes, the prefix of its names, and how to ask for it. held: the seconds for which CloudStack
-- may hold what a dead process left; then it goes with the journal's next replay.
local verbs = {
  { name = "create_disk", kind = "volumes", prefix = "cpi-disk-", text = function(known) return calls.create_disk(known) end },
  { name = "create_stemcell", kind = "templates", prefix = "cpitemplate-", held = 3700,
    text = function(known) return calls.create_stemcell(known) end },
  { name = "create_vm", kind = "vms", prefix = "cpivm-", text = function(known) return calls.create_vm(known) end },
}

-- A cloud with a stemcell, as every verb needs it.
local function ready_cloud()
  local cloud = rig.start { role = "bosh", store = true }
  local known = { image = create_env.image(cloud.directory, 1000), agent = "agent-1", vm = "cpivm-none" }
  known.stemcell = ask(cloud, calls.create_stemcell(known))
  create_env.image(cloud.directory, 1000, "y")
  return cloud, known
end

for _, verb in ipairs(verbs) do
  describe("kill -9 in " .. verb.name, function()
    local list
    do
      local cloud <close>, known = ready_cloud()
      list = calls_of(cloud, verb.text(known))
    end
    for _, call in ipairs(list) do
      it(("after %s no. %d: nothing is doubled, what is left is told"):format(call[1], call[2]), function()
        local cloud <close>, known = ready_cloud()
        local before = #names(cloud, verb.kind, verb.prefix)
        killed_at(cloud, verb.text(known), call)
        local left = names(cloud, verb.kind, verb.prefix)
        assert.is_true(#left - before <= 1, "one verb made two objects")

        local journal, answer = cloud:journal(), cloud:cpi(verb.text(known)).response
        for i = before + 1, #left do
          assert.truthy(journal:find(left[i], 1, true), left[i] .. " is not in the journal")
        end
        assert.equal(null, answer.error, "what was left is dealt with before the next one is made")
        if verb.held then
          cloud:clock(verb.held)
          assert.equal(0, cloud:command({ "journal", "replay" }).exit)
        end
        assert.equal("", cloud:journal())
        local now = names(cloud, verb.kind, verb.prefix)
        assert.equal(before + 1, #now, "what was left is gone, and one is new")
      end)
    end
  end)
end

-- One wave of requests: all are sent at once, and those that failed and may be repeated go out again together, as long as the
-- retry policy grants it.
--
--   waves.send(client, requests)      -> outcomes { payload = } or { failure = }, in the order of the requests
--   waves.exchange(client, requests, are_reading) -> the same, sent once, whatever comes back
--   waves.heed(client, are_reading [, attempt])   raises where the verb is to end early and these may not begin
-- are_reading: a boolean for each request, as patience.which_read() has them.
--
-- client: lua/cloudstack/client.lua, which keeps the state: parts, round_trip (seconds, of the slowest reply to a question in the last
-- wave that had one: a command that acts takes longer, and says nothing of how long a look at a job takes),
-- acted (may CloudStack have changed anything for us?), under_way (the tasks of our jobs).

local patience = require "cloudstack.patience"
local refusals = require "cloudstack.refusals"
local replies = require "cloudstack.replies"
local wording = require "cloudstack.wording"

local waves = {}

-- The seconds of the slowest reply to a question, or nil where nothing was asked.
local function slowest_of(answers, are_reading)
  local slowest
  for i, reply in ipairs(answers) do
    if are_reading[i] then slowest = math.max(slowest or 0, reply.seconds or 0) end
  end
  return slowest
end

function waves.exchange(client, requests, are_reading)
  local wire, tenant, parts = {}, client.parts.tenant, client.parts
  for i, request in ipairs(requests) do
    local params = request[2] or {}
    wire[i] = { command = request[1], expires = request.expires,
      params = tenant and tenant:parameters(client, request[1], params) or params }
  end
  local answers = parts.send(wire)
  wording.log(parts.log, wire, answers)
  client.tally:sent(wire, answers)
  client.round_trip = slowest_of(answers, are_reading) or client.round_trip
  local outcomes = replies.read_all(parts.json, wire, answers, parts.endpoint, parts.log.mask)
  for _, outcome in ipairs(outcomes) do
    if outcome.failure and outcome.failure.after and parts.hold then parts.hold(outcome.failure.after) end
  end
  return outcomes
end

-- May CloudStack have changed anything for a command that acts? Not where it refused a parameter, and not where it
-- never received the request.
local function may_have_acted(failure)
  return not failure or failure.sent and not refusals.is(failure, "bad_parameter") and failure.kind ~= "busy"
end

-- Is a job of ours under way? Then so is a step of the verb, which comes to its end.
local function is_under_way(client)
  for task in pairs(client.under_way) do
    if not task.over then return true end
    client.under_way[task] = nil
  end
  return false
end

-- No step begins, and nothing is tried again (attempt, 1 without one), where the verb is to end early.
function waves.heed(client, are_reading, attempt)
  local interruption = client.parts.interruption
  if not interruption then return end
  for _, is_reading in ipairs(are_reading) do
    if (attempt or 1) > 1 or not is_reading then
      return is_under_way(client) or interruption.check()
    end
  end
end

function waves.send(client, requests)
  local outcomes, open, began = {}, {}, client.parts.clock.now()
  for i in ipairs(requests) do open[i] = i end
  for attempt = 1, math.huge do
    local batch = {}
    for at, i in ipairs(open) do batch[at] = requests[i] end
    local are_reading = patience.which_read(batch)
    waves.heed(client, are_reading, attempt)
    local again, pause = {}, 0
    for at, outcome in ipairs(waves.exchange(client, batch, are_reading)) do
      local i, failure = open[at], outcome.failure
      client.acted = client.acted or not are_reading[at] and may_have_acted(failure)
      outcomes[i] = outcome
      if failure then patience.note_unknown(client, failure) end
      local after = failure and patience.of_request(client, requests[i], failure, attempt, client.parts.clock.now() - began)
      if after then
        again[#again + 1], pause = i, math.max(pause, after)
      end
    end
    if #again == 0 then return outcomes end
    patience.pause(client, outcomes[again[1]].failure, pause, attempt, began)
    open = again
  end
end

return waves

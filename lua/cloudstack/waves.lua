-- One wave of requests: all are sent at once, and those that failed and may be repeated go out again together, as long as the
-- retry policy grants it.
--
--   waves.send(client, requests)      -> outcomes { payload = } or { failure = }, in the order of the requests
--   waves.transmit(client, requests)  -> replies as the host gives them: sent once, whatever comes back
--   waves.read(client, command, reply) -> payload, or nil and a failure
--   waves.heed(client, requests [, attempt]) raises where the verb is to end early and these may not begin
--
-- client: lua/cloudstack/client.lua, which keeps the state: parts, round_trip (seconds, of the slowest reply to a question in the last
-- wave that had one: a command that acts takes longer, and says nothing of how long a look at a job takes),
-- acted (may CloudStack have changed anything for us?), under_way (the tasks of our jobs).

local patience = require "cloudstack.patience"
local refusals = require "cloudstack.refusals"
local replies = require "cloudstack.replies"
local wording = require "cloudstack.wording"

local waves = {}

-- reply as host.cloudstack.send gives it -> payload, or nil and a failure
function waves.read(client, command, reply)
  local payload, failure = replies.read(client.parts.json, command, reply, client.parts.endpoint, client.parts.log.mask)
  if failure and failure.after and client.parts.hold then client.parts.hold(failure.after) end
  return payload, failure
end

function waves.transmit(client, requests)
  local wire, tenant = {}, client.parts.tenant
  for i, request in ipairs(requests) do
    local params = request[2] or {}
    wire[i] = { command = request[1], expires = request.expires,
      params = tenant and tenant:parameters(client, request[1], params) or params }
  end
  local answers, slowest = client.parts.send(wire), nil
  for i, reply in ipairs(answers) do
    local seconds = reply.seconds or 0
    if patience.is_reading(wire[i].command) then slowest = math.max(slowest or 0, seconds) end
    client.tally:sent(wire[i].command, seconds)
    client.parts.log.debug("%s: %s after %d ms", wording.of(wire[i]), reply.status or reply.fault, math.floor(seconds * 1000))
  end
  client.round_trip = slowest or client.round_trip
  return answers
end

-- May CloudStack have changed anything for that command? Not where it refused a parameter, and not where it
-- never received the request.
local function may_have_acted(command, failure)
  if patience.is_reading(command) then return false end
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
function waves.heed(client, requests, attempt)
  local interruption = client.parts.interruption
  if not interruption then return end
  for _, request in ipairs(requests) do
    if (attempt or 1) > 1 or not patience.is_reading(request[1]) then
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
    waves.heed(client, batch, attempt)
    local answers, again, pause = waves.transmit(client, batch), {}, 0
    for at, i in ipairs(open) do
      local payload, failure = waves.read(client, requests[i][1], answers[at])
      client.acted = client.acted or may_have_acted(requests[i][1], failure)
      outcomes[i] = { payload = payload, failure = failure }
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

-- The log of requests: what was asked for, by whom, and what came of it, without keys and signatures. Of very many the last
-- ones are kept, at least as many as the world says.
local dates = require "sim.dates"
local utf8_text = require "sim.utf8_text"

local request_log = {}

local SECRET = { signature = true, apikey = true, secretkey = true }

local function parameters_of(pairs_)
  local out = {}
  for _, pair in ipairs(pairs_) do
    if not SECRET[pair[1]:lower()] and pair[1] ~= "command" then
      out[utf8_text.readable(pair[1])] = utf8_text.readable(pair[2])
    end
  end
  return out
end

-- The list is the same one for as long as it is not too long, and holds at most twice as many as are wanted.
local function shorten(list, keep)
  local surplus = #list - keep
  if surplus < keep then return end
  table.move(list, surplus + 1, #list, 1)
  for at = #list, keep + 1, -1 do list[at] = nil end
end

function request_log.note(sim, request, reply)
  local model = sim.model
  sim.requested = (sim.requested or 0) + 1
  sim.requests[#sim.requests + 1] = {
    n = sim.requested, command = request.command and utf8_text.readable(request.command),
    parameters = parameters_of(request.pairs), time = dates.zoned(model:now()),
    account = request.sender and request.sender.name, status = reply.status or reply.happened, fault = reply.fault,
    jobid = reply.job and reply.job.id, shortcoming = reply.shortcoming, at = model:now(),
  }
  shorten(sim.requests, sim.world.keep.requests)
end

function request_log.clear(sim)
  sim.requested = 0
  for at = #sim.requests, 1, -1 do sim.requests[at] = nil end
end

return request_log

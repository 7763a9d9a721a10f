-- How long a verb took, and how much of that CloudStack's jobs were: what is seen from outside, at the host's requests.
--
-- new(host) -> a host whose requests are seen, and watch
--   watch.lap() -> { seconds, job_seconds, requests } since the last lap
-- job_seconds counts a second once, however many jobs are under way in it; a job lasts from the request that began it until
-- the look that found it over.

-- The inner object of an answer, or nil.
local function payload_of(json, reply)
  local answer = reply.body and json.decode(reply.body)
  local _, payload = next(type(answer) == "table" and answer or {})
  return type(payload) == "table" and payload or nil
end

return function(host)
  local now, open, count, since = host.clock.now, {}, 0, nil
  local lap = { began = now(), job_seconds = 0, requests = 0 }

  local function begin(jobid, at)
    if open[jobid] then return end
    open[jobid], count = true, count + 1
    since = since or at
  end

  local function finish(jobid, at)
    if not open[jobid] then return end
    open[jobid], count = nil, count - 1
    if count == 0 then lap.job_seconds, since = lap.job_seconds + at - since, nil end
  end

  local function note(request, reply, from, to)
    local payload = payload_of(host.json, reply)
    local jobid = payload and payload.jobid
    if request.command ~= "queryAsyncJobResult" then
      if type(jobid) == "string" then begin(jobid, from) end
    elseif payload and payload.jobstatus then
      jobid = request.params.jobid
      if payload.jobstatus == 0 then begin(jobid, from) else finish(jobid, to) end
    end
  end

  local function send(requests)
    local from = now()
    local replies = host.cloudstack.send(requests)
    local to = now()
    lap.requests = lap.requests + #requests
    for i, reply in ipairs(replies) do note(requests[i], reply, from, to) end
    return replies
  end

  local watch = {}

  function watch.lap()
    local at, done = now(), lap
    if since then done.job_seconds = done.job_seconds + at - since end
    done.seconds = at - done.began
    open, count, since = {}, 0, nil -- nobody waits any more for what is still under way
    lap = { began = at, job_seconds = 0, requests = 0 }
    return { seconds = done.seconds, job_seconds = done.job_seconds, requests = done.requests }
  end

  return setmetatable({ cloudstack = setmetatable({ send = send }, { __index = host.cloudstack }) }, { __index = host }), watch
end

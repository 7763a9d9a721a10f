-- Several workers of a director at once, each of which makes one call after the other, on a machine in simulated time: what one of
-- them waits for goes on while others are at work.
--
--   workers.run(stage, count, tasks)   tasks: functions(call), each taken by the next worker that is free; call(method, arguments)
--                                      -> the result; its error is raised. Returns what each call took: { method, seconds, log }

local workers = {}

-- Until the process is over; it yields when it has to wait.
local function play(stage, process)
  while true do
    local yielded = stage:resume(process)
    if not yielded then return end
    coroutine.yield(yielded)
  end
end

-- One worker: takes tasks until there are none.
local function worker_of(stage, queue, calls)
  local function call(method, arguments)
    local began, process = stage.sim.clock.now(), stage:begin(method, arguments)
    play(stage, process)
    calls[#calls + 1] = { method = method, seconds = stage.sim.clock.now() - began, log = process.log }
    local answer = process.answer
    if answer.error then error(("%s: %s"):format(method, answer.error.message), 0) end
    return answer.result
  end
  return coroutine.create(function()
    while #queue > 0 do table.remove(queue, 1)(call) end
  end)
end

-- The worker that has waited longest, or whose waiting ends first.
local function next_of(list)
  local first
  for _, one in ipairs(list) do
    if not one.is_over and (not first or one.wakes < first.wakes) then first = one end
  end
  return first
end

function workers.run(stage, count, tasks)
  local queue, calls, list = table.move(tasks, 1, #tasks, 1, {}), {}, {}
  for i = 1, count do list[i] = { thread = worker_of(stage, queue, calls), wakes = stage.sim.clock.now() } end
  function stage.before_sleep(_, seconds)
    coroutine.yield(stage.sim.clock.now() + seconds)
    return true
  end
  local one = next_of(list)
  while one do
    stage.sim.advance(math.max(0, one.wakes - stage.sim.clock.now()))
    local ok, wakes = coroutine.resume(one.thread)
    if not ok then error(wakes, 0) end
    one.is_over, one.wakes = coroutine.status(one.thread) == "dead", wakes
    one = next_of(list)
  end
  stage.before_sleep = nil
  return calls
end

return workers

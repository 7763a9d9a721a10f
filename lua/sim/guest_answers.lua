-- Jobs that wait for a guest, as CloudStack waits for its hypervisor: they end when the program that plays the guests has done
-- what they were about. Where nobody plays the guests they end at once.
local guest_answers = {}

-- await(m, since, run): runs it when what was announced after the event of that number is done; now where nothing was.
function guest_answers.await(m, since, run)
  if not m.has_guests or m.announced == since then return run() end
  m.awaited[m.announced] = run
end

-- take(m, number): the program is done with the event of that number.
function guest_answers.take(m, number)
  local run = m.awaited[number]
  m.awaited[number] = nil
  if run then run() end
end

return guest_answers

-- The steps of a validated life (lua/operator/life.lua), for people, for programs, and as JUnit's XML for a pipeline.

local life_report = {}

local WORDS = { done = { "green", "ok     " }, failed = { "red", "FAILED " }, not_supported = { "yellow", "remark " },
  skipped = { "dim", "skipped" } }

local function words_of(step)
  if step.failure then return step.failure.message end
  return step.result or ""
end

-- A line of a step on paper.
function life_report.line(paper, step)
  local colour, mark = table.unpack(WORDS[step.outcome])
  if step.outcome == "skipped" then
    return paper:line("%s  %-23s %s", paper:tint(colour, mark), step.name, words_of(step))
  end
  paper:line("%s  %-23s %-18s %7.1f s %7.1f s  %s", paper:tint(colour, mark), step.name, step.verb, step.seconds, step.job_seconds,
    words_of(step))
  if step.outcome == "not_supported" then paper:line("         BOSH goes another way where a verb is not there") end
end

function life_report.heading(paper)
  paper:line("         %-23s %-18s %9s %9s", "step", "verb", "time", "in jobs")
end

-- sum(steps) -> { done, failed, not_supported, skipped, seconds, job_seconds, requests }
function life_report.sum(steps)
  local sum = { done = 0, failed = 0, not_supported = 0, skipped = 0, seconds = 0, job_seconds = 0, requests = 0 }
  for _, step in ipairs(steps) do
    sum[step.outcome] = sum[step.outcome] + 1
    for _, name in ipairs { "seconds", "job_seconds", "requests" } do sum[name] = sum[name] + step[name] end
  end
  return sum
end

local function rounded(seconds) return math.floor(seconds * 1000 + 0.5) / 1000 end

-- The same for programs; result = { director, preflight, steps, left, left_unknown }.
function life_report.object(json, result)
  local sum, steps = life_report.sum(result.steps), {}
  for i, step in ipairs(result.steps) do
    steps[i] = { step = step.name, verb = step.verb, outcome = step.outcome, seconds = rounded(step.seconds),
      job_seconds = rounded(step.job_seconds), requests = step.requests, result = step.result,
      error = step.failure and { type = step.failure.type, message = step.failure.message } }
  end
  return { director = result.director, steps = json.array(steps), preflight = json.array(result.preflight),
    left = json.array(result.left), left_unknown = result.left_unknown, failed = sum.failed, skipped = sum.skipped,
    seconds = rounded(sum.seconds), job_seconds = rounded(sum.job_seconds), requests = sum.requests }
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

-- XML takes no control characters, not even as entities.
local function escaped(text) return (tostring(text):gsub('[&<>"]', ENTITIES):gsub("[%z\1-\8\11\12\14-\31]", "?")) end

-- The problems of the preflight, the steps and what is left, a testcase each.
function life_report.junit(result)
  local out, failures, skipped, seconds = {}, 0, 0, 0
  local function case(name, time, inner)
    out[#out + 1] = ('  <testcase classname="cpi.validate" name="%s" time="%.3f">%s</testcase>'):format(escaped(name), time, inner or "")
    seconds = seconds + time
  end
  local function failed(name, time, kind, message)
    failures = failures + 1
    case(name, time, ('<failure type="%s" message="%s"/>'):format(escaped(kind), escaped(message)))
  end
  for _, one in ipairs(result.preflight) do
    if one.level == "problem" then failed("preflight: " .. one.subject, 0, "problem", one.text .. "; " .. (one.remedy or "")) end
  end
  for _, step in ipairs(result.steps) do
    local name = ("%s (%s)"):format(step.name, step.verb)
    if step.outcome == "failed" then
      failed(name, step.seconds, step.failure.type, step.failure.message)
    elseif step.outcome == "done" then
      case(name, step.seconds)
    else
      skipped = skipped + 1
      case(name, step.seconds, ('<skipped message="%s"/>'):format(escaped(words_of(step))))
    end
  end
  for _, one in ipairs(result.left) do failed("left behind: " .. one.kind .. " " .. one.cid, 0, "left", one.why) end
  if result.left_unknown then failed("what is left", 0, "unknown", result.left_unknown) end
  local head = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="cpi validate" tests="%d" failures="%d" errors="0" skipped="%d" '
    .. 'time="%.3f">'
  return head:format(#out, failures, skipped, seconds) .. "\n" .. table.concat(out, "\n") .. "\n</testsuite>"
end

return life_report

-- Findings of doctor and verify on paper: { level = "good", "remark" or "problem", subject, text, remedy }.

local new_paper = require "operator.paper"

local marks = { good = { "green", "ok     " }, remark = { "yellow", "remark " }, problem = { "red", "problem" } }

local function several(count, noun) return ("%d %s%s"):format(count, noun, count == 1 and "" or "s") end

local function print_one(paper, one)
  local colour, mark = table.unpack(marks[one.level])
  paper:line("%s  %-11s  %s", paper:tint(colour, mark), one.subject, one.text)
  if one.remedy then paper:line("                      %s", one.remedy) end
end

-- write(host, list, as_json, is_brief) -> the exit code: 1 when there is a problem. is_brief: what is good is only counted
local function write(host, list, as_json, is_brief)
  local paper, counts = new_paper(host), { good = 0, remark = 0, problem = 0 }
  for _, one in ipairs(list) do counts[one.level] = counts[one.level] + 1 end
  if as_json then
    paper:json { findings = host.json.array(list), problems = counts.problem, remarks = counts.remark }
  else
    for _, one in ipairs(list) do
      if one.level ~= "good" or not is_brief then print_one(paper, one) end
    end
    paper:line("%d good, %s, %s", counts.good, several(counts.remark, "remark"), several(counts.problem, "problem"))
  end
  return counts.problem == 0 and 0 or 1
end

return write

-- Whether a request, or a job, is tried again. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"

-- A pause below the least would be a loop without a rest; one above the most is a policy's mistake.
local AFTER = { "after", "number", "seconds until the next try: 0.1 to 600", least = 0.1, most = 600 }

local function match(answer)
  if answer == nil or answer == false then return {} end
  local after = answer
  if type(answer) == "table" then after = answer.after end
  if math.type(after) == nil or after < 0 or after ~= after then
    return nil, "it must be { after = seconds }, or nil to stop"
  end
  return { after = math.max(AFTER.least, math.min(after, AFTER.most)) }
end

return {
  summary = "Whether a request that CloudStack did not answer well, or a job that failed, is tried again.",
  asked = "Asked by every verb that talks to CloudStack, and only where trying again cannot do anything twice: nothing was "
    .. "sent, the request reads, CloudStack said that it is busy (429, 503), the command does the same when it is done "
    .. "twice, or it creates something and what the failed try left has been removed. Of what CloudStack says itself, in a "
    .. "refusal or as the end of a job, it is asked about what passes (kind `busy`, class `passing`) and about words that the CPI "
    .. "does not know (kind `failed`, class `unknown`); the others are final. Polls of jobs are not asked about: they go on until "
    .. "the job's deadline, which is also the end of all tries of a job.",
  verbs = { "create_vm", "delete_vm", "create_network", "delete_network", "has_vm", "reboot_vm", "set_vm_metadata",
    "create_disk", "delete_disk", "has_disk", "attach_disk", "detach_disk", "get_disks", "set_disk_metadata",
    "create_stemcell", "delete_stemcell", "resize_disk", "update_disk", "snapshot_disk", "delete_snapshot",
    "calculate_vm_cloud_properties" },
  facts = rows.of_any {
    { "command", "string", "CloudStack's command" },
    { "reading", "boolean", "does the command only read?" },
    { "kind", '"transport"|"garbled"|"elsewhere"|"busy"|"failed"', "no answer; an answer that is not CloudStack's to that "
      .. "command; the same, said on purpose: a redirect, a page, a path that is not known; not now: too much to do, or something "
      .. "else is under way; it failed, in words that the CPI does not know" },
    { "class", '"passing"|"unknown"', "what CloudStack's own words mean; absent where it has said nothing", optional = true },
    { "meaning", "string", 'for `"passing"`: which words they were, a name of lua/cloudstack/refusals.lua such as '
      .. '`"database_is_busy"`, `"other_operation"`, `"other_snapshot"`, `"later"`', optional = true },
    { "job", "boolean", "true where a job failed, absent where a request was refused", optional = true },
    { "fault", "string", 'for `"transport"`: `"resolve"`, `"connect"`, `"tls"`, `"timeout"`, `"closed"`, `"toolarge"`, '
      .. '`"other"`', optional = true },
    { "status", "integer", "the HTTP status", optional = true },
    { "code", "integer", "CloudStack's error code", optional = true },
    { "text", "string", "what was said" },
    { "wanted", "number", "the seconds that CloudStack asked us to wait", optional = true },
    { "attempt", "integer", "1 after the first try" },
    { "elapsed", "number", "seconds since the first try began" },
    { "limit", "number", "of a job: the seconds that all tries of it may take (`cloudstack.timeout`)", optional = true },
  },
  answer = {
    type = "answer|number|false|nil",
    fields = { AFTER },
    text = "`{ after = seconds }` or just the seconds, from 0.1 to 600 (what is less counts as 0.1, what is more as 600); `nil` or "
      .. "`false` to stop. An hour after the first try nothing is asked any more, and there is no other try; likewise where the "
      .. "next try would begin after `limit`.",
  },
  may_be_nil = true,
  ours = "pauses of 0.25 s, doubled each time up to 8 s, or what CloudStack asked for; for 300 s when it is busy, for 60 s "
    .. "otherwise. Where CloudStack says that a snapshot is under way or \"try again later\", it goes on until `limit`; a template on "
    .. "its way is waited for 180 s, a disk that is not at rest 60 s. A TLS fault, a body over the limit and an answer from "
    .. "`elsewhere` are final at once, so are words that the CPI does not know; a timeout is at the second time, an unknown host "
    .. "name at the third.",
  example = {
    command = "listVirtualMachines", reading = true, kind = "busy", class = "passing", status = 503,
    text = "HTTP 503 with \"Service Unavailable\"", attempt = 1, elapsed = 0.4,
  },
  match = match,
}

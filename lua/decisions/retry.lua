-- Whether a request is sent again. The form of this file: lua/decisions/README.md.

local LONGEST_PAUSE = 600

local function match(answer)
  if answer == nil or answer == false then return {} end
  local after = type(answer) == "table" and answer.after or answer
  if math.type(after) == nil or after < 0 or after ~= after then
    return nil, "it must be { after = seconds }, or nil to stop"
  end
  return { after = math.min(after, LONGEST_PAUSE) }
end

return {
  summary = "Whether a request that CloudStack did not answer well is sent again.",
  asked = "Asked by every verb that talks to CloudStack, and only where sending again cannot do anything twice: nothing was "
    .. "sent, the request reads, CloudStack said that it is busy (429, 503), or the command does the same when it is done "
    .. "twice and is no job. CloudStack's own refusals are never sent again, and polls of jobs are not asked about: they go "
    .. "on until the job's deadline.",
  verbs = { "create_vm", "delete_vm", "create_network", "delete_network", "has_vm", "reboot_vm", "set_vm_metadata",
    "create_disk", "delete_disk", "has_disk", "attach_disk", "detach_disk", "get_disks", "set_disk_metadata",
    "create_stemcell", "delete_stemcell", "resize_disk", "update_disk", "snapshot_disk", "delete_snapshot",
    "calculate_vm_cloud_properties" },
  facts = {
    { "command", "string", "CloudStack's command" },
    { "reading", "boolean", "does the command only read?" },
    { "kind", '"transport"|"garbled"|"busy"', "no answer; an answer that is none of CloudStack's; too much to do" },
    { "fault", "string", 'for `"transport"`: `"resolve"`, `"connect"`, `"tls"`, `"timeout"`, `"closed"`, `"toolarge"`, '
      .. '`"other"`', optional = true },
    { "status", "integer", "the HTTP status", optional = true },
    { "code", "integer", "CloudStack's error code", optional = true },
    { "text", "string", "what was said" },
    { "wanted", "number", "the seconds that CloudStack asked us to wait", optional = true },
    { "attempt", "integer", "1 after the first try" },
    { "elapsed", "number", "seconds since the first try began" },
  },
  answer = {
    type = "answer|number|false|nil",
    fields = { { "after", "number", "seconds until the next try" } },
    text = "`{ after = seconds }` or just the seconds, 600 at most (more counts as 600); `nil` or `false` to stop.",
  },
  may_be_nil = true,
  ours = "pauses of 0.25 s, doubled each time up to 8 s, or what CloudStack asked for; for 300 s when it is busy, for 60 s "
    .. "otherwise. A TLS fault or a body over the limit is final at once, a timeout at the second time, an unknown host "
    .. "name at the third.",
  example = {
    command = "listVirtualMachines", reading = true, kind = "busy", status = 503,
    text = "HTTP 503 with \"Service Unavailable\"", attempt = 1, elapsed = 0.4,
  },
  match = match,
}

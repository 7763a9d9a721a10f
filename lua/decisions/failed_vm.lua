-- What becomes of a VM whose creation failed. The form of this file: lua/decisions/README.md.

local refusals = require "cloudstack.refusals"
local rows = require "decision.rows"

local KEEP_FOR = { "keep_for", "number", "seconds for which it is kept: 60 to 2592000", least = 60, most = 2592000 }

local function match(answer)
  if answer == "destroy" or answer == "keep" then return answer end
  if type(answer) ~= "table" then return nil, 'it must be "destroy", "keep" or { keep_for = seconds }' end
  if not rows.fits(answer.keep_for, KEEP_FOR) then return nil, rows.range(KEEP_FOR, "seconds") end
  return { keep_for = answer.keep_for }
end

return {
  summary = "What becomes of a VM whose creation failed.",
  asked = "Asked by `create_vm`, when it gives up a VM that it made: after a failed deploy, or a failed start. A VM that found "
    .. "no room is not given up while it may get another offering.",
  verbs = { "create_vm" },
  after_failure_of = "deployVirtualMachine",
  facts = rows.of_an_instance {
    { "vm", "object", "the VM that is left", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its CID" },
      { "state", "string", "CloudStack's word: `Error`, `Stopped`, ..." },
    } },
    { "error", "object", "why it failed", fields = {
      { "text", "string", "CloudStack's words" },
      { "code", "integer", "its code, where there is one", optional = true },
      { "kind", "string", '`"job"` (the job failed), `"killed"` (it ended without saying how), `"vanished"` (CloudStack '
        .. 'forgot it), `"late"` (its deadline passed), `"lost"` (nobody knows) or `"refused"`' },
    } },
    { "attempt", "integer", "1 for the first start, 2 for the next, ..." },
  },
  answer = {
    type = 'answer|"destroy"|"keep"', fields = { KEEP_FOR },
    text = '`"destroy"`, `"keep"`, or `{ keep_for = seconds }` (60 to 2592000) to keep it for a while: from then on `cpi gc --apply` '
      .. "removes it, and so does the next verb of the director that creates something, where there is a store.",
  },
  ours = '`"destroy"`. A kept VM holds its address and its name until somebody deletes it, no other offering is tried after '
    .. "it, and the response asks the director not to try again. It carries its tags, and the journal has it where there is a store.",
  example = {
    vm = { id = "v1", name = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c", state = "Stopped" },
    error = { text = "Unable to start VM instance", code = refusals.INTERNAL_ERROR, kind = "job" }, attempt = 1,
  },
  match = match,
}

-- What becomes of a VM whose creation failed. The form of this file: lua/decisions/README.md.

local refusals = require "cloudstack.refusals"
local rows = require "decision.rows"

local function match(answer)
  if answer == "destroy" or answer == "keep" then return answer end
  return nil, 'it must be "destroy" or "keep"'
end

return {
  summary = "What becomes of a VM whose creation failed.",
  asked = "Asked by `create_vm`, after a failed try that left a VM.",
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
    { "attempt", "integer", "1 for the first offering tried, 2 for the next, ..." },
  },
  answer = { type = '"destroy"|"keep"', text = '`"destroy"` or `"keep"`.' },
  ours = '`"destroy"`. A kept VM holds its address and its name until somebody deletes it, no other offering is tried after '
    .. "it, and the response asks the director not to try again. It carries its tags, and the journal has it where there is a store.",
  example = {
    vm = { id = "v1", name = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c", state = "Error" },
    error = { text = "Unable to start VM instance", code = refusals.INTERNAL_ERROR, kind = "job" }, attempt = 1,
  },
  match = match,
}

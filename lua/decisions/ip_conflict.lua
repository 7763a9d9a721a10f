-- What is done about an address that is taken. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"
local states = require "cloudstack.states"

-- CloudStack expunges what was destroyed after a day, and looks for it once a day (expunge.delay, expunge.interval): after
-- two days nothing comes of waiting.
local DEADLINE = { "deadline", "number", 'seconds since the deploys began, for `"wait"`: 0 to 172800',
  optional = true, least = 0, most = 172800 }

local known = { wait = true, expunge = true, move = true, ignore = true, fail = true }

local function match(answer, facts)
  if type(answer) == "string" then answer = { answer = answer } end
  if type(answer) ~= "table" or not known[answer.answer] then
    return nil, 'it must be { answer = "wait", "expunge", "move", "ignore" or "fail" }'
  elseif not rows.fits(answer.deadline, DEADLINE) then
    return nil, rows.range(DEADLINE, "seconds")
  elseif answer.answer == "expunge" and not facts.may_expunge then
    return nil, "this account may not expunge"
  elseif answer.answer == "expunge" and not (facts.holder and states.vm(facts.holder.state).expunges) then
    return nil, "only a holder that is Destroyed, Expunging or in Error can be expunged"
  elseif answer.answer == "move" and not (facts.holder and facts.holder.movable) then
    return nil, "only a holder that is parked and stopped can be moved"
  end
  return { answer = answer.answer, deadline = answer.deadline }
end

return {
  summary = "What is done when CloudStack does not give a VM the address that BOSH wants for it.",
  asked = "Asked by `create_vm`, after a deploy that CloudStack refused, and only when a manual network's address can be the "
    .. "reason, or a VM of the same `create_vm` still has it; once per address and try. Nothing is waited for where one answer is "
    .. "`\"fail\"`.",
  verbs = { "create_vm" },
  facts = rows.of_an_instance {
    { "address", "string", "the address" },
    { "network", "object", "the network in CloudStack", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name" },
      { "cidr", "string", "its addresses", optional = true },
    } },
    { "in_range", "boolean", "can a VM have that address there: inside the network, and not its gateway?" },
    { "holder", "object", "the VM that has it; absent when the account sees none, as a user does not see a destroyed one",
      optional = true, fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name: a CID, if it is BOSH's" },
      { "state", "string", "CloudStack's word: `Running`, `Destroyed`, `Error`, ..." },
      { "since", "string", "when it last changed, as CloudStack writes dates", optional = true },
      { "ours", "boolean", "was it made by this director?" },
      { "own", "boolean", "is it a VM of this very create_vm, from a try that failed? It is removed, and keeps the address until "
        .. "CloudStack expunges it" },
      { "leaving", "boolean", "will it give the address back by itself: is it being started, stopped or expunged?" },
      { "expunges", "boolean", "can it be expunged as it is?" },
      { "movable", "boolean", "was it parked there by a delete_vm that did not come to its end, and is it stopped?" },
    } },
    { "parked", "object", "the VM that a delete_vm parked on the address, as the store has it noted", optional = true, fields = {
      { "name", "string", "its CID" },
      { "since", "integer", "seconds since 1970" },
    } },
    { "may_expunge", "boolean", "may this account expunge?" },
    { "wanted", "boolean", "`cloudstack.expunge_vm` of the configuration" },
    { "attempt", "integer", "1 after the first refused deploy" },
    { "elapsed", "number", "seconds since the deploys began" },
  },
  answer = {
    type = 'answer|"wait"|"expunge"|"move"|"ignore"|"fail"',
    fields = {
      { "answer", '"wait"|"expunge"|"move"|"ignore"|"fail"', "what happens" },
      DEADLINE,
    },
    text = [[
`{ answer = ..., deadline = ... }`, or just the word:

| answer | what happens |
|---|---|
| `"wait"` | until the holder is expunged, or for a while; then another deploy, until `deadline` (0 to 172800, 3600 without one) is over |
| `"expunge"` | the holder is expunged, then another deploy; only one that is Destroyed, Expunging or in Error, and when `may_expunge` |
| `"move"` | the holder is moved on to another address, then another deploy; only one that is `movable` |
| `"ignore"` | another deploy at once, and no second time |
| `"fail"` | create_vm fails and says who has the address |]],
  },
  ours = '`"move"` for a holder that is movable; `"fail"` for an address outside the network or of a VM that runs or is stopped; '
    .. '`"expunge"` for a dead one of '
    .. 'this director, where `may_expunge` and `wanted` are true; else `"wait"` for 180 seconds.',
  example = {
    address = "10.0.16.5", network = { id = "n1", name = "bosh-net", cidr = "10.0.16.0/24" }, in_range = true,
    holder = { id = "v1", name = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c", state = "Destroyed",
      since = "2026-01-01T00:00:00+0000", ours = true, own = false, leaving = true, expunges = true, movable = false },
    may_expunge = false, wanted = true, attempt = 1, elapsed = 0.5,
  },
  match = match,
}

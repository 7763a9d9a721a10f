-- How a VM leaves. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"

-- CloudStack expunges what was destroyed after a day, and looks for it once a day (expunge.delay, expunge.interval): after
-- two days nothing comes of waiting.
local DEADLINE = { "deadline", "number", 'seconds, for `"wait"`: 0 to 172800', optional = true, least = 0, most = 172800 }

local strategies = { now = true, release = true, wait = true, leave = true }

-- Are these a table of texts by texts, or none?
local function are_addresses(addresses)
  if addresses ~= nil and type(addresses) ~= "table" then return false end
  for network, address in pairs(addresses or {}) do
    if type(network) ~= "string" or type(address) ~= "string" then return false end
  end
  return true
end

local function match(answer, facts)
  if type(answer) == "string" then answer = { strategy = answer } end
  if type(answer) ~= "table" or not strategies[answer.strategy] then
    return nil, "it must be { strategy = \"now\", \"release\", \"wait\" or \"leave\" }"
  elseif answer.strategy == "now" and not facts.may_expunge then
    return nil, "this account may not expunge"
  elseif not rows.fits(answer.deadline, DEADLINE) then
    return nil, rows.range(DEADLINE, "seconds")
  elseif not are_addresses(answer.addresses) then
    return nil, "its addresses must be a table: an address by the id of a network"
  end
  return { strategy = answer.strategy, deadline = answer.deadline, addresses = answer.addresses or {} }
end

return {
  summary = "How a VM leaves. CloudStack keeps address and name of a destroyed VM until it expunges it, and only some "
    .. "accounts may ask for that.",
  asked = "Asked by `delete_vm`, and by `create_vm` when it cleans up after a failure.",
  verbs = { "delete_vm", "create_vm" },
  facts = rows.of_an_instance {
    { "vm", "object", "the VM", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its CID" },
      { "state", "string", "CloudStack's word: `Running`, `Stopped`, `Error`, ..." },
      { "zone", "string", "the zone's name", optional = true },
    } },
    { "addresses", "object[]", "one per NIC", fields = {
      { "address", "string", "the address", optional = true },
      { "network", "string", "the network's name in CloudStack", optional = true },
      { "network_id", "string", "its id" },
    } },
    { "may_expunge", "boolean", "may this account expunge?" },
    { "wanted", "boolean", "`cloudstack.expunge_vm` of the configuration" },
    { "version", "string", "CloudStack's version" },
  },
  answer = {
    type = 'answer|"now"|"release"|"wait"|"leave"',
    fields = {
      { "strategy", '"now"|"release"|"wait"|"leave"', "what happens" },
      DEADLINE,
      { "addresses", "table<string, string>", 'network id to the address to park a NIC on, for `"release"`',
        optional = true },
    },
    text = [[
`{ strategy = ..., deadline = ..., addresses = ... }`, or just the strategy's name:

| strategy | what happens |
|---|---|
| `"now"` | destroy and expunge at once; refused when `may_expunge` is false |
| `"release"` | stop, give each NIC another address, rename, destroy: address and name are free at once, for every account |
| `"wait"` | destroy, then wait until CloudStack has expunged the VM; `deadline` seconds at most (0 to 172800), 3600 without one |
| `"leave"` | destroy; address and name stay taken until CloudStack expunges the VM |

`addresses` belongs to `"release"`: `{ [network_id] = address }` parks a NIC of that network on an address of your
choice; for the others CloudStack picks one. One address parks one VM at a time.]],
  },
  ours = '`"now"` when `may_expunge` and `wanted` are both true, else `"release"`.',
  example = {
    vm = { id = "v1", name = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c", state = "Running", zone = "zone1" },
    addresses = { { address = "10.0.16.5", network = "bosh-net", network_id = "n1" } },
    may_expunge = false, wanted = true, version = "4.19.1.0",
  },
  match = match,
}

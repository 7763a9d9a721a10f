-- How a VM leaves. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"

-- CloudStack expunges what was destroyed after a day, and looks for it once a day (expunge.delay, expunge.interval): after
-- two days nothing comes of waiting.
local DEADLINE = { "deadline", "number", 'seconds, for `"wait"`: 0 to 172800', optional = true, least = 0, most = 172800 }

local strategies = { now = true, release = true, network = true, wait = true, leave = true }

-- A table of addresses by the ids of networks -> the same with the spans that they are, or nil and what is wrong with it.
local function spans_of(addresses)
  if addresses ~= nil and type(addresses) ~= "table" then return nil, "its addresses must be a table: addresses by the id of a network" end
  local list = {}
  for network, given in pairs(addresses or {}) do
    local span, wrong = rows.spans(given)
    if type(network) ~= "string" then return nil, "its addresses must be a table: addresses by the id of a network" end
    if not span then return nil, ("its addresses: '%s' is not an address, not a range of addresses, not a list of them"):format(wrong) end
    list[network] = span
  end
  return list
end

local function match(answer, facts)
  if type(answer) == "string" then answer = { strategy = answer } end
  if type(answer) ~= "table" or not strategies[answer.strategy] then
    return nil, "it must be { strategy = \"now\", \"release\", \"network\", \"wait\" or \"leave\" }"
  elseif answer.strategy == "now" and not facts.may_expunge then
    return nil, "this account may not expunge"
  elseif not rows.fits(answer.deadline, DEADLINE) then
    return nil, rows.range(DEADLINE, "seconds")
  elseif answer.network ~= nil and (type(answer.network) ~= "string" or answer.network == "") then
    return nil, "its network must be a name or an id"
  end
  local addresses, wrong = spans_of(answer.addresses)
  if not addresses then return nil, wrong end
  return { strategy = answer.strategy, deadline = answer.deadline, addresses = addresses, network = answer.network }
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
      { "parking", "string[]", "where `cloudstack.parking.ranges` has the network's addresses go", optional = true },
    } },
    { "parking_network", "string", "`cloudstack.parking.network` of the configuration, where it is set", optional = true },
    { "may_expunge", "boolean", "may this account expunge?" },
    { "wanted", "boolean", "`cloudstack.expunge_vm` of the configuration" },
    { "version", "string", "CloudStack's version" },
  },
  answer = {
    type = 'answer|"now"|"release"|"network"|"wait"|"leave"',
    fields = {
      { "strategy", '"now"|"release"|"network"|"wait"|"leave"', "what happens" },
      DEADLINE,
      { "addresses", "table<string, string|string[]>", 'where NICs are parked, by the id of their network, for `"release"`',
        optional = true },
      { "network", "string", 'the network without addresses, for `"network"`', optional = true },
    },
    text = [[
`{ strategy = ..., deadline = ..., addresses = ..., network = ... }`, or just the strategy's name:

| strategy | what happens |
|---|---|
| `"now"` | destroy and expunge at once; refused when `may_expunge` is false |
| `"release"` | stop, give each NIC another address, rename, destroy: address and name are free at once, for every account |
| `"network"` | stop, swap the NICs for one in a network without addresses (L2), rename, destroy: as `"release"`, and no address is taken |
| `"wait"` | destroy, then wait until CloudStack has expunged the VM; `deadline` seconds at most (0 to 172800), 3600 without one |
| `"leave"` | destroy; address and name stay taken until CloudStack expunges the VM |

`addresses` belongs to `"release"`: `{ [network_id] = "10.0.0.240-10.0.0.254" }` parks a NIC of that network on a free one of
these addresses; an address, a range or a list of both. For other networks `cloudstack.parking.ranges` says where, and without
it the end of the network. One address parks one VM until it is expunged.

`network` belongs to `"network"`: name or id of an L2 network of the VM's zone. Without one it is `cpi-parking`, which the CPI makes
where it is missing. Where this does not work, the NICs are parked as for `"release"`.]],
  },
  ours = '`"now"` when `may_expunge` and `wanted` are both true; else `"network"` where there is a `parking_network`; else `"release"`.',
  example = {
    vm = { id = "v1", name = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c", state = "Running", zone = "zone1" },
    addresses = { { address = "10.0.16.5", network = "bosh-net", network_id = "n1" } },
    may_expunge = false, wanted = true, version = "4.19.1.0",
  },
  match = match,
}

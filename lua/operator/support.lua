-- With what this CPI was tried, and how: what `cpi doctor` says of versions. README.md has it as a table, which
-- spec/operator/support_spec.lua holds against this.
--   tried     the CPI ran against it
--   tested    its differences are known from its source, and held by specs on the simulated CloudStack
--   expected  nothing is known that would keep it from working

local support = {}

support.oldest = { 4, 11 } -- of CloudStack

-- { what, since (CloudStack's version), how, words }; of several that fit the first counts
support.cloudstack = {
  { since = { 4, 24 }, how = "expected", words = "newer than 4.23, the newest that was tried" },
  { since = { 4, 22 }, how = "tried", words = "tried on management servers of 4.22 and 4.23" },
  { since = { 4, 11 }, how = "tested", words = "its differences are tested on the simulator" },
}

support.hypervisors = {
  { name = "Simulator", how = "tried", words = "the hypervisor that CloudStack's own tests use" },
  { name = "XenServer", how = "tested", words = "VHD, xen device names" },
  { name = "KVM", how = "tested", words = "QCOW2 and raw images, virtio device names" },
  { name = "VMware", how = "tested", words = "OVA" },
}

support.bosh = {
  { name = "bosh create-env", how = "tried", words = "bosh CLI 7.10 and its agent, on the simulator" },
  { name = "director", how = "tried", words = "v283 with its workers, NATS and agents, on the simulator; CPI API 1 to 3" },
}

-- of_version(at_least) -> how, words; at_least(major, minor): is the server's version that or later?
function support.of_version(at_least)
  for _, row in ipairs(support.cloudstack) do
    if at_least(row.since[1], row.since[2]) then return row.how, row.words end
  end
end

-- of_hypervisor(name) -> how, words; nil where it is none that this CPI knows
function support.of_hypervisor(name)
  for _, row in ipairs(support.hypervisors) do
    if row.name:lower() == name:lower() then return row.how, row.words end
  end
end

return support

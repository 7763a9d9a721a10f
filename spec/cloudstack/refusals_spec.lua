local failures = require "cloudstack.failures"
local refusals = require "cloudstack.refusals"

-- What servers have said, where it was seen, and what it means: { class, meaning, text, code, kind, ... }. Each row of the
-- table has its example here; texts are whole where a server was heard, with its capitals. "seen": recordings of 4.22 and 4.23.
local said = {
  -- passing. cloudstack PR 1762, issues 4334, 9128, 9860, 12753
  { "passing", "database_is_busy", "Deadlock found when trying to get lock; try restarting transaction", 530, "job" },
  { "passing", "database_is_busy", "Lock wait timeout exceeded; try restarting transaction", 530, "job" },
  { "passing", "database_is_busy", "Timed out on acquiring lock vm_instance2473 .  Waited for 1800seconds", 530, "job" },
  { "passing", "database_is_busy", "Unable to acquire lock on VMTemplateStoragePool: 12", 530, "job" },
  { "passing", "database_is_busy", "Failed to acquire lock on network id=204 as a part of network implement", 530, "job" },
  { "passing", "other_operation", "Unable to start the VM due to concurrent operation", 530, "job" },
  { "passing", "server_is_shutting_down", "A shutdown has been triggered. Can not accept new jobs", 530, "refused" },
  { "passing", "disk_is_being_attached", "Volume disk-2 is in Attaching. It should be in Ready or Allocated state", 431, "job" },
  { "passing", "disk_is_not_at_rest", "Volume state must be in Allocated, Ready or in Uploaded state", 431, "job" },
  { "passing", "guest_tools_are_missing", "Failed to attach volume to VM; requires PV drivers to be installed in it", 530, "job" },
  { "passing", "other_snapshot", "There is other active snapshot tasks on the instance to which the volume is attached, "
    .. "please try again later", 530, "job" },
  { "passing", "template_is_on_its_way", "Template 204 has not been completely downloaded to zone 1", 530, "refused" },
  { "passing", "template_is_on_its_way", "The template is either getting uploaded or it may be initiated shortly, please wait for it "
    .. "to be completed", 431, "job" },
  { "passing", "later", "There is/are unbacked up Snapshot(s) on ROOT volume, Instance destroy is not permitted, please try again "
    .. "later.", 530, "job" },
  { "passing", "later", "Router is being set up, try again after some time", 530, "job" },
  { "passing", "later", "The pool is in use, please retry later", 530, "job" },

  -- denied. seen
  { "denied", "not_authenticated", "unable to verify user credentials and/or request signature", 401, "refused" },
  { "denied", "command_is_missing", "The API [listHosts] does not exist or is not available for the account boshuser.", 432, "refused" },
  { "denied", "command_not_allowed", "The given command does not exist", 432, "refused" },
  { "denied", "no_permission", "Caller does not have permission to operate with provided resource.", 531, "refused" },
  { "denied", "may_not_expunge", "Account does not have permission for expunging.", 530, "job" },
  { "denied", "may_not_expunge", "Parameter expunge can be passed by Admin only. Or when the allow.user.expunge.recover.vm key is set.",
    431, "job" },
  { "denied", "may_not_expunge", "Expunging a vm can only be done by an Admin. Or when the allow.user.expunge.recover.vm key is set.",
    530, "job" },
  { "denied", "may_not_expunge", "The given command is none of the role's", 432, "refused", command = "expungeVirtualMachine" },
  { "denied", "vm_is_protected", "Instance [id = x, name = i-3-5-VM] has delete protection enabled and cannot be deleted.", 431, "job" },

  -- gone. seen; the texts with "UUID for id" up to 4.22
  { "gone", "volume_is_gone", "Unable to find volume with ID: 5", 431, "refused" },
  { "gone", "volume_is_gone", "Unable to find UUID for id [432] of type [Volume]", 431, "refused", unknown_id = true },
  { "gone", "template_is_gone", "Unable to find Template with id 209", 431, "job" },
  { "gone", "template_is_gone", "unable to find template 5", 431, "job" },
  { "gone", "template_is_gone", "Unable to find UUID for id [209] of type [VMTemplate]", 431, "refused", unknown_id = true },
  { "gone", "snapshot_is_gone", "Snapshot 5 is already destroyed", 530, "job" },
  { "gone", "snapshot_is_gone", "unable to find a snapshot with id 5", 431, "refused" },
  { "gone", "snapshot_is_gone", "Unable to find UUID for id [7] of type [Snapshot]", 431, "refused", unknown_id = true },
  { "gone", "vm_is_gone", "unable to find a virtual machine with id 17", 431, "refused" },
  { "gone", "vm_is_gone", "Unable to find a Instance with ID 17", 431, "job" },
  { "gone", "vm_is_gone", "Unable to find UUID for id [17] of type [UserVm]", 431, "refused", unknown_id = true },
  { "gone", "key_pair_is_gone", "A key pair with name 'bosh' does not exist for account bosh in specified domain id", 431, "refused" },
  { "gone", "key_pair_is_unknown", "Not all specified keypairs exist", 431, "refused" },
  { "gone", "key_pair_is_unknown", "A key pair with name 'bosh' does not exist for account bosh in specified domain id", 431, "refused" },
  { "gone", "key_pair_is_unknown", "A key pair with name 'bosh' was not found.", 431, "refused" },
  { "gone", "affinity_group_is_gone", "Unable to execute API command deployvirtualmachine due to invalid value. Invalid parameter "
    .. "affinitygroupids value=x due to incorrect long value format, or entity does not exist", 431, "refused" },
  { "gone", "affinity_group_is_gone", "Unable to find affinity group by name nosuch", 431, "refused" },
  { "gone", "tag_is_not_there", "Failed to delete tags", 530, "job" },

  -- taken. seen
  { "taken", "tag_is_there", "tag deployment already on UserVm with id 0b8e4a52", 431, "job" },
  { "taken", "has_static_nat", "Failed to enable static nat on the ip 10.1.2.3 with Id 5 as the vm i-3-5-VM with Id 5 is already "
    .. "associated with another public ip 10.1.2.4 with id 0b8e4a52-9f6d", 431, "refused" },
  { "taken", "vm_name_is_taken", "The vm with hostName vm-one already exists in the network domain: cs4cloud.internal", 431, "refused" },
  { "taken", "vm_name_is_taken", "Network bosh-net2 already has an Instance with host name: vm-one", 431, "refused" },
  { "taken", "affinity_group_is_there", "Unable to create affinity group, a group with name x already exists.", 431, "refused" },
  { "taken", "firewall_rule_conflicts", "The range specified, 22-22, conflicts with rule FirewallRule {..}", 537, "refused" },
  { "taken", "firewall_rule_conflicts", "The new rule conflicts with existing rule 5", 530, "job" },
  { "taken", "network_range_is_taken", "The network cidr 10.1.0.0/24 crosses other network cidr", 431, "refused" },
  { "taken", "template_is_used", "Unable to delete template [x] because there are [2] VM instances using it.", 431, "job" },
  { "taken", "template_is_used", "Unable to delete template with id: 5 because VM instances: [i-3-5-VM] are using it.", 431, "job" },
  { "taken", "address_is_taken", "Allocating IP to guest NIC Nic {..} failed, please choose another IP", 431, "job" },
  { "taken", "address_is_taken", "Allocating ip to guest nic {..} failed, please choose another ip", 431, "job" }, -- up to 4.22
  { "taken", "address_is_not_given", "Unable to acquire Guest IP address for network Network {..}", 530, "refused" },
  { "taken", "address_is_not_given", "Insufficient address capacity", 530, "refused" },
  { "taken", "address_is_not_given", "Unable to acquire Guest IP address for network Ntwk[5|Guest|8]", 533, "refused" },
  { "taken", "address_is_not_given", "Insufficient address capacity", 533, "refused" },
  { "taken", "address_is_not_given", "Cannot acquire guest [IPv4 address='10.61.1.77']; The Ip address is in [state='Allocated']", 431,
    "refused" },
  { "taken", "address_is_not_given", "Trying to configure a Nic with the requested [IPv4 address='10.9.9.9'] but cannot find a Vlan "
    .. "for it", 431, "refused" },
  { "taken", "address_is_not_given", "Failed to assign secondary ip to nic", 530, "refused" },

  -- limit. seen
  { "limit", "nic_has_most_addresses", "Allocating guest ip for nic failed : Maximum Number of IPs per NIC has been crossed.", 431,
    "refused" },
  { "limit", "limit_is_reached", "Maximum number of public IP addresses for account: otheruser has been exceeded.", 532, "refused" },
  { "limit", "limit_is_reached", "Maximum amount of resources of Type = 'volume', tag = 'null' for Account Name = otheruser in "
    .. "Domain Id = 2 is exceeded", 535, "refused" },
  { "limit", "limit_is_reached", "Maximum amount of resources of Type = 'user_vm' is exceeded", 530, "job" },
  { "limit", "limit_is_reached", "Maximum number of public IP addresses for account: x has been exceeded.", 530, "job" },

  -- capacity, wherever it is said. seen; cloudstack issue 10435
  { "taken", "vm_runs_already", "The virtual machine 942d5a41 (s1) is already running", 431, "job" },
  { "taken", "offering_is_its_own", "Not upgrading vm VM instance {..} since it already has the requested service offering (tiny)", 431,
    "refused" },
  { "capacity", "no_room", "No destination found for a deployment for VM instance {..}", 533, "job" },
  { "capacity", "no_room", "anything", 533, "job" },
  { "capacity", "no_room", "anything", 533, "refused" },
  { "capacity", "no_room", "Unable to start a VM [x] due to insufficient capacity.", 530, "job" },
  { "capacity", "no_room", "Unable to orchestrate the start of VM instance {..} due to [INSUFFICIENT CAPACITY]", 530, "job" },
  { "capacity", "no_room", "No suitable host found.", 530, "job" },
  { "capacity", "no_room", "no destination found for a deployment", 530, "job" },
  { "capacity", "no_room", "Unable to start a VM [x] due to [Unable to create a deployment for VM instance {..}].", 530, "job" },
  { "capacity", "no_room", "com.cloud.exception.InsufficientServerCapacityException: x", 530, "job" },
  { "capacity", "no_storage_for_disk", "Unable to find suitable primary storage when creating volume [{..}]", 530, "job" },
  { "capacity", "no_storage_to_grow", "Storage pool p does not have enough space to resize volume v", 530, "job" },

  -- broken. seen; of disks 4.11 to 4.23
  { "broken", "malformed", "Invalid value", 430, "refused" },
  { "broken", "bad_parameter", "Unable to execute API command deletetemplate due to missing parameter id", 431, "refused" },
  { "broken", "bad_parameter_of_job", "Volume change offering operation failed", 431, "job" },
  { "broken", "page_too_large", "Page size can't exceed max allowed page size value: 100", 431, "refused" },
  { "broken", "template_cannot_be_copied", 'Cannot invoke "String.length()" because the return value of '
    .. '"com.cloud.storage.VMTemplateVO.getUrl()" is null', 530, "job" },
  { "broken", "port_is_reserved", "LB service provider cannot support this rule", 431, "refused" },
  { "broken", "disk_out_of_reach", "Can't move volume between scope: CLUSTER and HOST", 530, "job" },
  { "broken", "disk_out_of_reach", "migration of local data volume is not allowed", 530, "job" },
  { "broken", "disk_cannot_change_in_place", "Hypervisor x does not support volume resize", 431, "refused" },
  { "broken", "disk_cannot_change_in_place", "The disk offering must be customizable", 431, "refused" },
  { "broken", "disk_cannot_change_in_place", "The size is strictly fixed as per the disk offering", 431, "refused" },
  { "broken", "disk_cannot_change_in_place", "The offering's size is fixed", 431, "refused" },
  { "broken", "disk_cannot_change_in_place", "Disk offering size strictness does not match", 431, "refused" },
  { "broken", "disk_cannot_change_in_place", "Storage tags on the new and old disk offerings must match", 431, "refused" },
  { "broken", "disk_cannot_change_in_place", "There are no tags on the current disk offering", 431, "refused" },
  { "broken", "disk_cannot_change_in_place", "No suitable pool(s) found", 431, "job" },
  { "broken", "disk_cannot_change_in_place", "The storage pool is not suitable", 431, "refused" },
  { "denied", "disk_cannot_change_in_place", "The API [resizeVolume] does not exist or is not available for the account x", 432,
    "refused" },

  -- what a class does not answer
  { nil, "unknown_job", "Invalid parameter jobid value=x due to incorrect long value format, or entity does not exist", 431, "refused" },
  { nil, "internal_error", "Something went wrong", 530, "job" },
  { nil, "internal_error_of_request", "Something went wrong", 530, "refused" },
  { nil, "reason_is_hidden", "Internal error executing command, please contact your system administrator", 530, "refused" },
  { nil, "reason_is_hidden", "Internal error executing command, please contact your system administrator", 533, "refused" },
  { nil, "says_nothing_of_job", "unable to verify user credentials and/or request signature", 401, "refused" },
  { nil, "says_nothing_of_job", "Internal error executing command", 530, "refused" },
}

local OTHER_KINDS = { "garbled", "elsewhere", "transport", "lost", "vanished", "killed", "late", "busy" }

local function failure_of(example, changes)
  local fields = { text = example[3], code = example[4], kind = example[5], unknown_id = example.unknown_id, sent = true }
  for name, value in pairs(changes or {}) do fields[name] = value end
  return failures.new(example.command or "someCommand", fields)
end

local function title(example)
  return ("%s: %s (%d)"):format(example[2], example[3]:sub(1, 60), example[4])
end

describe("what CloudStack says", function()
  for _, example in ipairs(said) do
    it("means " .. title(example), function()
      local failure = failure_of(example)
      assert.is_true(refusals.is(failure, example[2]))
      if example[1] then assert.equal(example[1], (refusals.class_of(failure))) end
    end)

    it("in another case means the same, " .. title(example), function()
      for _, text in ipairs { example[3]:upper(), example[3]:lower() } do
        assert.is_true(refusals.is(failure_of(example, { text = text }), example[2]))
      end
    end)

    if example[1] then
      it("counts where it is CloudStack's own word, " .. title(example), function()
        for _, kind in ipairs(OTHER_KINDS) do
          assert.is_nil(refusals.class_of(failure_of(example, { kind = kind })), kind)
        end
      end)
    end
  end
end)

-- Does that row alone, with nothing else in the table, understand one of the examples of its meaning?
local function has_example(name, row)
  local meaning
  for _, one in ipairs(refusals.meanings) do meaning = one[2] == name and one or meaning end
  local kept = table.move(meaning, 1, #meaning, 1, {})
  local _ <close> = setmetatable({}, { __close = function() table.move(kept, 1, #kept, 1, meaning) end })
  for i = #meaning, 3, -1 do meaning[i] = nil end
  meaning[3] = row
  for _, example in ipairs(said) do
    if example[2] == name and refusals.is(failure_of(example), name) then return true end
  end
  return false
end

describe("the table of meanings", function()
  for _, meaning in ipairs(refusals.meanings) do
    for i = 3, #meaning do
      local row = meaning[i]
      it(("has an example of row %d of %s"):format(i - 2, meaning[2]), function()
        assert.is_true(has_example(meaning[2], row))
      end)

      it(("has no capitals in row %d of %s"):format(i - 2, meaning[2]), function()
        assert.equal((row.text or row.pattern or ""):lower(), row.text or row.pattern or "")
      end)
    end
  end

  it("has the classes that are declared, and each name once", function()
    local classes = { passing = true, capacity = true, taken = true, denied = true, gone = true, limit = true, broken = true }
    local seen = {}
    for _, meaning in ipairs(refusals.meanings) do
      assert.is_true(meaning[1] == false or classes[meaning[1]], meaning[2])
      assert.is_nil(seen[meaning[2]], meaning[2])
      seen[meaning[2]] = true
    end
  end)
end)

describe("what is not understood", function()
  for _, case in ipairs {
    { "Internal error executing command, please contact your system administrator", 530, "refused" },
    { "Unable to get answer that is of class com.cloud.agent.api.RebootAnswer", 530, "job" },
    { "Resource [DataCenter:2] is unreachable: Unable to apply", 534, "job" },
  } do
    it("has no class: " .. case[1], function()
      assert.is_nil(refusals.class_of(failures.new("x", { text = case[1], code = case[2], kind = case[3], sent = true })))
    end)
  end

  it("is not a lock because of another word", function()
    local words = "Unable to acquire Guest IP address for network Network {\"name\":\"blocks\"}"
    assert.same({ "taken", "address_is_not_given" }, { refusals.class_of(failures.new("x", { text = words, code = 530,
      kind = "refused", sent = true })) })
  end)
end)

describe("a meaning", function()
  local function failure(text, code, kind, command)
    return failures.new(command or "someCommand", { text = text, code = code, kind = kind or "refused", sent = true })
  end

  it("goes by the command where the code says too little", function()
    assert.is_false(refusals.is(failure("no", 432, nil, "destroyVirtualMachine"), "may_not_expunge"))
  end)

  it("of a parameter is not the job's", function()
    assert.is_false(refusals.is(failure("no", 431), "bad_parameter_of_job"))
    assert.is_false(refusals.is(failure("no", 431, "job"), "unknown_job"))
    assert.is_false(refusals.is(failure("no", 530, "job"), "internal_error_of_request"))
  end)

  it("goes by its code where it has one", function()
    assert.is_false(refusals.is(failure("Unable to acquire Guest IP address", 431), "address_is_not_given"))
    assert.is_false(refusals.is(failure("Cannot acquire guest ip", 530), "address_is_not_given"))
    assert.is_false(refusals.is(failure("Unable to find affinity group by name x", 530), "affinity_group_is_gone"))
  end)

  it("tells what is in the text", function()
    assert.equal("100", refusals.found(failure("Page size can't exceed max allowed page size value: 100", 431), "page_too_large"))
    assert.equal("0b8e4a52-9f6d", refusals.found(failure("another public ip 10.1.2.4 with id 0b8e4a52-9f6d", 431), "has_static_nat"))
    assert.is_nil(refusals.found(failure("no", 431), "page_too_large"))
  end)

  it("has a name that is known", function()
    assert.has_error(function() refusals.is(failure("no", 431), "colour") end, "there is no refusal 'colour'")
  end)
end)

describe("a refused deploy", function()
  for _, case in ipairs {
    { "Internal error executing command, please contact your system administrator", 530 },
    { "The vm with hostName x already exists in the network domain", 431 },
    { "Maximum amount of resources of Type = 'user_vm' is exceeded", 535 },
  } do
    it("is not short of capacity: " .. case[1], function()
      local failure = failures.new("deployVirtualMachine", { text = case[1], code = case[2], kind = "job", sent = true })
      assert.is_false(refusals.is(failure, "no_room"))
    end)
  end
end)

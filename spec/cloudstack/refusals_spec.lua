local failures = require "cloudstack.failures"
local refusals = require "cloudstack.refusals"

-- An example for each row, in their order: { text, code, kind, ... }; "refused" without a kind.
local examples = {
  not_authenticated = { { "unable to verify user credentials and/or request signature", 401 } },
  bad_parameter = { { "Unable to execute API command deletevolume due to missing parameter id", 431 } },
  command_not_allowed = { { "The API [x] does not exist or is not available for the account", 432 } },
  internal_error = { { "Internal error executing command", 530, "job" } },
  unknown_job = { { "Invalid parameter jobid value=x due to incorrect long value format, or entity does not exist", 431 } },
  internal_error_of_request = { { "Internal error executing command", 530 } },
  bad_parameter_of_job = { { "Volume change offering operation failed", 431, "job" } },
  says_nothing_of_job = { { "unable to verify user credentials", 401 }, { "Internal error executing command", 530 } },
  page_too_large = { { "Page size can't exceed max allowed page size value: 100", 431 } },
  volume_is_gone = { { "Unable to find volume with ID: x", 431 }, { "no", 431, unknown_id = true } },
  template_is_gone = { { "Unable to find Template with id 209", 431 }, { "no", 431, unknown_id = true } },
  snapshot_is_gone = { { "Snapshot x is already destroyed", 530, "job" }, { "unable to find a snapshot with id 5", 431 },
    { "no", 431, unknown_id = true } },
  key_pair_is_gone = { { "A key pair with name 'bosh' does not exist for account bosh in specified domain id", 431 } },
  affinity_group_is_gone = { { "Invalid parameter affinitygroupids value=x due to incorrect long value format", 431 },
    { "Unable to find affinity group by id 5", 431 } },
  tag_is_there = { { "tag a already on UserVm with id 5", 431, "job" } },
  tag_is_not_there = { { "Failed to delete tags", 530, "job" } },
  affinity_group_is_there = { { "Unable to create affinity group, a group with name x already exists.", 431 } },
  has_static_nat = { { "Id 5 is already associated with another public ip 10.1.2.3 with id 0b8e4a52-9f6d", 431 } },
  firewall_rule_conflicts = { { "no", 537 }, { "The new rule conflicts with existing rule 5", 530 } },
  network_range_is_taken = { { "The network cidr 10.1.0.0/24 crosses other network cidr", 431 } },
  template_is_used = { { "Unable to delete template, there are 2 instances using it", 530, "job" },
    { "Unable to delete template: VM instances: [x] are using it", 530, "job" } },
  no_room = { { "anything", 533, "job" }, { "Unable to start a VM [x] due to insufficient capacity.", 530, "job" },
    { "No suitable host found.", 530, "job" }, { "No destination found for a deployment for VM instance {..}", 530, "job" },
    { "Unable to create a deployment for VM", 530, "job" } },
  no_storage_for_disk = { { "Failed to find suitable primary storage", 530, "job" } },
  no_storage_to_grow = { { "Storage pool p does not have enough space to resize volume v", 530, "job" } },
  address_is_not_given = { { "Internal error executing command", 530 }, { "Unable to acquire ip", 530 },
    { "Insufficient address capacity", 530 }, { "Internal error executing command", 533 }, { "Unable to acquire ip", 533 },
    { "Insufficient address capacity", 533 }, { "Cannot acquire guest ip", 431 }, { "x, but cannot find a Vlan", 431 } },
  key_pair_is_unknown = { { "Not all specified keypairs exist", 431 }, { "A key pair with name 'x' was not found.", 431 } },
  disk_is_being_attached = { { "Volume x is in Attaching", 530, "job" } },
  disk_is_not_at_rest = { { "Volume state must be in Allocated, Ready or in Uploaded state", 530, "job" } },
  guest_tools_are_missing = { { "a VM which requires PV drivers to be installed", 530, "job" } },
  disk_out_of_reach = { { "Can't move volume between scope: CLUSTER and HOST", 530, "job" },
    { "migration of local data volume is not allowed", 530, "job" } },
  disk_cannot_change_in_place = {
    { "Hypervisor x does not support volume resize", 431 }, { "the offering must be customizable", 431 },
    { "the size is strictly fixed as per the disk offering", 431 }, { "the offering's size is fixed", 431 },
    { "disk offering size strictness does not match", 431 },
    { "storage tags on the new and old disk offerings must match", 431 },
    { "there are no tags on the current disk offering", 431 }, { "no suitable pool(s) found", 431, "job" },
    { "the storage pool is not suitable", 431 },
    { "The API [x] does not exist or is not available for the account", 432 } },
  command_is_missing = { { "The API [x] does not exist or is not available for the account", 432 } },
  may_not_expunge = { { "Account does not have permission for expunging", 531 },
    { "Parameter expunge can be passed by Admin only", 531 },
    { "Expunging a vm can only be done by an Admin", 531, "job" }, { "no", 432, command = "expungeVirtualMachine" } },
}

local function failure_of(example)
  return failures.new(example.command or "someCommand", { text = example[1], code = example[2], kind = example[3] or "refused",
    unknown_id = example.unknown_id, sent = true })
end

-- What row alone says of an example, as if it were the only one of its meaning.
local function fits_alone(name, row, example)
  local all = refusals.rows[name]
  refusals.rows[name] = { row }
  local _ <close> = setmetatable({}, { __close = function() refusals.rows[name] = all end })
  return refusals.is(failure_of(example), name)
end

describe("a refusal", function()
  for name, list in pairs(refusals.rows) do
    for i, row in ipairs(list) do
      local example = examples[name] and examples[name][i] or { "no example" }
      it(("means %s: %s"):format(name, example[1]), function() assert.is_true(fits_alone(name, row, example)) end)

      if row.code then
        it(("with another code does not mean %s: %s"):format(name, example[1]), function()
          local other = setmetatable({ example[1], 999 }, { __index = example })
          assert.is_false(fits_alone(name, row, other))
        end)
      end
      if row.text or row.pattern then
        it(("in other words does not mean %s: %s"):format(name, example[1]), function()
          assert.is_false(fits_alone(name, row, setmetatable({ "other words" }, { __index = example })))
        end)
      end
      if row.kinds then
        it(("that CloudStack has not said does not mean %s: %s"):format(name, example[1]), function()
          for _, kind in ipairs { "garbled", "elsewhere", "transport", "lost", "vanished", "killed", "late", "busy" } do
            assert.is_false(fits_alone(name, row, setmetatable({ [3] = kind }, { __index = example })), kind)
          end
        end)
      end
    end
  end

  it("of the command decides where the code says too little", function()
    assert.is_false(refusals.is(failure_of { "no", 432, command = "destroyVirtualMachine" }, "may_not_expunge"))
  end)

  it("of a parameter is not the job's", function()
    assert.is_false(refusals.is(failure_of { "no", 431 }, "bad_parameter_of_job"))
    assert.is_false(refusals.is(failure_of { "no", 431, "job" }, "unknown_job"))
    assert.is_false(refusals.is(failure_of { "no", 530, "job" }, "internal_error_of_request"))
  end)

  it("has an example for each row, and none for rows that are not there", function()
    for name, list in pairs(examples) do assert.equal(#(refusals.rows[name] or {}), #list, name) end
    for name in pairs(refusals.rows) do assert.truthy(examples[name], name) end
  end)

  it("tells what is in it", function()
    assert.equal("100", refusals.found(failure_of(examples.page_too_large[1]), "page_too_large"))
    assert.equal("0b8e4a52-9f6d", refusals.found(failure_of(examples.has_static_nat[1]), "has_static_nat"))
    assert.is_nil(refusals.found(failure_of { "no", 431 }, "page_too_large"))
  end)

  it("has a meaning that is known", function()
    assert.has_error(function() refusals.is(failure_of { "no", 431 }, "colour") end, "there is no refusal 'colour'")
  end)
end)

describe("a refused deploy", function()
  for _, case in ipairs {
    { "No destination found for a deployment for VM instance {..}", 533 }, { "No suitable host found.", 530 },
    { "Unable to start a VM [x] due to insufficient capacity.", 530 }, { "anything", 533 },
    { "Unable to create a deployment for VM", 530 },
  } do
    it("is short of capacity: " .. case[1], function()
      assert.is_true(refusals.is(failure_of { case[1], case[2], "job" }, "no_room"))
    end)
  end

  for _, case in ipairs {
    { "Internal error executing command, please contact your system administrator", 530 },
    { "The vm with hostName x already exists in the network domain", 431 },
    { "Maximum amount of resources of Type = 'user_vm' is exceeded", 535 },
  } do
    it("is not short of capacity: " .. case[1], function()
      assert.is_false(refusals.is(failure_of { case[1], case[2], "job" }, "no_room"))
    end)
  end
end)

describe("the words of a failure", function()
  it("count where they are CloudStack's own", function()
    assert.is_true(refusals.is({ kind = "refused", text = "Unable to find template 5" }, "template_is_gone"))
    assert.is_true(refusals.is({ kind = "job", text = "unable to find template 5" }, "template_is_gone"))
    for _, kind in ipairs { "garbled", "elsewhere", "transport", "lost", "vanished", "killed", "late", "busy" } do
      assert.is_false(refusals.is({ kind = kind, text = "Unable to find template 5" }, "template_is_gone"))
    end
  end)
end)

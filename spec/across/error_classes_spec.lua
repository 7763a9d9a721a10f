-- The table "What a director does with an error" of docs/errors.md, held against the code: each of its rows happens, and no verb returns
-- a class that it does not have in its rows.

local errors = require "errors"
local text_file = require "text_file"
local verb_calls = require "verb_calls"

local BOSH = "Bosh::Clouds::"

-- { verb = { ["CLASS"] = true, ["CLASS, ok_to_retry"] = true } }, as the page has it.
local function told()
  local rows, page = {}, text_file.read "docs/errors.md"
  local from = assert(page:find("## What a director does with an error\n", 1, true))
  local section = page:sub(from, page:find("\n## Configuration", from, true))
  for verb, class, retry in section:gmatch "\n| ([%l_ ]+) | `(%a+)`([^|]*) | " do
    rows[verb] = rows[verb] or {}
    rows[verb][class .. retry] = true
  end
  return rows
end

local rows = told()

local function class_of(failure)
  return failure.type:sub(#BOSH + 1) .. (failure.ok_to_retry and ", ok_to_retry" or "")
end

local NET = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }
local SMALL = { compute_offering = "shared.small" }
local GONE = "cpi-disk-00000000-0000-4000-8000-000000000000"
local GONE_VM = "cpivm-00000000-0000-4000-8000-000000000000"

local function create_vm(t, more)
  more = more or {}
  return t.failure("create_vm", "a", more.stemcell or t.sim.state().templates[1].name, more.properties or SMALL, more.networks or NET,
    {}, {})
end

local function fail(t, command, text, code)
  t.sim.fault { command = command, fault = "fail_job", errortext = text, code = code, times = 1000 }
end

-- How each row comes about: f(trial, vm, disk) -> the failure.
local cases = {
  ["every verb"] = {
    CpiError = function(t) return t.failure("has_vm", 5) end,
    CloudError = function(t) return create_vm(t, { properties = { compute_offering = "nosuch" } }) end,
  },
  create_vm = {
    ["VMCreationFailed, ok_to_retry"] = function(t)
      t.sim.fault { command = "startVirtualMachine", fault = "capacity", times = 100 }
      return create_vm(t)
    end,
    VMCreationFailed = function(t)
      fail(t, "startVirtualMachine", "The plug-in has the hiccups", 530)
      return create_vm(t)
    end,
    NetworkNotFound = function(t)
      return create_vm(t, { networks = { default = { type = "dynamic", cloud_properties = { name = "nosuch" } } } })
    end,
    NotSupported = function(t)
      return create_vm(t, { networks = { default = { type = "odd", cloud_properties = { name = "bosh-net" } } } })
    end,
  },
  configure_networks = { NotSupported = function(t, vm) return t.failure("configure_networks", vm, NET) end },
  reboot_vm = { VMNotFound = function(t) return t.failure("reboot_vm", GONE_VM) end },
  set_vm_metadata = { VMNotFound = function(t) return t.failure("set_vm_metadata", GONE_VM, {}) end },
  get_disks = { VMNotFound = function(t) return t.failure("get_disks", GONE_VM) end },
  create_disk = { NoDiskSpace = function(t)
    fail(t, "createVolume", "Unable to find suitable primary storage when creating volume", 530)
    return t.failure("create_disk", 1024, {})
  end },
  attach_disk = {
    VMNotFound = function(t, _, disk) return t.failure("attach_disk", GONE_VM, disk) end,
    DiskNotFound = function(t, vm) return t.failure("attach_disk", vm, GONE) end,
  },
  detach_disk = { DiskNotAttached = function(t, vm, disk)
    t.call("attach_disk", vm, disk)
    return t.failure("detach_disk", t.cid(), disk)
  end },
  set_disk_metadata = { DiskNotFound = function(t) return t.failure("set_disk_metadata", GONE, {}) end },
  snapshot_disk = {
    DiskNotFound = function(t) return t.failure("snapshot_disk", GONE, {}) end,
    NotImplemented = function(t, _, disk) return t.failure("snapshot_disk", disk, {}) end,
  },
  create_network = { NotSupported = function(t) return t.failure("create_network", { type = "dynamic" }) end },
  delete_network = { NetworkNotFound = function(t) return t.failure("delete_network", "cpi-network-nosuch") end },
}
for verb, arguments in pairs { resize_disk = function(size) return size end, update_disk = function(size) return size, {} end } do
  cases[verb] = {
    DiskNotFound = function(t) return t.failure(verb, GONE, arguments(4096)) end,
    NotSupported = function(t)
      return t.failure(verb, t.call("create_disk", 10240, {}), arguments(1024))
    end,
    NotImplemented = function(t, _, disk)
      fail(t, "resizeVolume", "The hypervisor does not support volume resize", 431)
      return t.failure(verb, disk, arguments(4096))
    end,
    NoDiskSpace = function(t, _, disk)
      fail(t, "resizeVolume", "Storage pool p does not have enough space to resize volume v", 530)
      return t.failure(verb, disk, arguments(4096))
    end,
  }
end

describe("a row of the table of error classes", function()
  for verb, classes in pairs(rows) do
    for class in pairs(classes) do
      it(("happens: %s, %s"):format(verb, class), function()
        local case = assert(cases[verb] and cases[verb][class], "there is no case of it here")
        assert.equal(class, class_of(case(verb_calls.setting())))
      end)
    end
  end

  it("is there for each case", function()
    for verb, list in pairs(cases) do
      for class in pairs(list) do assert.is_true(rows[verb] ~= nil and rows[verb][class], verb .. " " .. class) end
    end
  end)
end)

-- What may go wrong at a request.
local FAULTS = {
  { fault = "refuse", errortext = "no", code = 431 }, { fault = "refuse", errortext = "no", code = 530 },
  { fault = "refuse", errortext = "no", code = 531 }, { fault = "fail_job", errortext = "no", code = 530 },
  { fault = "html", status = 404 },
}

local function sent_by(row)
  local trial, vm, disk = verb_calls.setting()
  local made = row.before and row.before(trial, vm, disk)
  trial.requests()
  pcall(trial.call, row[1], row[2](vm, disk, made))
  local seen, list = {}, {}
  for _, request in ipairs(trial.requests()) do
    if not seen[request.command] then list[#list + 1], seen[request.command] = request.command, true end
  end
  return list
end

describe("a verb whose requests fail", function()
  for _, row in ipairs(verb_calls) do
    it(("returns no class beside its rows: %s"):format(row[1]), function()
      local commands = sent_by(row)
      for _, command in ipairs(commands) do
        for _, fault in ipairs(FAULTS) do
          local trial, vm, disk = verb_calls.setting()
          local made = row.before and row.before(trial, vm, disk)
          local posted = { command = command, times = 1000 }
          for name, value in pairs(fault) do posted[name] = value end
          trial.sim.fault(posted)
          local ok, failure = pcall(trial.call, row[1], row[2](vm, disk, made))
          if not ok then
            assert.is_true(errors.is(failure), tostring(failure))
            local class = class_of(failure)
            local is_told = rows["every verb"][class] or rows[row[1]] and rows[row[1]][class]
            assert.truthy(is_told, ("%s at %s (%s): %s"):format(class, command, fault.fault, failure.message))
          end
        end
      end
    end)
  end
end)

-- Commands that exist for root admins and are not modelled: to others they say that they are not theirs, which is
-- another answer than that of a command nobody knows.
local unmodelled = { commands = {} }

local NAMES = {
  "addHost", "createAccount", "createDiskOffering", "createServiceOffering", "createUser", "createZone", "deleteHost",
  "getUser", "listCapacity", "listImageStores", "listSystemVms", "migrateVirtualMachine",
  "migrateVirtualMachineWithVolume", "resetApiLimit", "resetUserDataForVirtualMachine",
  "updateConfiguration", "updateResourceLimit", "updateVolume",
}

for i, name in ipairs(NAMES) do
  unmodelled.commands[i] = { name = name, admin = true, unmodelled = true }
end

return unmodelled

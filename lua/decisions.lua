-- The names of all decisions, in the order of the documents. What each one is: lua/decisions/NAME.lua.

return {
  "vm",
  "disk",
  "service_offering",
  "disk_offering",
  "disk_placement",
  "expunge",
  "ip_conflict",
  "names",
  "networks",
  "affinity",
  "stemcell",
  "retry",
  "failed_vm",
}

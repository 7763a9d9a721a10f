-- info(): what this CPI speaks, without configuration, network or store.
-- api_version 3 is the highest that a director knows; callers lower it to theirs. The formats are those of
-- XenServer, KVM and VMware stemcells, under CloudStack's name and under those of the stemcells that people
-- use in their place.

return function(cpi)
  return {
    api_version = 3,
    stemcell_formats = cpi.json.array {
      "cloudstack-vhdx", "cloudstack-vhd", "cloudstack-qcow2", "cloudstack-raw", "cloudstack-ova", "cloudstack-light",
      "openstack-qcow2", "openstack-raw", "vsphere-ova",
    },
  }
end

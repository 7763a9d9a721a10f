-- Whether a VM may be made as it was ordered, and with which cloud_properties. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"

return {
  summary = "Whether a VM may be made as it was ordered, and with which cloud_properties: root disk, key pairs, security groups, "
    .. "load balancers, zones, whatever a manifest may name.",
  asked = "Asked by `create_vm` before everything else, where a file of the site decides.",
  verbs = { "create_vm" },
  facts = rows.of_a_new_one {
    { "stemcell_cid", "string", "the stemcell's CID" },
    { "cloud_properties", "table<string, any>", "the VM's, as the manifest and the cloud config have them; keys in lower case" },
    { "networks", "object[]", "BOSH's networks of the VM, in the order of their names", fields = {
      { "name", "string", "its name in BOSH" },
      { "type", "string", "`manual`, `dynamic` or `vip`", optional = true },
      { "ip", "string", "the address wanted", optional = true },
      { "cloud_properties", "table<string, any>", "its cloud_properties; keys in lower case" },
    } },
    { "disks", "string[]", "CIDs of the persistent disks that it is to have" },
  },
  answer = { type = "answer", fields = rows.order_answer, text = rows.ORDER_TEXT:format("VM", "vm") },
  ours = "the order as it is.",
  example = {
    stemcell_cid = "cpitemplate-5a3f0c1e-7d42-4b8e", cloud_properties = { cpu = 2, ram = 4096, disk = 10240 }, disks = {},
    networks = { { name = "default", type = "manual", ip = "10.0.16.5", cloud_properties = { name = "bosh-net" } } },
    group = "bosh-cf-diego-cell", deployment = "cf", instance_group = "diego-cell", tags = { stage = "production" },
  },
  match = rows.match_order,
}

-- Whether a persistent disk may be made as it was ordered, and with which cloud_properties. The form of this file:
-- lua/decisions/README.md.

local rows = require "decision.rows"

return {
  summary = "Whether a persistent disk may be made as it was ordered, and with which cloud_properties.",
  asked = "Asked by `create_disk` and `update_disk`, where a file of the site decides.",
  verbs = { "create_disk", "update_disk" },
  facts = rows.of_a_new_one {
    { "verb", '"create_disk"|"update_disk"', "what is being done" },
    { "size", "integer", "GB wanted, rounded up" },
    { "cloud_properties", "table<string, any>", "the disk's, as the manifest and the cloud config have them; keys in lower case" },
    { "disk_cid", "string", "the CID; `update_disk` only", optional = true },
    { "vm", "object", "the VM that the disk is for; `create_disk` only, where BOSH names one", optional = true, fields = {
      { "name", "string", "its CID" },
      { "zone", "string", "its zone's name", optional = true },
      { "offering", "string", "its service offering", optional = true },
    } },
  },
  answer = { type = "answer", fields = rows.order_answer, text = rows.ORDER_TEXT:format("disk", "disk") },
  ours = "the order as it is.",
  example = {
    verb = "create_disk", size = 20, cloud_properties = { disk_offering = "shared.custom" },
    vm = { name = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c", zone = "zone1", offering = "shared.large" },
    group = "bosh-cf-database", deployment = "cf", instance_group = "database", index = 0, tags = { stage = "production" },
  },
  match = rows.match_order,
}

---@meta cpi
-- Policies and their answers, for editors; the facts are in facts.lua. Written by `make contract` from lua/decisions.
-- luacheck: max_line_length 400

-- vm: Whether a VM may be made as it was ordered, and with which cloud_properties: root disk, key pairs, security groups, load balancers, zones, whatever a manifest may name.

---@class cpi.vm.answer
---@field cloud_properties table<string, any> all that the object is to have, not only what changes

---@alias cpi.vm.answers cpi.vm.answer

---@class cpi.vm.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.vm.facts, default: fun(facts: cpi.vm.facts): cpi.vm.answers?, string?): cpi.vm.answers?, string?

-- disk: Whether a persistent disk may be made as it was ordered, and with which cloud_properties.

---@class cpi.disk.answer
---@field cloud_properties table<string, any> all that the object is to have, not only what changes

---@alias cpi.disk.answers cpi.disk.answer

---@class cpi.disk.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.disk.facts, default: fun(facts: cpi.disk.facts): cpi.disk.answers?, string?): cpi.disk.answers?, string?

-- service_offering: Which service offerings a VM of a wanted size is tried with.

---@alias cpi.service_offering.answers cpi.service_offering.offerings[]|cpi.service_offering.offerings

---@class cpi.service_offering.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.service_offering.facts, default: fun(facts: cpi.service_offering.facts): cpi.service_offering.answers?, string?): cpi.service_offering.answers?, string?

-- disk_offering: Which disk offering a disk gets.

---@class cpi.disk_offering.answer
---@field offering cpi.disk_offering.offerings one row of facts.offerings
---@field size? integer GB, for a customised offering: 1 to 1048576

---@alias cpi.disk_offering.answers cpi.disk_offering.answer|cpi.disk_offering.offerings

---@class cpi.disk_offering.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.disk_offering.facts, default: fun(facts: cpi.disk_offering.facts): cpi.disk_offering.answers?, string?): cpi.disk_offering.answers?, string?

-- disk_placement: Where a VM goes that is to have disks, and what becomes of a disk that its VM does not reach: a local disk is reached from one host only, others from the hosts of a cluster or of a zone.

---@class cpi.disk_placement.answer
---@field host? string create_vm: id of a host
---@field cluster? string create_vm: id of a cluster
---@field zone? string create_vm: id of a zone of the disks, where the manifest names none
---@field strict? boolean create_vm: no VM where there is no room (the default), or one elsewhere (false)
---@field migrate? string attach_disk: id of the pool to which the disk goes first

---@alias cpi.disk_placement.answers cpi.disk_placement.answer|"anywhere"|"attach"

---@class cpi.disk_placement.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.disk_placement.facts, default: fun(facts: cpi.disk_placement.facts): cpi.disk_placement.answers?, string?): cpi.disk_placement.answers?, string?

-- expunge: How a VM leaves. CloudStack keeps address and name of a destroyed VM until it expunges it, and only some accounts may ask for that.

---@class cpi.expunge.answer
---@field strategy "now"|"release"|"network"|"wait"|"leave" what happens
---@field deadline? number seconds, for "wait": 0 to 172800
---@field addresses? table<string, string|string[]> where NICs are parked, by the id of their network, for "release"
---@field network? string the network without addresses, for "network"

---@alias cpi.expunge.answers cpi.expunge.answer|"now"|"release"|"network"|"wait"|"leave"

---@class cpi.expunge.policy
---@field api 1
---@field decide fun(facts: cpi.expunge.facts, default: fun(facts: cpi.expunge.facts): cpi.expunge.answers?, string?): cpi.expunge.answers?, string?

-- ip_conflict: What is done when CloudStack does not give a VM the address that BOSH wants for it.

---@class cpi.ip_conflict.answer
---@field answer "wait"|"expunge"|"move"|"ignore"|"fail" what happens
---@field deadline? number seconds since the deploys began, for "wait": 0 to 172800

---@alias cpi.ip_conflict.answers cpi.ip_conflict.answer|"wait"|"expunge"|"move"|"ignore"|"fail"

---@class cpi.ip_conflict.policy
---@field api 1
---@field decide fun(facts: cpi.ip_conflict.facts, default: fun(facts: cpi.ip_conflict.facts): cpi.ip_conflict.answers?, string?): cpi.ip_conflict.answers?, string?

-- names: What an object is called in CloudStack's user interface, and which tags it carries from its creation on.

---@class cpi.names.answer
---@field display_name string at least one character
---@field tags? table<string, string> tags by their keys

---@alias cpi.names.answers cpi.names.answer

---@class cpi.names.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.names.facts, default: fun(facts: cpi.names.facts): cpi.names.answers?, string?): cpi.names.answers?, string?

-- networks: The order of a VM's NICs, and their MACs. The first NIC is CloudStack's default one, and the one on which a stemcell looks for its metadata. Networks in one network of CloudStack share a NIC, which stands where the first of them does.

---@class cpi.networks.answer
---@field order string[] every name, once
---@field macs? table<string, string> MACs by name

---@alias cpi.networks.answers cpi.networks.answer

---@class cpi.networks.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.networks.facts, default: fun(facts: cpi.networks.facts): cpi.networks.answers?, string?): cpi.networks.answers?, string?

-- affinity: Which affinity groups a VM is in, beside those that its cloud_properties name.

---@class cpi.affinity.answer
---@field name string the group's name
---@field type? string its type, where it has to be made; one of another type that exists is an error

---@alias cpi.affinity.answers cpi.affinity.answer[]|cpi.affinity.answer|"none"

---@class cpi.affinity.policy
---@field api 1
---@field needs? ("counts"|"limits")[] facts that cost a request
---@field decide fun(facts: cpi.affinity.facts, default: fun(facts: cpi.affinity.facts): cpi.affinity.answers?, string?): cpi.affinity.answers?, string?

-- stemcell: How a stemcell becomes a template: uploaded, fetched by CloudStack, copied from another zone, or there already.

---@class cpi.stemcell.answer
---@field how "upload"|"register"|"publish"|"copy"|"existing" what is done
---@field url? string for register: where CloudStack fetches the image
---@field checksum? string|true for register: what CloudStack checks the file against, {SHA-256} and hex; true: the SHA-256 of the stemcell's own image
---@field template? string for copy and existing: name or id
---@field from? string for copy: the zone to copy from; else any that has it
---@field details? table<string, string> details of a new template

---@alias cpi.stemcell.answers cpi.stemcell.answer

---@class cpi.stemcell.policy
---@field api 1
---@field decide fun(facts: cpi.stemcell.facts, default: fun(facts: cpi.stemcell.facts): cpi.stemcell.answers?, string?): cpi.stemcell.answers?, string?

-- retry: Whether a request that CloudStack did not answer well, or a job that failed, is tried again.

---@class cpi.retry.answer
---@field after number seconds until the next try: 0.1 to 600

---@alias cpi.retry.answers cpi.retry.answer|number|false|nil

---@class cpi.retry.policy
---@field api 1
---@field decide fun(facts: cpi.retry.facts, default: fun(facts: cpi.retry.facts): cpi.retry.answers?, string?): cpi.retry.answers?, string?

-- failed_vm: What becomes of a VM whose creation failed.

---@class cpi.failed_vm.answer
---@field keep_for number seconds for which it is kept: 60 to 2592000

---@alias cpi.failed_vm.answers cpi.failed_vm.answer|"destroy"|"keep"

---@class cpi.failed_vm.policy
---@field api 1
---@field decide fun(facts: cpi.failed_vm.facts, default: fun(facts: cpi.failed_vm.facts): cpi.failed_vm.answers?, string?): cpi.failed_vm.answers?, string?

-- What tests call `facts`: of each decision its example, with changes.

---@class cpi.test.facts
---@field vm fun(changes?: table): cpi.vm.facts
---@field disk fun(changes?: table): cpi.disk.facts
---@field service_offering fun(changes?: table): cpi.service_offering.facts
---@field disk_offering fun(changes?: table): cpi.disk_offering.facts
---@field disk_placement fun(changes?: table): cpi.disk_placement.facts
---@field expunge fun(changes?: table): cpi.expunge.facts
---@field ip_conflict fun(changes?: table): cpi.ip_conflict.facts
---@field names fun(changes?: table): cpi.names.facts
---@field networks fun(changes?: table): cpi.networks.facts
---@field affinity fun(changes?: table): cpi.affinity.facts
---@field stemcell fun(changes?: table): cpi.stemcell.facts
---@field retry fun(changes?: table): cpi.retry.facts
---@field failed_vm fun(changes?: table): cpi.failed_vm.facts

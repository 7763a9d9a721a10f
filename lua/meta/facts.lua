---@meta facts
-- Facts of policies, for editors. Written by `make contract` from lua/decisions.
-- luacheck: max_line_length 400

---@class cpi.facts
---@field now? cpi.facts.now the moment, UTC, by the clock of the machine that the CPI runs on

---@class cpi.facts.of_an_instance: cpi.facts
---@field group? string env.bosh.group: the names of director, deployment and instance group, with dashes
---@field deployment? string the deployment, as in env.bosh.groups: lower case, with dashes for underscores
---@field instance_group? string the instance group, written alike
---@field index? integer the instance's index; BOSH does not give it to create_vm, but to what exists
---@field tags? table<string, string> tags of the manifest and the runtime config
---@field policy? table<string, any> policy of the cloud_properties, the site's own keys, which the CPI does not read
---@field counts? cpi.facts.counts what there is of the deployment, for a policy with needs = { "counts" }; absent where the deployment is not known
---@field limits? cpi.facts.limits what the account may have and has, for a policy with needs = { "limits" }: of vms, cpus, ram (MB), volumes, storage (GB of primary storage) and public addresses

---@class cpi.facts.counts
---@field deployment integer VMs of the deployment
---@field cpus integer their CPUs
---@field ram integer their MB
---@field instance_group integer VMs of the instance group
---@field zones table<string, integer> the same by the names of zones
---@field offerings table<string, integer> by the names of service offerings
---@field clusters? table<string, integer> by the names of clusters, those without one too; root admins see them, once there is a VM
---@field hosts? table<string, integer> by the names of hosts; likewise

---@class cpi.facts.limits
---@field allowed table<string, number> how much the account may have; absent where there is no limit
---@field used table<string, number> how much it has
---@field free table<string, number> how much is left; absent where there is no limit

---@class cpi.facts.now
---@field time integer seconds since 1970
---@field year integer such as 2026
---@field month integer 1 to 12
---@field day integer 1 to 31
---@field hour integer 0 to 23
---@field minute integer 0 to 59
---@field second integer 0 to 59
---@field weekday integer 1 (Monday) to 7 (Sunday)

-- vm: Whether a VM may be made as it was ordered, and with which cloud_properties: root disk, key pairs, security groups, load balancers, zones, whatever a manifest may name.

---@class cpi.vm.facts: cpi.facts.of_an_instance
---@field stemcell_cid string the stemcell's CID
---@field cloud_properties table<string, any> the VM's, as the manifest and the cloud config have them; keys in lower case
---@field networks cpi.vm.networks[] BOSH's networks of the VM, in the order of their names
---@field disks string[] CIDs of the persistent disks that it is to have

---@class cpi.vm.networks
---@field name string its name in BOSH
---@field type? string manual, dynamic or vip
---@field ip? string the address wanted
---@field cloud_properties table<string, any> its cloud_properties; keys in lower case

-- disk: Whether a persistent disk may be made as it was ordered, and with which cloud_properties.

---@class cpi.disk.facts: cpi.facts.of_an_instance
---@field verb "create_disk"|"update_disk" what is being done
---@field size integer GB wanted, rounded up
---@field cloud_properties table<string, any> the disk's, as the manifest and the cloud config have them; keys in lower case
---@field disk_cid? string the CID; update_disk only
---@field vm? cpi.disk.vm the VM that the disk is for; create_disk only, where BOSH names one

---@class cpi.disk.vm
---@field name string its CID
---@field zone? string its zone's name
---@field offering? string its service offering

-- service_offering: Which service offerings a VM of a wanted size is tried with.

---@class cpi.service_offering.facts: cpi.facts.of_an_instance
---@field cpu integer CPUs wanted
---@field ram integer MB wanted
---@field zone cpi.service_offering.zone where the VM will be
---@field zones? string[] where the VM may be instead: names or ids, from zones in the cloud_properties, of those not tried yet
---@field refused string[] ids of offerings for which CloudStack had no room in this zone, since this request began
---@field offerings cpi.service_offering.offerings[] every service offering usable in the zone; for calculate_vm_cloud_properties only those that fit cloudstack.calculate.*

---@class cpi.service_offering.zone
---@field id string CloudStack's id
---@field name string its name

---@class cpi.service_offering.offerings: { [string]: any }
---@field id string CloudStack's id
---@field name string its name
---@field cpunumber? integer its CPUs; absent from a customised one
---@field memory? integer its MB; absent from a customised one
---@field iscustomized? boolean does it take whatever size is asked?
---@field serviceofferingdetails? table<string, string> of a customised one, as text: mincpunumber, maxcpunumber, minmemory, maxmemory
---@field hosttags? string the tags that a host must have, with commas
---@field isvolatile? boolean does each reboot give its VMs a new root disk?

-- disk_offering: Which disk offering a disk gets.

---@class cpi.disk_offering.facts: cpi.facts.of_an_instance
---@field kind "persistent"|"ephemeral" what the disk is for
---@field size integer GB wanted, rounded up
---@field wanted? string the name that the configuration has for this kind (cloudstack.default_offer.disk, .ephemeral_disk)
---@field fallback? string the name of the configured customised offering (cloudstack.default_offer.custom_disk)
---@field current? string id of the offering that the disk has; resize_disk and update_disk only
---@field custom_least? integer the least GB of a customised disk here, where it is known
---@field custom_most? integer the most
---@field zone cpi.disk_offering.zone where the disk will be
---@field vm? cpi.disk_offering.vm the VM that the disk is for; create_disk only, where BOSH names one
---@field offerings cpi.disk_offering.offerings[] every disk offering usable in the zone

---@class cpi.disk_offering.zone
---@field id string CloudStack's id
---@field name string its name

---@class cpi.disk_offering.vm
---@field name string its CID
---@field offering? string its service offering
---@field storage? "shared"|"local" where that offering has the VM's own disks
---@field host? string the host that it runs on; root admins see it

---@class cpi.disk_offering.offerings: { [string]: any }
---@field id string CloudStack's id
---@field name string its name
---@field disksize? integer its GB; 0 or absent for a customised one
---@field iscustomized? boolean does it take whatever size is asked?
---@field storagetype? string "shared" or "local"
---@field tags? string the tags that a storage pool must have, with commas

-- disk_placement: Where a VM goes that is to have disks, and what becomes of a disk that its VM does not reach: a local disk is reached from one host only, others from the hosts of a cluster or of a zone.

---@class cpi.disk_placement.facts: cpi.facts.of_an_instance
---@field verb "create_vm"|"attach_disk" what is being done
---@field sees_storage boolean does the account see pools and hosts? Root admins do, and only they may name a host and move a disk
---@field zone cpi.disk_placement.zone where the VM would be, or is
---@field zone_named boolean does the manifest name that zone and no other?
---@field vm? cpi.disk_placement.vm the VM that gets the disk; attach_disk only
---@field disks cpi.disk_placement.disks[] the disks that the VM is to have
---@field hosts cpi.disk_placement.hosts[] the hosts that there are; empty where they are not seen, or no disk is tied to some
---@field pools cpi.disk_placement.pools[] attach_disk, for a disk on another host than the VM's: the pools that it may be moved to

---@class cpi.disk_placement.zone
---@field id string CloudStack's id
---@field name string its name

---@class cpi.disk_placement.vm
---@field name string its CID
---@field state string CloudStack's word
---@field host? string its host's name; root admins see it while the VM runs
---@field host_id? string its host
---@field cluster? string its cluster's name; where the disk is reached from one host or cluster only
---@field cluster_id? string its cluster

---@class cpi.disk_placement.disks
---@field cid string the CID
---@field id string CloudStack's id
---@field size integer GB
---@field state string CloudStack's word; Allocated while the disk lies nowhere
---@field zone_id string its zone
---@field zone? string its zone's name
---@field offering? string its disk offering's name
---@field storage? "shared"|"local" its kind of storage; a user sees the offering's, and in create_vm only
---@field scope? "host"|"cluster"|"zone" from where its pool is reached; absent while it lies nowhere or is not seen
---@field pool? string its pool's name, where it is seen
---@field pool_id? string its pool
---@field host? string the name of the host of a local pool
---@field host_id? string that host
---@field cluster? string the name of its pool's cluster
---@field cluster_id? string that cluster

---@class cpi.disk_placement.hosts
---@field id string CloudStack's id
---@field name string its name
---@field cluster? string its cluster's name
---@field cluster_id? string its cluster
---@field state? string Up, Down, ...
---@field tags? string its tags, with commas

---@class cpi.disk_placement.pools
---@field id string CloudStack's id
---@field name string its name
---@field scope "host"|"cluster"|"zone" from where it is reached
---@field host_id? string the host of a local pool
---@field host? string that host's name
---@field cluster_id? string its cluster
---@field tags? string its tags, with commas
---@field free integer GB that it may still promise
---@field suitable boolean is it up, and of the kind and with the tags that the disk's offering asks for?

-- expunge: How a VM leaves. CloudStack keeps address and name of a destroyed VM until it expunges it, and only some accounts may ask for that.

---@class cpi.expunge.facts: cpi.facts.of_an_instance
---@field vm cpi.expunge.vm the VM
---@field addresses cpi.expunge.addresses[] one per NIC
---@field parking_network? string cloudstack.parking.network of the configuration, where it is set
---@field may_expunge boolean may this account expunge?
---@field wanted boolean cloudstack.expunge_vm of the configuration
---@field version string CloudStack's version

---@class cpi.expunge.vm
---@field id string CloudStack's id
---@field name string its CID
---@field state string CloudStack's word: Running, Stopped, Error, ...
---@field zone? string the zone's name

---@class cpi.expunge.addresses
---@field address? string the address
---@field network? string the network's name in CloudStack
---@field network_id string its id
---@field parking? string[] where cloudstack.parking.ranges has the network's addresses go

-- ip_conflict: What is done when CloudStack does not give a VM the address that BOSH wants for it.

---@class cpi.ip_conflict.facts: cpi.facts.of_an_instance
---@field address string the address
---@field network cpi.ip_conflict.network the network in CloudStack
---@field in_range boolean can a VM have that address there: inside the network, and not its gateway?
---@field holder? cpi.ip_conflict.holder the VM that has it; absent when the account sees none, as a user does not see a destroyed one
---@field parked? cpi.ip_conflict.parked the VM that a delete_vm parked on the address, as the store has it noted
---@field may_expunge boolean may this account expunge?
---@field wanted boolean cloudstack.expunge_vm of the configuration
---@field attempt integer 1 after the first refused deploy
---@field elapsed number seconds since the deploys began

---@class cpi.ip_conflict.network
---@field id string CloudStack's id
---@field name string its name
---@field cidr? string its addresses

---@class cpi.ip_conflict.holder
---@field id string CloudStack's id
---@field name string its name: a CID, if it is BOSH's
---@field state string CloudStack's word: Running, Destroyed, Error, ...
---@field since? string when it last changed, as CloudStack writes dates
---@field ours boolean was it made by this director?
---@field own boolean is it a VM of this very create_vm, from a try that failed? It is removed, and keeps the address until CloudStack expunges it
---@field leaving boolean will it give the address back by itself: is it being started, stopped or expunged?
---@field expunges boolean can it be expunged as it is?
---@field movable boolean was it parked there by a delete_vm that did not come to its end, and is it stopped?

---@class cpi.ip_conflict.parked
---@field name string its CID
---@field since integer seconds since 1970

-- names: What an object is called in CloudStack's user interface, and which tags it carries from its creation on.

---@class cpi.names.facts: cpi.facts.of_an_instance
---@field kind "vm"|"disk"|"ephemeral-disk"|"stemcell"|"snapshot"|"network" what it is
---@field cid string the CID; for an ephemeral disk the name that CloudStack gave it, for a snapshot the name that it gets
---@field director string director.name of the configuration; "" when not configured
---@field director_uuid? string as the request's context has it
---@field agent_id? string VMs only
---@field vm_cid? string the VM of an ephemeral disk
---@field stemcell_name? string stemcells only
---@field stemcell_version? string stemcells only

-- networks: The order of a VM's NICs, and their MACs. The first NIC is CloudStack's default one, and the one on which a stemcell looks for its metadata. Networks in one network of CloudStack share a NIC, which stands where the first of them does.

---@class cpi.networks.facts: cpi.facts.of_an_instance
---@field networks cpi.networks.networks[] in the order of the names

---@class cpi.networks.networks
---@field name string the network's name in BOSH
---@field kind "manual"|"dynamic" its type in BOSH
---@field ip? string the address wanted, manual networks only
---@field family? integer 4 or 6
---@field prefix? integer the bits of its block of addresses: 32, or 128 for IPv6, is one address
---@field nic_group? string BOSH's name of the NIC
---@field undiscoverable boolean the cloud property of that name
---@field gateway boolean is this network BOSH's default for the gateway?
---@field dns boolean is this network BOSH's default for DNS?
---@field fresh_mac string a random MAC that may be used; those that share a NIC have the same
---@field network cpi.networks.network the network in CloudStack

---@class cpi.networks.network
---@field id string CloudStack's id
---@field name string its name
---@field type? string Isolated or Shared
---@field serves_metadata boolean does it offer the service UserData?

-- affinity: Which affinity groups a VM is in, beside those that its cloud_properties name.

---@class cpi.affinity.facts: cpi.facts.of_an_instance
---@field names string[] affinity_group of the cloud_properties; the VM is in these in any case
---@field type? string affinity_group_type of the cloud_properties
---@field auto? string the name of the group that all VMs of the instance group share, where cloudstack.enable_auto_anti_affinity is true
---@field auto_type string cloudstack.auto_anti_affinity_type
---@field groups cpi.affinity.groups[] the groups that there are; looked up only when names or auto asks for one, so it may be empty or have just that one

---@class cpi.affinity.groups
---@field id string CloudStack's id
---@field name string its name
---@field type string its type
---@field vms integer how many VMs are in it, destroyed ones included

-- stemcell: How a stemcell becomes a template: uploaded, fetched by CloudStack, copied from another zone, or there already.

---@class cpi.stemcell.facts: cpi.facts
---@field name? string the stemcell's name
---@field version? string its version
---@field format string QCOW2, RAW, VHD or OVA, read from the image
---@field hypervisor string CloudStack's word: KVM, XenServer, VMware, Simulator
---@field size integer bytes of the image file
---@field director_uuid? string as the request's context has it
---@field cloud_properties cpi.stemcell.cloud_properties the stemcell's, keys in lower case
---@field zone cpi.stemcell.zone where the template is wanted first
---@field more_zones cpi.stemcell.more_zones[] where it is wanted besides (cloudstack.stemcell.zones)
---@field templates cpi.stemcell.templates[] the account's templates that were made for a stemcell of this name and version, of this very image; a row per zone

---@class cpi.stemcell.cloud_properties: { [string]: any }

---@class cpi.stemcell.zone
---@field id string CloudStack's id
---@field name string its name

---@class cpi.stemcell.more_zones
---@field id string CloudStack's id
---@field name string its name

---@class cpi.stemcell.templates
---@field id string CloudStack's id
---@field name string its name: the CID of the stemcell that it was made for
---@field zone_id string the zone of this row
---@field ready boolean can VMs be made of it there?
---@field director_uuid? string the director that it was made for
---@field stemcell? string name and version, with a slash

-- retry: Whether a request that CloudStack did not answer well, or a job that failed, is tried again.

---@class cpi.retry.facts: cpi.facts
---@field command string CloudStack's command
---@field reading boolean does the command only read?
---@field kind "transport"|"garbled"|"elsewhere"|"busy"|"failed" no answer; an answer that is not CloudStack's to that command; the same, said on purpose: a redirect, a page, a path that is not known; not now: too much to do, or something else is under way; it failed, in words that the CPI does not know
---@field class? "passing"|"unknown" what CloudStack's own words mean; absent where it has said nothing
---@field meaning? string for "passing": which words they were, a name of lua/cloudstack/refusals.lua such as "database_is_busy", "other_operation", "other_snapshot", "later"
---@field job? boolean true where a job failed, absent where a request was refused
---@field fault? string for "transport": "resolve", "connect", "tls", "timeout", "closed", "toolarge", "other"
---@field status? integer the HTTP status
---@field code? integer CloudStack's error code
---@field text string what was said
---@field wanted? number the seconds that CloudStack asked us to wait
---@field attempt integer 1 after the first try
---@field elapsed number seconds since the first try began
---@field limit? number of a job: the seconds that all tries of it may take (cloudstack.timeout)

-- failed_vm: What becomes of a VM whose creation failed.

---@class cpi.failed_vm.facts: cpi.facts.of_an_instance
---@field vm cpi.failed_vm.vm the VM that is left
---@field error cpi.failed_vm.error why it failed
---@field attempt integer 1 for the first start, 2 for the next, ...

---@class cpi.failed_vm.vm
---@field id string CloudStack's id
---@field name string its CID
---@field state string CloudStack's word: Error, Stopped, ...

---@class cpi.failed_vm.error
---@field text string CloudStack's words
---@field code? integer its code, where there is one
---@field kind string "job" (the job failed), "killed" (it ended without saying how), "vanished" (CloudStack forgot it), "late" (its deadline passed), "lost" (nobody knows) or "refused"

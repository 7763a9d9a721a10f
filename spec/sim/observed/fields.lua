-- The fields that a 4.23 management server shows of each kind of object, with their JSON types
-- (s string, i integer, b boolean, a array, o object). `always` was there in every answer of that kind,
-- `sometimes` in some, `never` is what a normal user is not shown.
local fields = {}

local function join(...)
  return table.concat({ ... }, " ")
end

-- Virtual machines -----------------------------------------------------------------------------------------

local OWNER = "account:s domainid:s domain:s domainpath:s"

local VM_SLIM = [[
  id:s name:s displayname:s userid:s username:s created:s state:s haenable:b zoneid:s zonename:s guestosid:s
  securitygroup:a nic:a hypervisor:s details:o affinitygroup:a isdynamicallyscalable:b deleteprotection:b
  ostypeid:s osdisplayname:s receivedbytes:i sentbytes:i tags:a hasannotations:b ]] .. OWNER

local VM = VM_SLIM .. [[
  templateid:s templatename:s templatetype:s templateformat:s templatedisplaytext:s passwordenabled:b isos:a
  isomaxcount:i serviceofferingid:s serviceofferingname:s cpunumber:i cpuspeed:i memory:i]]

local VM_PLACED = "rootdeviceid:i rootdevicetype:s ipaddress:s"
local VM_RAN = "lastupdated:s pooltype:s"
local VM_USER = "readonlydetails:s"
local VM_ADMIN = "instancename:s displayvm:b arch:s"
local VM_USER_NEVER = "instancename displayvm arch hostid hostname"
local VM_SOMETIMES = [[
  keypairs:s diskofferingid:s diskofferingname:s bootmode:s boottype:s cpuused:s networkkbsread:i
  networkkbswrite:i diskkbsread:i diskkbswrite:i memorykbs:i memoryintfreekbs:i memorytargetkbs:i diskioread:i
  diskiowrite:i publicipid:s publicip:s userdataid:s userdataname:s group:s groupid:s]]
local JOB = "jobid:s jobstatus:i"

fields.vm_running_user = {
  always = join(VM, VM_PLACED, VM_RAN, VM_USER, "hostcontrolstate:s"), sometimes = VM_SOMETIMES,
  never = VM_USER_NEVER,
}
fields.vm_running_admin = {
  always = join(VM, VM_PLACED, VM_RAN, VM_ADMIN, "hostid:s hostname:s hostcontrolstate:s"), sometimes = VM_SOMETIMES,
  never = "readonlydetails",
}
fields.vm_stopped_user = {
  always = join(VM, VM_PLACED, VM_USER), sometimes = join(VM_SOMETIMES, VM_RAN, "hostcontrolstate:s"),
  never = VM_USER_NEVER,
}
fields.vm_stopped_admin = {
  always = join(VM, VM_PLACED, VM_ADMIN),
  sometimes = join(VM_SOMETIMES, VM_RAN, "hostid:s hostname:s hostcontrolstate:s"), never = "readonlydetails",
}
fields.vm_destroyed_user = {
  always = join(VM, VM_PLACED, VM_RAN, VM_USER), sometimes = VM_SOMETIMES,
  never = join(VM_USER_NEVER, "hostcontrolstate"),
}
fields.vm_destroyed_admin = {
  always = join(VM, VM_PLACED, VM_RAN, VM_ADMIN), sometimes = VM_SOMETIMES,
  never = "readonlydetails hostid hostname hostcontrolstate",
}
fields.vm_error_user = {
  always = join(VM, VM_USER, "lastupdated:s"), sometimes = join(VM_SOMETIMES, VM_PLACED, "pooltype:s"),
  never = join(VM_USER_NEVER, "hostcontrolstate"),
}
fields.vm_error_admin = {
  always = join(VM, VM_ADMIN, "lastupdated:s"), sometimes = join(VM_SOMETIMES, VM_PLACED, "pooltype:s"),
  never = "readonlydetails hostid hostname hostcontrolstate",
}
-- What the job of a VM command carries: the VM as listed, and the job itself as if it were still pending.
fields.vm_job_running_user = {
  always = join(VM, VM_PLACED, VM_RAN, VM_USER, "hostcontrolstate:s", JOB), sometimes = VM_SOMETIMES,
  never = VM_USER_NEVER,
}
fields.vm_job_running_admin = {
  always = join(VM, VM_PLACED, VM_RAN, VM_ADMIN, "hostid:s hostname:s hostcontrolstate:s", JOB),
  sometimes = VM_SOMETIMES, never = "readonlydetails",
}
fields.vm_job_unstarted_user = {
  always = join(VM, VM_PLACED, VM_USER, JOB), sometimes = VM_SOMETIMES, never = VM_USER_NEVER,
}
fields.vm_job_stopped_user = {
  always = join(VM, VM_PLACED, VM_RAN, VM_USER, JOB), sometimes = VM_SOMETIMES, never = VM_USER_NEVER,
}
-- updateVmNicIp answers without template and offering, and without the job.
fields.vm_nic_ip_user = {
  always = join(VM_SLIM, VM_RAN, VM_USER, "ipaddress:s"), sometimes = VM_SOMETIMES,
  never = join(VM_USER_NEVER, "templateid serviceofferingid cpunumber memory rootdeviceid"),
}
fields.vm_min_user = {
  always = join(VM_SLIM, VM_RAN, VM_USER, "hostcontrolstate:s"), sometimes = VM_SOMETIMES,
  never = join(VM_USER_NEVER, "templateid serviceofferingid cpunumber memory rootdeviceid ipaddress"),
}
-- An expunged VM is hardly an object any more.
fields.vm_gone = {
  always = "securitygroup:a nic:a affinitygroup:a deleteprotection:b tags:a", never = "id name state",
}

local NIC = [[
  id:s networkid:s networkname:s netmask:s gateway:s ipaddress:s traffictype:s type:s isdefault:b macaddress:s
  extradhcpoption:a deviceid:s enabled:b]]
local VLAN = "isolationuri:s broadcasturi:s"

fields.vm_nic = { always = join(NIC, "secondaryip:a"), sometimes = join(VLAN, "publicipid:s publicip:s") }
fields.vm_nic_running = { always = join(NIC, VLAN, "secondaryip:a"), sometimes = "publicipid:s publicip:s" }
fields.vm_nic_stopped = {
  always = join(NIC, "secondaryip:a"), never = "isolationuri broadcasturi",
}
fields.nic = { always = join(NIC, "virtualmachineid:s"), sometimes = VLAN, never = "secondaryip" }

-- Volumes --------------------------------------------------------------------------------------------------

local VOLUME = [[
  id:s name:s zoneid:s zonename:s type:s provisioningtype:s size:i created:s state:s destroyed:b isextractable:b
  quiescevm:b supportsstoragesnapshot:b deleteprotection:b tags:a hasannotations:b ]] .. OWNER
local DISK = "diskofferingid:s diskofferingname:s diskofferingdisplaytext:s"
local ROOT = [[
  templateid:s templatename:s templatedisplaytext:s serviceofferingid:s serviceofferingname:s
  serviceofferingdisplaytext:s]]
local ATTACHED = "deviceid:i virtualmachineid:s vmname:s vmdisplayname:s vmstate:s vmtype:s"
local IO = "diskkbsread:i diskkbswrite:i diskioread:i diskiowrite:i"
local VOLUME_ADMIN = "storagetype:s hypervisor:s displayvolume:b"
local POOL = "storage:s path:s storageid:s clusterid:s clustername:s podid:s podname:s"
local VOLUME_USER_NEVER = [[
  storagetype hypervisor displayvolume storage path storageid clusterid clustername podid podname]]
local DETACHED_NEVER = "deviceid virtualmachineid vmname vmdisplayname vmstate vmtype attached"

fields.volume_detached_user = {
  always = join(VOLUME, DISK), sometimes = JOB, never = join(VOLUME_USER_NEVER, DETACHED_NEVER),
}
fields.volume_allocated_admin = {
  always = join(VOLUME, DISK, VOLUME_ADMIN), sometimes = JOB,
  never = join(DETACHED_NEVER, "storage path storageid clusterid clustername podid podname"),
}
fields.volume_ready_admin = {
  always = join(VOLUME, DISK, VOLUME_ADMIN, POOL), sometimes = JOB, never = DETACHED_NEVER,
}
fields.volume_attached_user = {
  always = join(VOLUME, DISK, ATTACHED, IO), sometimes = join("attached:s", JOB), never = VOLUME_USER_NEVER,
}
fields.volume_attached_admin = {
  always = join(VOLUME, DISK, ATTACHED, IO, VOLUME_ADMIN, POOL, "attached:s"), sometimes = JOB,
}
fields.volume_root_user = {
  always = join(VOLUME, ROOT, ATTACHED, IO), sometimes = "attached:s",
  never = join(VOLUME_USER_NEVER, "diskofferingid diskofferingname"),
}
fields.volume_root_admin = {
  always = join(VOLUME, ROOT, ATTACHED, IO, VOLUME_ADMIN, POOL), sometimes = "attached:s", never = "diskofferingid",
}
fields.volume_root_unplaced_user = {
  always = join(VOLUME, ROOT, ATTACHED), never = join(VOLUME_USER_NEVER, "attached diskofferingid diskkbsread"),
}
fields.volume_created_user = {
  always = join(VOLUME, DISK, JOB), sometimes = "snapshotid:s", never = join(VOLUME_USER_NEVER, DETACHED_NEVER),
}
fields.volume_attach_job_user = {
  always = join(VOLUME, DISK, ATTACHED, IO, "attached:s"), sometimes = JOB, never = VOLUME_USER_NEVER,
}
fields.volume_job_user = {
  always = join(VOLUME, DISK, JOB), never = join(VOLUME_USER_NEVER, DETACHED_NEVER),
}
-- recoverVolume shows a user where the volume lies, unlike every list.
fields.volume_recovered_user = {
  always = join(VOLUME, DISK, "storagetype:s hypervisor:s", POOL), never = join(DETACHED_NEVER, "displayvolume"),
}

-- Templates, zones, offerings, networks ----------------------------------------------------------------------

local TEMPLATE = [[
  id:s name:s displaytext:s ispublic:b created:s isready:b passwordenabled:b format:s isfeatured:b crossZones:b
  ostypeid:s ostypename:s zoneid:s zonename:s templatetype:s hypervisor:s isextractable:b details:o
  downloaddetails:a arch:s bits:i sshkeyenabled:b isdynamicallyscalable:b directdownload:b deployasis:b forcks:b
  requireshvm:b tags:a hasannotations:b ]] .. OWNER

fields.template_builtin_user = {
  always = join(TEMPLATE, "size:i physicalsize:i checksum:s"), never = "status url",
}
fields.template_builtin_admin = {
  always = join(TEMPLATE, "size:i physicalsize:i checksum:s status:s url:s"),
}
fields.template_registered_user = {
  always = join(TEMPLATE, "status:s size:i physicalsize:i url:s"), sometimes = "checksum:s",
}
fields.template_uploading_user = {
  always = join(TEMPLATE, "status:s"), never = "size physicalsize url",
}
fields.download_user = {
  always = "downloadState:s datastore:s downloadPercent:s", never = "datastoreRole datastoreId",
}
fields.download_admin = {
  always = "downloadState:s datastore:s datastoreRole:s downloadPercent:s datastoreId:s",
}
fields.upload = {
  always = "id:s postURL:s metadata:s expires:s signature:s",
}

local ZONE = [[
  id:s name:s networktype:s securitygroupsenabled:b gputotal:i gpuused:i allocationstate:s zonetoken:s
  dhcpprovider:s localstorageenabled:b tags:a allowuserspecifyvrmtu:b routerprivateinterfacemaxmtu:i
  routerpublicinterfacemaxmtu:i type:s isnsxenabled:b ismultiarch:b asnrange:s routedmodeenabled:b
  hasannotations:b]]
fields.zone_user = { always = ZONE, never = "dns1 internaldns1 guestcidraddress" }
fields.zone_admin = { always = join(ZONE, "dns1:s internaldns1:s guestcidraddress:s") }

fields.service_offering = {
  always = [[
  id:s name:s state:s displaytext:s cpunumber:i cpuspeed:i memory:i created:s storagetype:s provisioningtype:s
  offerha:b limitcpuuse:b isvolatile:b issystem:b defaultuse:b iscustomized:b rootdisksize:i
  dynamicscalingenabled:b diskofferingstrictness:b diskofferingid:s diskofferingname:s diskofferingdisplaytext:s
  encryptroot:b hasannotations:b]],
  sometimes = "gpudisplay:b",
}
fields.disk_offering = {
  always = [[
  id:s name:s state:s displaytext:s disksize:i created:s iscustomized:b storagetype:s provisioningtype:s
  displayoffering:b disksizestrictness:b encrypt:b hasannotations:b]],
}
local NETWORK = [[
  id:s name:s displaytext:s broadcastdomaintype:s traffictype:s gateway:s netmask:s cidr:s zoneid:s zonename:s
  networkofferingid:s networkofferingname:s networkofferingdisplaytext:s networkofferingconservemode:b
  networkofferingavailability:s issystem:b state:s related:s dns1:s type:s acltype:s domainid:s domain:s
  domainpath:s service:a networkdomain:s physicalnetworkid:s restartrequired:b specifyvlan:b specifyipranges:b
  canusefordeploy:b ispersistent:b tags:a strechedl2subnet:b redundantrouter:b supportsvmautoscaling:b created:s
  receivedbytes:i sentbytes:i publicmtu:i privatemtu:i hasannotations:b]]
fields.network_isolated_user = {
  always = join(NETWORK, "account:s egressdefaultpolicy:b"), never = "subdomainaccess",
}
fields.network_shared_user = {
  always = join(NETWORK, "subdomainaccess:b"), never = "account egressdefaultpolicy",
}
fields.network_service = { always = "name:s", sometimes = "provider:a capability:a" }

fields.os_type = {
  always = "id:s oscategoryid:s oscategoryname:s name:s description:s isuserdefined:b fordisplay:b",
}

local CAPABILITY = [[
  securitygroupsenabled:b dynamicrolesenabled:b cloudstackversion:s userpublictemplateenabled:b supportELB:s
  projectinviterequired:b allowusercreateprojects:b customdiskofferingminsize:i customdiskofferingmaxsize:i
  regionsecondaryenabled:b kvmsnapshotenabled:b snapshotshowchainsize:b allowuserviewdestroyedvm:b
  allowuserexpungerecovervm:b allowuserexpungerecovervolume:b allowuserviewalldomainaccounts:b
  allowuserforcestopvm:b kubernetesserviceenabled:b kubernetesclusterexperimentalfeaturesenabled:b
  customhypervisordisplayname:s defaultuipagesize:i instancesstatsretentiontime:i instancesstatsuseronly:b
  instancesdisksstatsretentionenabled:b instancesdisksstatsretentiontime:i sharedfsvmmincpucount:i
  sharedfsvmminramsize:i instanceleaseenabled:b dynamicscalingenabled:b additionalconfigenabled:b]]
fields.capability_user = { always = CAPABILITY, never = "extensionspath" }
fields.capability_admin = { always = join(CAPABILITY, "extensionspath:s") }

-- Tags, keys, jobs -------------------------------------------------------------------------------------------

local TAG = "key:s value:s resourcetype:s resourceid:s account:s domainid:s domain:s"
fields.tag_listed = { always = join(TAG, "domainpath:s") }
fields.tag_inside = { always = TAG, never = "domainpath" }
fields.keypair = {
  always = "id:s name:s account:s domainid:s domain:s fingerprint:s hasannotations:b", never = "privatekey publickey",
}

local JOB_BASE = [[
  accountid:s account:s domainid:s domainpath:s userid:s cmd:s jobprocstatus:i jobresultcode:i created:s jobid:s
  jobstatus:i]]
local INSTANCE = "jobinstancetype:s jobinstanceid:s"
fields.job_pending = {
  always = join(JOB_BASE, "managementserverid:s managementservername:s"), sometimes = INSTANCE,
  never = "jobresult jobresulttype completed",
}
fields.job_done = {
  always = join(JOB_BASE, "jobresulttype:s jobresult:o completed:s"), sometimes = INSTANCE,
  never = "managementserverid managementservername",
}
fields.job_killed = {
  always = join(JOB_BASE, "completed:s"),
  sometimes = join(INSTANCE, "managementserverid:s managementservername:s"), never = "jobresult jobresulttype",
}
fields.job_error = { always = "errorcode:i errortext:s", never = "cserrorcode uuidList" }

fields.started = { always = "jobid:s" }
fields.created = { always = "id:s jobid:s" }
fields.success = { always = "success:b" }

return fields

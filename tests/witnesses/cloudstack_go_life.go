// A VM's life by cloudstack-go: cloudstack_go_life ENDPOINT KEY SECRET
package main

import (
	"fmt"
	"os"

	"github.com/apache/cloudstack-go/v2/cloudstack"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func check(holds bool, what string) {
	if !holds {
		must(fmt.Errorf("is not so"), what)
	}
}

func main() {
	cloud := cloudstack.NewAsyncClient(os.Args[1], os.Args[2], os.Args[3], false)
	zone, _, err := cloud.Zone.GetZoneByName("zone1")
	must(err, "the zone")
	offering, _, err := cloud.ServiceOffering.GetServiceOfferingByName("shared.small")
	must(err, "the offering")
	templates, err := cloud.Template.ListTemplates(cloud.Template.NewListTemplatesParams("executable"))
	must(err, "the templates")
	network, _, err := cloud.Network.GetNetworkByName("bosh-net")
	must(err, "the network")

	deploy := cloud.VirtualMachine.NewDeployVirtualMachineParams(offering.Id, templates.Templates[0].Id, zone.Id)
	deploy.SetName("go-vm")
	deploy.SetNetworkids([]string{network.Id})
	vm, err := cloud.VirtualMachine.DeployVirtualMachine(deploy)
	must(err, "the deploy")
	check(vm.State == "Running" && len(vm.Nic) == 1, "the VM runs with one NIC")
	_, err = cloud.Resourcetags.CreateTags(cloud.Resourcetags.NewCreateTagsParams([]string{vm.Id}, "UserVm", map[string]string{"life": "go"}))
	must(err, "the tag")
	found, count, err := cloud.VirtualMachine.GetVirtualMachineByID(vm.Id)
	must(err, "the VM by id")
	check(count == 1 && len(found.Tags) == 1 && found.Tags[0].Value == "go", "the VM has its tag")

	disks, _, err := cloud.DiskOffering.GetDiskOfferingByName("shared.custom")
	must(err, "the disk offering")
	create := cloud.Volume.NewCreateVolumeParams()
	create.SetName("go-disk")
	create.SetZoneid(zone.Id)
	create.SetDiskofferingid(disks.Id)
	create.SetSize(3)
	volume, err := cloud.Volume.CreateVolume(create)
	must(err, "the disk")
	_, err = cloud.Volume.AttachVolume(cloud.Volume.NewAttachVolumeParams(volume.Id, vm.Id))
	must(err, "the attach")
	snapshot, err := cloud.Snapshot.CreateSnapshot(cloud.Snapshot.NewCreateSnapshotParams(volume.Id))
	must(err, "the snapshot")
	_, err = cloud.Snapshot.DeleteSnapshot(cloud.Snapshot.NewDeleteSnapshotParams(snapshot.Id))
	must(err, "the end of the snapshot")
	detach := cloud.Volume.NewDetachVolumeParams()
	detach.SetId(volume.Id)
	_, err = cloud.Volume.DetachVolume(detach)
	must(err, "the detach")
	_, err = cloud.Volume.DeleteVolume(cloud.Volume.NewDeleteVolumeParams(volume.Id))
	must(err, "the end of the disk")

	_, err = cloud.VirtualMachine.RebootVirtualMachine(cloud.VirtualMachine.NewRebootVirtualMachineParams(vm.Id))
	must(err, "the reboot")
	_, err = cloud.VirtualMachine.StopVirtualMachine(cloud.VirtualMachine.NewStopVirtualMachineParams(vm.Id))
	must(err, "the stop")
	_, err = cloud.VirtualMachine.DestroyVirtualMachine(cloud.VirtualMachine.NewDestroyVirtualMachineParams(vm.Id))
	must(err, "the destroy")
	_, count, _ = cloud.VirtualMachine.GetVirtualMachineByID(vm.Id)
	check(count <= 0, "the VM is gone")
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The table. Texts of U-Boot 2023.01 to 2024.10 and of Rockchip's 2017.09; the specific
 * before the general, for the first hit counts. */
#include "parse/loader_fault.h"

#include "util/compiler.h"

#define NETWORK LOADER_NETWORK
#define SERVER LOADER_SERVER
#define FILE_ LOADER_FILE
#define BOARD LOADER_BOARD

#define PASSES LOADER_MAY_PASS
#define STAYS LOADER_STAYS
#define CRASHES LOADER_CRASHES
#define HANGS LOADER_HANGS

/* clang-format off */
const struct loader_fault loader_faults[] = {
	/* no packet gets there */
	{ "ARP Retry count exceeded", NETWORK, PASSES, "the server's address does not answer: cable, switch, VLAN or a wrong serverip", "net/arp.c" },
	{ "Retry time exceeded", NETWORK, PASSES, "no DHCP server answers on the board's network", "net/bootp.c" },
	{ "No ethernet found", BOARD, STAYS, "U-Boot has no driver for the board's network port, or did not start its bus (pci enum, usb start)", "net/eth-uclass.c" },
	{ "Could not initialize PHY", NETWORK, PASSES, "the network port has no link: cable or switch", "drivers/net/phy/phy.c" },
	{ "PHY auto-negotiation to complete", NETWORK, PASSES, "the network port waits for a link: cable or switch", "drivers/net/phy/phy.c" },
	{ ": No link", NETWORK, PASSES, "the network port has no link: cable or switch", "drivers/net" },
	{ "`serverip' not set", NETWORK, STAYS, "neither DHCP nor the board file told U-Boot its server", "net/net.c" },
	{ "`ipaddr' not set", NETWORK, STAYS, "neither DHCP nor the board file told U-Boot its address", "net/net.c" },
	{ "ethaddr not set", BOARD, STAYS, "the board has no MAC address; expected setenv ethaddr in setup", "net/eth-uclass.c" },
	{ "address not set.", BOARD, STAYS, "the board has no MAC address; expected setenv ethaddr in setup", "net/eth-uclass.c" },
	/* the server */
	{ "TFTP error: 'File not found'", SERVER, PASSES, "the TFTP server does not have that file: another root or subdirectory than tftp.root", "net/tftp.c" },
	{ "TFTP error: 'Access violation'", SERVER, PASSES, "the TFTP server may not read that file", "net/tftp.c" },
	{ "TFTP error: trying to overwrite reserved memory", BOARD, STAYS, "the load address meets U-Boot's own memory: the addresses in its environment", "net/tftp.c" },
	{ "TFTP error:", SERVER, PASSES, "the TFTP server refuses", "net/tftp.c" },
	{ "File not found (", SERVER, PASSES, "the TFTP server does not have that file", "net/tftp.c" },
	{ "Retry count exceeded", SERVER, PASSES, "the TFTP server stopped to answer", "net/net.c" },
	{ "First block is not block 1", SERVER, PASSES, "the TFTP server sends blocks out of order", "net/tftp.c" },
	{ "Error reading config file", SERVER, STAYS, "the pxelinux file could not be read", "cmd/pxe.c" },
	{ "Config file not found", SERVER, STAYS, "the TFTP server has no pxelinux file for this board", "cmd/pxe.c" },
	/* what was loaded */
	{ "Bad Linux ARM64 Image magic!", FILE_, STAYS, "the file is no arm64 Image", "arch/arm/lib/image.c" },
	{ "Bad Linux ARM Image magic!", FILE_, STAYS, "the file is no arm zImage", "arch/arm/lib/zimage.c" },
	{ "Bad Linux zImage magic", FILE_, STAYS, "the file is no arm zImage", "arch/arm/lib/zimage.c" },
	{ "Bad Linux RISCV Image magic!", FILE_, STAYS, "the file is no RISC-V Image", "arch/riscv/lib/image.c" },
	{ "Bad Header Checksum", FILE_, STAYS, "a uImage with a damaged header", "boot/bootm.c" },
	{ "Bad Magic Number", FILE_, STAYS, "the file is no uImage", "boot/bootm.c" },
	{ "Bad header crc", FILE_, STAYS, "a script with a damaged header", "cmd/source.c" },
	{ "Bad data crc", FILE_, STAYS, "a script whose bytes changed on the way", "cmd/source.c" },
	{ "Bad Data CRC", FILE_, STAYS, "a uImage whose bytes changed on the way", "boot/image-board.c" },
	{ "Bad Data Hash", FILE_, STAYS, "a FIT whose bytes changed on the way", "boot/image-fit.c" },
	{ "Bad hash value", FILE_, STAYS, "a FIT whose bytes changed on the way", "boot/image-fit.c" },
	{ "Bad FIT ", FILE_, STAYS, "a FIT that is damaged or lacks a part", "boot/image-fit.c" },
	{ "Verifying Checksum ... Bad", FILE_, STAYS, "a uImage whose bytes changed on the way", "boot/bootm.c" },
	{ "Wrong Ramdisk Image Format", FILE_, STAYS, "the ramdisk is no uImage and was loaded without its size", "boot/image-board.c" },
	{ "Ramdisk image is corrupt or invalid", FILE_, STAYS, "the ramdisk cannot be used", "boot/image-board.c" },
	{ "Wrong Image Format for", FILE_, STAYS, "the kernel's format does not fit the boot command", "boot/bootm.c" },
	{ "Wrong image format for", FILE_, STAYS, "the script has no script header", "cmd/source.c" },
	{ "Wrong Image Type for", FILE_, STAYS, "the uImage is of another type than the boot command wants", "boot/bootm.c" },
	{ "Unsupported Architecture", FILE_, STAYS, "the uImage is for another processor", "boot/image-board.c" },
	{ "can't get kernel image!", FILE_, STAYS, "no kernel image at the load address", "boot/bootm.c" },
	{ "unknown image format type!", FILE_, STAYS, "no kernel image that this U-Boot knows", "boot/bootm.c" },
	{ "Did not find a cmdline Flattened Device Tree", FILE_, STAYS, "no device tree at the address that was given: a wrong dtb file or fdt_addr_r", "boot/image-fdt.c" },
	{ "Could not find a valid device tree", FILE_, STAYS, "no device tree at the address that was given", "boot/image-fdt.c" },
	{ "FDT_ERR_", FILE_, PASSES, "the device tree is damaged or too small for what U-Boot adds", "boot/fdt_support.c" },
	{ "FDT and ATAGS support not compiled in", FILE_, STAYS, "no device tree was given", "arch/arm/lib/bootm.c" },
	{ "FDT creation failed!", FILE_, STAYS, "U-Boot could not complete the device tree", "boot/image-fdt.c" },
	{ "fdt checksum invalid", FILE_, STAYS, "the device tree's bytes changed on the way", "boot/image-fdt.c" },
	{ "fdt header checksum invalid", FILE_, STAYS, "the device tree's bytes changed on the way", "boot/image-fdt.c" },
	{ "ERROR: RD image overlaps OS image", BOARD, STAYS, "kernel_addr_r and ramdisk_addr_r are too close for these files", "boot/bootm.c" },
	{ "ERROR: FDT image overlaps OS image", BOARD, STAYS, "kernel_addr_r and fdt_addr_r are too close for these files", "boot/bootm.c" },
	{ "ramdisk - allocation error", BOARD, STAYS, "U-Boot has no room for the ramdisk", "boot/image-board.c" },
	{ "device tree - allocation error", BOARD, STAYS, "U-Boot has no room for the device tree", "boot/image-fdt.c" },
	{ "ERROR: Failed to allocate", BOARD, STAYS, "U-Boot has no room for the files", "boot/image-fdt.c" },
	{ LOADER_FDTDIR_SKIPPED, FILE_, STAYS, "no device tree has the name that U-Boot's fdtfile, or soc and board, gives", "boot/pxe_utils.c" },
	{ "for failure retrieving", SERVER, STAYS, "a file of the label could not be loaded", "boot/pxe_utils.c" },
	{ "bootrig: U-Boot has no ", BOARD, STAYS, "the boot script cannot tell where to load the files", "boot/boot_script.c of bootrig" },
	{ "Flags not supported: enable CONFIG_BOOTFLOW_FULL", BOARD, STAYS, "this U-Boot has the short bootflow, without options", "cmd/bootflow.c" },
	{ "SCRIPT FAILED", BOARD, STAYS, "the boot script came back", "include/config_distro_bootcmd.h" },
	/* media */
	{ "** Unable to read file", BOARD, STAYS, "the file system of the media cannot be read", "fs/fs.c" },
	{ "** File not found", BOARD, STAYS, "the media do not have that file", "fs/fat/fat.c" },
	{ "Failed to load '", BOARD, STAYS, "the media do not have that file", "fs/fs.c" },
	{ "** Bad device", BOARD, STAYS, "U-Boot does not see that disk", "disk/part.c" },
	{ "** Invalid partition", BOARD, STAYS, "the disk has no such partition", "disk/part.c" },
	{ "** No partition table", BOARD, STAYS, "the disk has no partitions", "disk/part.c" },
	{ "** Unrecognized filesystem type", BOARD, STAYS, "the partition holds no file system that U-Boot reads", "fs/fs.c" },
	{ "Card did not respond to voltage select", BOARD, PASSES, "no SD card or eMMC answers", "drivers/mmc/mmc.c" },
	/* U-Boot itself */
	{ "Unknown command", BOARD, STAYS, "this U-Boot was built without that command", "common/command.c" },
	{ "## Error: \"", BOARD, STAYS, "a variable of U-Boot's environment is not set", "cmd/nvedit.c" },
	{ "\"Synchronous Abort\" handler", BOARD, CRASHES, "U-Boot crashed", "arch/arm/lib/interrupts_64.c" },
	{ "\"Error\" handler", BOARD, CRASHES, "U-Boot crashed", "arch/arm/lib/interrupts_64.c" },
	{ "\"Irq\" handler", BOARD, CRASHES, "U-Boot crashed", "arch/arm/lib/interrupts_64.c" },
	{ "\"Fiq\" handler", BOARD, CRASHES, "U-Boot crashed", "arch/arm/lib/interrupts_64.c" },
	{ "data abort", BOARD, CRASHES, "U-Boot crashed", "arch/arm/lib/interrupts.c" },
	{ "Must RESET board to recover", BOARD, STAYS, "U-Boot overwrote itself with the files", "boot/bootm.c" },
	{ "must RESET the board to recover", BOARD, STAYS, "U-Boot overwrote itself with the files", "boot/bootm.c" },
	{ "Resetting CPU", BOARD, STAYS, "U-Boot crashed and starts again", "arch/arm/lib/interrupts_64.c" },
	{ ": failed to boot from all boot devices", BOARD, CRASHES, "no media hold a U-Boot that SPL can load", "common/spl/spl.c" },
	{ "### ERROR ### Please RESET the board ###", BOARD, HANGS, "U-Boot gave up and waits for a reset", "lib/hang.c" },
	/* below it */
	{ "PANIC in EL3", BOARD, CRASHES, "the secure firmware (TF-A) crashed", "bl31/aarch64/crash_reporting.S of TF-A" },
	{ "Unhandled Exception in EL3", BOARD, CRASHES, "the secure firmware (TF-A) crashed", "bl31/aarch64/crash_reporting.S of TF-A" },
	{ "Unhandled Interrupt Exception in EL3", BOARD, CRASHES, "the secure firmware (TF-A) crashed", "bl31/aarch64/crash_reporting.S of TF-A" },
	{ "PANIC at PC : 0x", BOARD, CRASHES, "the secure firmware (TF-A) crashed", "common/aarch64/debug.S of TF-A" },
	{ "resetting ...", BOARD, STAYS, "U-Boot starts the board again", "drivers/sysreset/sysreset-uclass.c" },
};
/* clang-format on */
const size_t n_loader_faults = ARRAY_SIZE(loader_faults);

const struct loader_fault *loader_fault_find(const char *text, size_t len)
{
	for (size_t i = 0; i < n_loader_faults; i++)
		if (memmem(text, len, loader_faults[i].text,
			   strlen(loader_faults[i].text)))
			return &loader_faults[i];
	return NULL;
}

const char *loader_blame_to_str(enum loader_blame b)
{
	static const char *const names[] = { [NETWORK] = "network",
					     [SERVER] = "server",
					     [FILE_] = "file",
					     [BOARD] = "board" };

	return names[b];
}

const char *loader_blame_in_words(enum loader_blame b)
{
	static const char *const words[] = { [NETWORK] = "the lab's network",
					     [SERVER] = "the lab's TFTP server",
					     [FILE_] = "the job's file",
					     [BOARD] = "the board" };

	return words[b];
}

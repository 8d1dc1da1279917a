# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The board's own USB device, for the guest's root to source: an RK3588 whose boot ROM found nothing
# to boot, on the second bus of dummy_hcd. Nothing on this host drives a Loopback function.
maskrom=/sys/kernel/config/usb_gadget/maskrom

plug_maskrom() {
	if [ ! -e $maskrom ]; then
		mkdir -p $maskrom/configs/c.1 $maskrom/functions/Loopback.0
		echo 0x2207 >$maskrom/idVendor
		echo 0x350b >$maskrom/idProduct
		ln -s $maskrom/functions/Loopback.0 $maskrom/configs/c.1/
	fi
	echo dummy_udc.1 >$maskrom/UDC
	until grep -q 2207 /sys/bus/usb/devices/*/idVendor; do sleep 0.02; done
}

unplug_maskrom() {
	echo "" >$maskrom/UDC
}

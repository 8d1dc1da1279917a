// SPDX-License-Identifier: GPL-2.0-or-later
/* genlog MB INCIDENTS: a console log for measuring, on standard output. Kernel and
 * userspace lines in a fixed pseudo-random order (the same bytes each time), and that
 * many oopses spread evenly over it. */
#include <inttypes.h>
#include <stdarg.h>

static uint64_t state = 88172645463325252ULL, now_us, written;

static unsigned next(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % below;
}

PRINTF(2, 3) static void line(int stamped, const char *fmt, ...)
{
	char buf[1024];
	int n = 0;
	va_list ap;

	now_us += next(20000);
	if (stamped)
		n = snprintf(buf, sizeof(buf), "[%5" PRIu64 ".%06" PRIu64 "] ",
			     now_us / 1000000, now_us % 1000000);
	va_start(ap, fmt);
	n += vsnprintf(buf + n, sizeof(buf) - (size_t)n, fmt, ap);
	va_end(ap);
	buf[n++] = '\n';
	fwrite(buf, 1, (size_t)n, stdout);
	written += (uint64_t)n;
}

static void filler(void)
{
	unsigned a = next(9000), b = next(64);

	switch (next(12)) {
	case 0:
		line(1, "usb %u-1.%u: new high-speed USB device number %u using xhci-hcd",
		     b % 4, b, a);
		break;
	case 1:
		line(1,
		     "dwmac fe1c0000.ethernet eth%u: Link is Up - 1Gbps/Full - flow control off",
		     b % 2);
		break;
	case 2:
		line(1, "mmc%u: new HS400 Enhanced strobe MMC card at address %04x",
		     b % 3, a);
		break;
	case 3:
		line(1,
		     "EXT4-fs (mmcblk%up2): mounted filesystem with ordered data mode. %u",
		     b % 3, a);
		break;
	case 4:
		line(1, "videobuf2_common: vb2_core_qbuf: q%u buf %u DEBUG: queued", a,
		     b);
		break;
	case 5:
		line(1, "thermal thermal_zone%u: temperature %u mC, limit 115000", b % 7,
		     a * 9);
		break;
	case 6:
		line(1, "audit: type=1400 audit(1700000%u.%03u:%u): apparmor=\"STATUS\"",
		     b, b, a);
		break;
	case 7:
		line(0, "systemd[1]: Started session-%u.scope - Session %u of User ci.",
		     a, a);
		break;
	case 8:
		line(0, "gst-launch-1.0: Setting pipeline %u to PLAYING (%u buffers)", a,
		     b);
		break;
	case 9:
		line(0, "frame=%5u fps=%3u q=-0.0 size=N/A time=00:00:12.40 bitrate=N/A",
		     a, b);
		break;
	case 10:
		line(0, "error: retry %u of %u after connection reset by peer", b, a);
		break;
	default:
		line(0, "warning: unused variable %u in test %u, harmless", a, b);
	}
}

/* The loadable modules of a board's kernel, as many as arm64's defconfig loads. */
static const char modules[] =
	"alpha(O) snd_soc_hdmi_codec snd_soc_simple_card snd_soc_simple_card_utils "
	"rockchipdrm dw_hdmi_i2s_audio dw_hdmi_cec dw_mipi_dsi dw_hdmi analogix_dp "
	"panfrost gpu_sched drm_shmem_helper drm_dp_aux_bus drm_display_helper cec "
	"drm_dma_helper drm_kms_helper hantro_vpu rockchip_rga rockchip_vdec(C) "
	"videobuf2_dma_contig videobuf2_dma_sg v4l2_vp9 v4l2_h264 v4l2_mem2mem "
	"videobuf2_memops videobuf2_v4l2 videodev videobuf2_common mc crct10dif_ce "
	"rockchip_saradc rockchip_thermal rtc_rk808 fuse drm backlight ip_tables x_tables";

/* What arm64 prints for a NULL pointer in a driver: die() and __die() of
 * arch/arm64/kernel/traps.c, mem_abort_decode() of arch/arm64/mm/fault.c. */
static void oops(void)
{
	line(1, "Unable to handle kernel NULL pointer dereference at virtual address "
		"0000000000000020");
	line(1, "Mem abort info:");
	line(1, "  ESR = 0x0000000096000004");
	line(1, "  EC = 0x25: DABT (current EL), IL = 32 bits");
	line(1, "  SET = 0, FnV = 0");
	line(1, "  EA = 0, S1PTW = 0");
	line(1, "  FSC = 0x04: level 0 translation fault");
	line(1, "Data abort info:");
	line(1, "  ISV = 0, ISS = 0x00000004, ISS2 = 0x00000000");
	line(1, "  CM = 0, WnR = 0, TnD = 0, TagAccess = 0");
	line(1, "  GCS = 0, Overlay = 0, DirtyBit = 0, Xs = 0");
	line(1, "user pgtable: 4k pages, 48-bit VAs, pgdp=00000000%08x", next(1u << 31));
	line(1, "[0000000000000020] pgd=0000000000000000, p4d=0000000000000000");
	line(1, "Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP");
	line(1, "Modules linked in: %s", modules);
	line(1,
	     "CPU: %u UID: 0 PID: %u Comm: worker Tainted: G         C O       6.12.5-ci #1",
	     next(8), next(9000));
	line(1, "Tainted: [C]=CRAP, [O]=OOT_MODULE");
	line(1, "Hardware name: Some Board (DT)");
	line(1, "pstate: 60400009 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)");
	line(1, "pc : attach_thing+0x44/0x100 [alpha]");
	line(1, "lr : caller_of_it+0x10/0x40");
	line(1, "sp : ffff8000%08x", next(1u << 31));
	line(1, "x29: ffff8000%08x x28: ffff0000%08x x27: 0000000000000000",
	     next(1u << 31), next(1u << 31));
	for (int i = 26; i > 0; i -= 3)
		line(1, "x%-2d: ffff0000%08x x%-2d: %016x x%-2d: 0000000000000000", i,
		     next(1u << 31), i - 1, next(1u << 31), i - 2);
	line(1, "Call trace:");
	line(1, " attach_thing+0x44/0x100 [alpha] (P)");
	for (int i = 0; i < 16; i++)
		line(1, " frame_number_%d+0x%x/0x400 [alpha]", i, 4 * next(200) + 4);
	line(1, "Code: aa0003f3 f9400400 b4000060 f9400800 (f9401262) ");
	line(1, "---[ end trace 0000000000000000 ]---");
}

int main(int argc, char **argv)
{
	uint64_t bytes, incidents, done = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: genlog MB INCIDENTS\n");
		return 2;
	}
	bytes = strtoull(argv[1], NULL, 10) * 1000000;
	incidents = strtoull(argv[2], NULL, 10);
	line(0, "U-Boot 2024.10 (Oct 01 2024 - 12:00:00 +0000)");
	line(0, "Starting kernel ...");
	line(1, "Booting Linux on physical CPU 0x0000000000 [0x412fd050]");
	while (written < bytes) {
		if (done < incidents && written >= bytes / (incidents + 1) * (done + 1)) {
			oops();
			done++;
		} else {
			filler();
		}
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of one boot in the TFTP root: <root>/<subdir>/bootrig-<run>/, complete or not
 * there at all, and pxelinux.cfg/01-<mac> beside it. Touches nothing else below the root
 * but directories of runs that are dead (nobody holds their lock). */
#pragma once

#include <stdbool.h>

#include "boot/extlinux.h"
#include "boot/stage_dir.h"
#include "kernel/image.h"
#include "kernel/module_ids.h"
#include "kernel/overlay.h"
#include "kernel/task.h"
#include "parse/board_spec.h"
#include "parse/job_spec.h"
#include "util/hash.h"

enum { STAGE_MAX_OVERLAYS = 16 };

struct stage_request {
	const char *tftp_root,
		*tftp_subdir; /* from the board; subdir "" or NULL = none */
	const char *run;      /* [A-Za-z0-9._-]{1,100}, different for each boot action */
	const struct job_file *kernel, *dtb, *ramdisk; /* NULL or url NULL = none */
	/* An archive or directory with lib/modules/<release>, which goes behind the
	 * ramdisk; NULL or url NULL = none. optional: it need not have any. */
	const struct job_file *modules;
	bool modules_optional;
	const struct strvec *module_names; /* whose build ids are wanted; NULL = none */
	const struct job_file *overlays;   /* .dtbo */
	size_t n_overlays;
	/* A directory with device trees, or the archive that the kernel is in: all of
	 * them, for U-Boot to choose; NULL or url NULL = none. */
	const struct job_file *fdtdir;
	const char *label; /* NULL = "bootrig" */
	bool is_bundle; /* kernel is an archive; where dtb, overlays and modules have the
			   same URL, they are taken out of it in the same pass */
	bool overlay;   /* put LAVA's helpers (and trees) in front of the ramdisk */
	const struct overlay_tree *trees;
	size_t n_trees;
	/* Kernels with labels of their own beside this one; label is given and differs.
	 * Of these, what is above counts, from kernel to overlay; where two are the same
	 * file, it is there once. */
	const struct stage_request *beside;
	size_t n_beside;
	const char *cache_dir; /* of unpacked kernels; NULL = the user's, "" = none */
	struct task task;
};

struct staged_file {
	char *name;      /* "Image"; NULL = not staged */
	char *boot_path; /* "bootrig-r1/Image": for extlinux, relative to the boot file */
	char *tftp_path; /* "sub/bootrig-r1/Image": from the TFTP root, for a typed tftp
			    command */
	char *url;       /* where it came from, password masked; NULL for the config */
	uint64_t size;
	struct sha256_hex sha256;
	struct sha256_hex source_sha256; /* of what the URL gave, before unpacking */
	uint32_t crc32; /* of what came back over TFTP, with boot.verify_ram; else 0 */
	bool is_shared; /* another label's file, which has the same bytes */
};

/* All device trees of a kernel. */
struct staged_tree {
	struct staged_file dir; /* size: of all; sha256: of the list of them that
				   sha256sum prints, sorted by path */
	struct staged_tree_file {
		char *path; /* below dir, as in U-Boot's fdtfile */
		uint64_t size;
		struct sha256_hex sha256;
		uint32_t crc32; /* always */
	} * v;
	size_t n;
};
/* Borrowed from the tree; NULL = not there. */
const struct staged_tree_file *staged_tree_find(const struct staged_tree *tree,
						const char *path);

struct staged {
	char *root, *subdir; /* copies of the request's; subdir "" */
	struct staged_file kernel, ramdisk, dtb, config;
	struct staged_file overlays[STAGE_MAX_OVERLAYS];
	const char *overlay_paths[STAGE_MAX_OVERLAYS]; /* their boot_path */
	size_t n_overlays;
	struct staged_tree fdtdir;      /* n 0 = none */
	char *label;                    /* of the configuration; NULL = "bootrig" */
	char modules_release[65];       /* of the modules behind the ramdisk; "" = none */
	uint64_t modules_bytes;         /* of their archive */
	bool has_modules_dep;           /* modprobe will find them */
	struct module_ids module_ids;   /* of the kernel's modules, as far as wanted */
	struct stage_pieces *pieces;    /* while it is staged; stage_bundle.c's */
	struct image_info image;        /* of the kernel as staged */
	char *kernel_member;            /* "boot/vmlinuz-6.1.0-56-arm64" or NULL */
	char *kernel_how;               /* "deb, tar.xz"; "" = as it came */
	struct ramdisk_info ramdisk_is; /* as staged, behind the overlay */
	bool has_overlay;               /* OVERLAY_BIN will be there */
	bool kernel_from_cache;
	uint32_t n_swept;     /* directories of dead runs that were removed */
	struct stage_dir dir; /* "bootrig-r1"; holds the lock that says "this run lives"
			       */
	/* The other labels, whose files are in directories below: dir.name is
	 * "bootrig-r1/label-v1", a file's name "label-v1/Image". */
	struct staged *beside;
	size_t n_beside;
};

#define STAGED_INIT                                                                      \
	{                                                                                \
		.dir = STAGE_DIR_INIT                                                    \
	}

/* Fetch, unpack, write. On error nothing stays behind. ERR_JOB: what the job names is not
 * there or not usable; ERR_LAB: disk, network, time; ERR_CANCELED. */
MUST_CHECK int stage_files(const struct stage_request *req, struct staged *out,
			   struct err *err);
/* Write pxelinux.cfg/01-<mac>, without a mac pxelinux.cfg/default, and record it in
 * staged->config. Again replaces it. */
MUST_CHECK int stage_config(struct staged *s, const char *mac, const struct extlinux *x,
			    struct err *err);
/* The same for a loader that runs a script from its TFTP root: board->script. */
MUST_CHECK int stage_script(struct staged *s, const struct board_boot *board,
			    const char *append, struct err *err);
/* Take away the directory, and the config if it is still the one we wrote. Removes what
 * it can; the first failure is reported. */
MUST_CHECK int stage_remove(struct staged *s, struct err *err);
/* Free memory and close the lock; files stay (a later run sweeps them). NULL members are
 * fine. */
void staged_release(struct staged *s);

// SPDX-License-Identifier: GPL-2.0-or-later
/* One file on its way from a URL into the run's directory: what stage.c and its
 * neighbours share. Not for others. */
#pragma once

#include "boot/stage.h"
#include "kernel/fetch.h"
#include "kernel/unpack.h"

#define STAGE_RAMDISK_NAME "ramdisk"
#define STAGE_DTB_NAME "board.dtb"
char *stage_overlay_name(size_t i); /* the caller owns it */
/* NULL: nothing that U-Boot boots. */
const char *stage_kernel_name(enum image_kind kind);

/* ERR_LAB with the system's words. */
int stage_disk_failed(struct err *err, const char *name, int code);
/* An open fd or a negative errno; unnamed: one that is gone when it is closed. */
MUST_CHECK int stage_file_create(const struct staged *s, const char *name,
				 struct err *err);
MUST_CHECK int stage_file_unnamed(const struct staged *s, struct err *err);
/* Flush it, make it read-only for everybody, rename it from tmp to name. */
MUST_CHECK int stage_file_finish(const struct staged *s, int fd, const char *tmp,
				 const char *name, struct err *err);
/* Fill names and source; size and sha256 are the caller's. */
void stage_file_record(const struct staged *s, struct staged_file *f, const char *name,
		       const char *url, const struct sha256_hex *source);
void stage_file_release(struct staged_file *f);
MUST_CHECK int stage_file_fetch(const struct stage_request *req, const struct staged *s,
				const struct job_file *file, uint64_t max_bytes,
				struct fetched *out, struct err *err);
MUST_CHECK int stage_file_head(int fd, uint8_t *head, size_t size, size_t *n,
			       const char *url, struct err *err);
/* `len` bytes from `at`, appended to to_fd and to the hash. */
MUST_CHECK int stage_file_copy(int from_fd, uint64_t at, uint64_t len, int to_fd,
			       struct sha256 *hash, const struct task *task,
			       const char *url, struct err *err);

/* stage_kernel.c: fetched, peeled to an image that U-Boot boots, named by its kind. */
MUST_CHECK int stage_kernel(const struct stage_request *req, struct staged *s,
			    struct err *err);

/* stage.c: the files of one label into s->dir. */
MUST_CHECK int stage_label(const struct stage_request *req, struct staged *s,
			   struct err *err);
/* stage.c: ERR_JOB when the file is none, or cut short. */
MUST_CHECK int stage_check_dtb(int fd, uint64_t size, const char *url, struct err *err);
/* stage_dtbs.c: req->fdtdir's into s->dir and s->fdtdir. */
MUST_CHECK int stage_dtbs(const struct stage_request *req, struct staged *s,
			  struct err *err);
void stage_tree_release(struct staged_tree *tree);
/* stage_beside.c: those of the other labels. */
MUST_CHECK int stage_beside(const struct stage_request *req, struct staged *s,
			    struct err *err);

/* stage_config.c: what stage_config() and stage_script() write, and below root and subdir
 * where. Appends to *text; the caller owns *path. */
MUST_CHECK int stage_config_text(const char *mac, const struct extlinux *x,
				 struct strbuf *text, char **path, struct err *err);
MUST_CHECK int stage_script_text(const struct staged *s, const struct board_boot *board,
				 const char *append, struct strbuf *text,
				 struct err *err);

/* stage_bundle.c: what comes out of an archive beside the kernel, kept in unnamed files
 * until its turn comes. */
struct stage_piece {
	int fd;       /* -1 = not there */
	bool has_ids; /* of modules: the staged's module_ids are of these */
	struct unpacked un;
};
struct stage_pieces {
	struct stage_piece dtb, overlays[STAGE_MAX_OVERLAYS], modules, dtbs;
	struct sha256_hex source; /* of the archive */
};
/* All pieces of the archive src; the kernel goes to kernel_fd. */
MUST_CHECK int stage_bundle(const struct stage_request *req, struct staged *s,
			    const struct fetched *src, const char *url, int kernel_fd,
			    struct unpacked *kernel, struct err *err);
void stage_pieces_free(struct stage_pieces *p); /* NULL is fine */
/* An fd with the modules' cpio archive, or -1 where there are none; checked against the
 * kernel's release. The caller closes it. */
MUST_CHECK int stage_modules_open(const struct stage_request *req, struct staged *s,
				  int *fd, struct err *err);

/* Modules in the kernel's directory that no ramdisk carries: the board loads its own, and
 * these say of which build they should be. */
MUST_CHECK int stage_modules_beside(const struct stage_request *req, struct staged *s,
				    struct err *err);

/* stage_config.c: take it away if it is still the one that was written. */
MUST_CHECK int stage_config_remove(const struct staged *s, struct err *err);

// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig: kernel:` of a job: the kernels that it is run on, and the configurations that
 * each of them is built with. A kernel is a point of a patch series that has to be built,
 * a bundle that holds all of it (.deb, tar, zip, directory), or single files. One kernel
 * with one configuration is a cell. Strings are owned by the job. */
#pragma once

#include <stdbool.h>

#include "parse/incident.h"
#include "parse/job_file.h"
#include "util/strvec.h"

/* A point of a series and how it is built. What a kernel does not say itself is taken
 * from `kernel: build:`. Paths were resolved against the job file's directory. */
struct job_build {
	char *base;   /* Debian source package ("linux-source-6.12"), tarball, source
			 tree or git repository; a word without "/" that is no file
			 beside the job is a package */
	char *series; /* directory with a file `series`, mbox, or for a git base a
			 range A..B or a commit; NULL = the base as it is */
	char *upto;   /* patches counted from 1, a patch's file name, or a commit; NULL =
			 all of them */
	char *arch;   /* as in ARCH=; "arm64" */
	char *cross;  /* CROSS_COMPILE=; NULL = by arch and host */
	char *config_base; /* a make target ("allnoconfig", "defconfig") or the path of a
			      whole .config; NULL = "allnoconfig" */
	struct strvec configs; /* fragments, in order; the last one wins */
	char *command;         /* any other builder: a shell line; NULL = ours */
	struct spec_mark mark;
};

enum job_kernel_from { JOB_KERNEL_FILES, JOB_KERNEL_BUNDLE, JOB_KERNEL_BUILD };

/* What a cell should come to, so that a matrix of broken kernels can pass. */
struct job_outcome {
	bool given;
	char *status;   /* "pass" "fail"; NULL = any */
	uint64_t kinds; /* bit i = enum incident_kind i; 0 = any */
	struct strvec
		failed_tests; /* globs "suite.case", each of which must have failed */
	struct {
		char *name, *verdict; /* "confirmed" "falsified" "undecided" */
		struct spec_mark mark;
	} * hypotheses;
	size_t n_hypotheses;
};

struct job_kernel {
	char *name; /* [A-Za-z0-9._-]+, unique; the label in extlinux.conf and the row of
		       the matrix */
	enum job_kernel_from from;
	struct job_file kernel; /* FILES */
	struct job_file bundle; /* BUNDLE: file: may be a directory */
	struct job_build build; /* BUILD */
	struct job_file dtb;    /* a file of its own; goes before dtb_path */
	char *dtb_path;         /* inside the bundle or build, below its device trees:
				   "rockchip/rk3588-rock-5b.dtb"; NULL = none */
	bool fdtdir; /* all device trees of bundle or build, U-Boot chooses ($fdtfile); no
			dtb then, and none of the deploy action's */
	struct strvec overlays;  /* .dtbo: URLs, or paths inside the bundle */
	struct job_file modules; /* an archive of lib/modules/<release>; goes before those
				    of the bundle */
	bool no_modules;         /* modules: false: those of the bundle stay out */
	struct strvec kernel_args; /* after the board's and the job's */
	char *vmlinux;             /* of this build; NULL = the build's own, or none */
	struct strvec configs_skipped; /* not_with: names of configurations */
	struct spec_mark skipped_mark;
	struct job_outcome outcome; /* with every configuration but those named here: */
	struct {
		char *config;
		struct job_outcome outcome;
		struct spec_mark mark;
	} * outcomes;
	size_t n_outcomes;
	struct spec_mark mark;
};

/* The other axis: fragments on top of each kernel's. */
struct job_config {
	char *name; /* as a kernel's */
	struct strvec configs, kernel_args;
	struct spec_mark mark;
};

struct job_kernels {
	struct job_kernel *v;
	size_t n; /* 0 = the job has none: its deploy actions name the kernel */
	struct job_config *configs;
	size_t n_configs; /* 0 = one, without a name */
	bool stage_all; /* every kernel that needs no build gets a label in each run, not
			   only the one that is booted */
	struct job_build build; /* defaults */
	struct spec_mark mark;  /* line 0 = not given */
};

// SPDX-License-Identifier: GPL-2.0-or-later
/* One failure of the kernel under test, as read from its console. Names follow the result
 * schema (docs/result.md). Strings are owned by the incident; numbers that the text did
 * not give say so. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"
#include "util/strvec.h"

#define INCIDENT_KINDS(X)                                                                \
	X(NULL_DEREF, "null-deref")                                                      \
	X(PAGING_FAULT, "paging-fault")                                                  \
	X(USER_ACCESS, "user-access")                                                    \
	X(UAF, "uaf")                                                                    \
	X(KASAN, "kasan")                                                                \
	X(KFENCE, "kfence")                                                              \
	X(KMSAN, "kmsan")                                                                \
	X(KCSAN, "kcsan")                                                                \
	X(UBSAN, "ubsan")                                                                \
	X(GPF, "gpf")                                                                    \
	X(BUG, "bug")                                                                    \
	X(WARN, "warn")                                                                  \
	X(LOCKDEP, "lockdep")                                                            \
	X(ATOMIC_SLEEP, "atomic-sleep")                                                  \
	X(OOPS_OTHER, "oops-other")                                                      \
	X(SERROR, "serror")                                                              \
	X(MCE, "mce")                                                                    \
	X(OOM, "oom")                                                                    \
	X(LEAK, "leak")                                                                  \
	X(INVALID_FREE, "invalid-free")                                                  \
	X(PANIC, "panic")                                                                \
	X(HUNG_TASK, "hung-task")                                                        \
	X(SOFT_LOCKUP, "soft-lockup")                                                    \
	X(HARD_LOCKUP, "hard-lockup")                                                    \
	X(RCU_STALL, "rcu-stall")                                                        \
	X(WORKQUEUE_LOCKUP, "workqueue-lockup")                                          \
	X(SILENCE, "silence")                                                            \
	X(BOOT_LOOP, "boot-loop")                                                        \
	X(RESET, "reset")                                                                \
	X(NO_BOOT, "no-boot")                                                            \
	X(OTHER, "other")

enum incident_kind {
#define X(name, str) INCIDENT_##name,
	INCIDENT_KINDS(X)
#undef X
		INCIDENT_N_KINDS
};

const char *incident_kind_to_str(enum incident_kind kind);
MUST_CHECK int incident_kind_from_str(const char *s,
				      enum incident_kind *out); /* -EINVAL */
/* Fatal unless the job says otherwise: every kind but warn, lockdep, leak, ubsan, kcsan,
 * oom and other. */
bool incident_kind_is_fatal(enum incident_kind kind);

enum {
	INCIDENT_MAX_FRAMES = 64,
	INCIDENT_MAX_TRACK_FRAMES = 32,
	INCIDENT_MAX_MODULES = 256,
	INCIDENT_MAX_CODE = 64,
	INCIDENT_MAX_REGS = 40,
	INCIDENT_MAX_EVIDENCE = 16,
	INCIDENT_MAX_EVIDENCE_BYTES = 200
};

struct incident_frame {
	char *function;
	char *module; /* NULL = built in */
	uint64_t offset,
		size;  /* function+offset/size; both 0 when the line had a name only */
	bool reliable; /* false for the "? " frames of x86 */
};

struct incident_register {
	char name[8]; /* "x0", "rax", "r12" */
	uint64_t value;
};

/* A line of the log that says something about the failure. */
struct incident_evidence {
	uint64_t line; /* its number, from 1 */
	char *text;    /* without its prefix, cut at INCIDENT_MAX_EVIDENCE_BYTES */
};

/* A moment of an object's life that a memory checker remembered. */
struct incident_track {
	bool is_told;
	char *function, *module; /* who asked the allocator, as far as the frames tell;
				    NULL = unknown: RCU freed it, or no frames */
	int32_t pid, cpu;        /* -1 = not given */
	double at_s;             /* printk's clock; < 0 = not given */
	struct incident_frame *frames;
	size_t n_frames;
};

enum incident_track_of {
	INCIDENT_ALLOCATED,
	INCIDENT_FREED,
	INCIDENT_QUEUED, /* given to call_rcu() or a workqueue */
	INCIDENT_N_TRACKS
};

#define INCIDENT_OBJECTS(X)                                                              \
	X(SLAB, "slab")                                                                  \
	X(GLOBAL, "global")                                                              \
	X(STACK, "stack")                                                                \
	X(VMALLOC, "vmalloc")

enum incident_object_sort {
	INCIDENT_NO_OBJECT,
#define X(name, str) INCIDENT_OBJECT_##name,
	INCIDENT_OBJECTS(X)
#undef X
		INCIDENT_N_OBJECT_SORTS
};

/* What memory it was that a checker (KASAN, KFENCE, SLUB) saw misused. */
struct incident_object {
	enum incident_object_sort sort;
	char *name;   /* the slab cache; the variable; the function whose stack frame it
			 is in; who allocated the region; NULL = unknown */
	char *module; /* of the variable or the function; NULL = built in */
	char *state;  /* "allocated", "freed", NULL = not said */
	bool has_address, has_size, has_offset;
	uint64_t address;
	uint64_t size;       /* that was asked for, as far as the kernel knows */
	uint64_t cache_size; /* of each object of the cache, 0 = not given */
	int64_t offset;      /* of the access from the object's start, or in the frame */
	int32_t pointer_tag, memory_tag; /* KASAN by tags; -1 = not given */
};

struct incident {
	enum incident_kind kind;
	char *title; /* syzkaller's style, no addresses, no counters: the same bug has the
			same title */
	bool fatal;  /* by incident_kind_is_fatal(); the session applies the job's watch
			list */
	bool truncated;       /* cut off, or lost its header */
	double confidence;    /* 0..1 */
	uint64_t line;        /* of the first line, from 1 */
	uint64_t offset;      /* bytes before the first line */
	uint64_t last_offset; /* bytes before the end of the last line that belongs to it
			       */
	int64_t t_ns; /* when the first line's deciding byte came; 0 when the input has no
			 times */
	int64_t decided_t_ns; /* when kind became known */
	double printk_s; /* the kernel's own stamp of the first line, < 0 when none */
	uint32_t boot;   /* which boot of this input, from 1; 0 = unknown */

	char *function, *module; /* where it died; NULL = unknown */
	bool has_fault_address;
	uint64_t fault_address;
	bool has_esr;
	uint64_t esr;
	char *pc, *lr; /* "function+0x20/0x100 [mod]" as printed, or NULL */
	struct incident_register *regs;
	size_t n_regs;
	struct incident_frame *frames;
	size_t n_frames;
	struct strvec modules;
	int32_t cpu; /* -1 = unknown */
	int32_t pid; /* -1 = unknown */
	char *comm, *kernel, *tainted, *hardware;
	uint32_t *code;
	size_t n_code;
	int32_t code_faulting; /* index into code, -1 = unknown */
	uint32_t n_secondary;  /* further oopses counted into this failure */
	bool says_reboot;      /* "Rebooting in N seconds" was part of it */
	uint32_t reboot_in_s;
	bool panicked; /* "Kernel panic - not syncing" was part of it */

	uint32_t page_bytes; /* "4k pages"; 4096 where the report says nothing */
	char *signature;     /* kind, function and the frames that lead there, without
				offsets, addresses and compiler suffixes: the same over boots
				and builds */
	/* KASAN's shadow undone, or its "in range [..]": what the code meant to touch. */
	bool has_real_range;
	uint64_t real_first, real_last;
	bool has_pstate;
	uint64_t pstate;
	char *banner;   /* "Linux version …" of the boot that failed, or NULL */
	char *build_id; /* of the kernel, hex, where the trace or the banner gives it */
	bool has_kaslr_offset;
	uint64_t kaslr_offset; /* "Kernel Offset: 0x.. from 0x.." */
	char *source;          /* "lib/list_debug.c:29" of BUG and WARN lines */
	char *owner_comm;      /* "likely owned by task COMM:PID": who holds the lock */
	int32_t owner_pid;     /* -1 = unknown */
	struct incident_object object;
	struct incident_track tracks[INCIDENT_N_TRACKS];
	struct incident_evidence *evidence;
	size_t n_evidence;
};

struct incident *incident_new(enum incident_kind kind);
void incident_free(struct incident *in); /* NULL is fine */
/* The object of docs/result.md; the caller owns the reference. */
json_t *incident_to_json(const struct incident *in);
/* Its call_trace, or another one. */
json_t *incident_frames_to_json(const struct incident_frame *frames, size_t n);
/* Names of the kinds whose bit is set (bit i = enum incident_kind i). */
json_t *incident_kinds_to_json(uint64_t kinds);
/* What such an object says, with the bounds above; never NULL. What it does not have
 * stays unknown, an unknown kind is "other". The caller frees. */
struct incident *incident_from_json(const json_t *object);

/* ---- between the files of the JSON form ---- */

/* At most max frames of a call_trace; *out and *n are the caller's. */
void incident_frames_from_json(const json_t *a, size_t max, struct incident_frame **out,
			       size_t *n);
/* A text of bounded length without NULs, or NULL; the caller frees. */
char *incident_text_from_json(const json_t *o, const char *key);
/* "0x20", or a number that is not negative. */
bool incident_number_from_json(const json_t *j, uint64_t *out);
/* object, allocated_by, freed_by, queued_by. */
void incident_object_to_json(const struct incident *in, json_t *o);
void incident_object_from_json(struct incident *in, const json_t *o);
void incident_object_release(struct incident *in);
void incident_frames_free(struct incident_frame *f, size_t n);

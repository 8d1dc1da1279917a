// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the order of the programs that talk on a console and the banners that tell them
 * apart. Refuses to know who caused a reset: stage_commanded() says so. */
#include "parse/stage.h"

#include "parse/prefix.h"
#include "util/ascii.h"
#include "util/num.h"

static const char *const stage_names[STAGE_N] = {
#define X(name, str) [STAGE_##name] = str,
	STAGES(X)
#undef X
};

const char *stage_to_str(enum stage s)
{
	return stage_names[s];
}

/* The banners in the order in which one boot prints them. One that does not get further
 * than what this boot has printed already begins the next boot. */
enum rank {
	RANK_NONE,
	RANK_DDR, /* Rockchip's DDR blob, the first words of a boot */
	RANK_TPL, /* U-Boot TPL */
	RANK_SPL, /* U-Boot SPL */
	RANK_BL1, /* TF-A, as are the next two */
	RANK_BL2,
	RANK_BL31,
	RANK_OPTEE,  /* OP-TEE */
	RANK_UBOOT,  /* U-Boot proper */
	RANK_START,  /* Starting kernel, EFI stub, decompressor */
	RANK_KERNEL, /* Booting Linux on physical CPU */
	RANK_VERSION /* Linux version */
};

/* Find word near the start of the line; what stands before it may be line noise but no
 * text ("ver=U-Boot 2024.01" is a variable, no banner). Returns what follows it. */
static const char *banner(const char *s, size_t len, const char *word)
{
	enum { NOISE_MAX = 16 };
	size_t n = strlen(word);
	size_t last = len < n ? 0 : len - n;

	if (len < n)
		return NULL;
	if (last > NOISE_MAX)
		last = NOISE_MAX;
	for (size_t i = 0; i <= last; i++) {
		if (memcmp(s + i, word, n) == 0)
			return s + i + n;
		if (ascii_is_word(s[i]) || s[i] == '=' || s[i] == '"' || s[i] == '\'' ||
		    s[i] == '#')
			return NULL;
	}
	return NULL;
}

static size_t hex_digits(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f')))
		p++;
	return (size_t)(p - s);
}

/* "24/02/04-10:09:20" somewhere in the rest of the line. */
static bool has_build_date(const char *p, const char *end)
{
	static const char shape[] = "00/00/00-00:00";

	for (; end - p >= (ptrdiff_t)sizeof(shape) - 1; p++) {
		size_t i = 0;

		while (shape[i] &&
		       (shape[i] == '0' ? p[i] >= '0' && p[i] <= '9' : p[i] == shape[i]))
			i++;
		if (!shape[i])
			return true;
	}
	return false;
}

/* "DDR 9fffbe1e78 cym 24/02/04-10:09:20,fwver: v1.16", "DDR V1.11 <hash> <who> <date>",
 * "DDR Version V1.08 20220617"; the first byte or two may be lost. */
static bool is_ddr_banner(const char *s, size_t len)
{
	const char *end = s + len;
	const char *p = banner(s, len, "DDR ");

	if (!p)
		p = banner(s, len, "DR ");
	if (!p)
		return false;
	if (end - p > 9 && memcmp(p, "Version V", 9) == 0)
		return true;
	if (end - p > 2 && p[0] == 'V' && p[1] >= '0' && p[1] <= '9')
		return true;

	size_t n = hex_digits(p, end);

	return n >= 8 && n <= 12 && p + n < end && p[n] == ' ' &&
	       has_build_date(p + n, end);
}

static bool digit_follows(const char *p, const char *end)
{
	return p && p < end && *p >= '0' && *p <= '9';
}

static enum rank find_banner(const char *s, size_t len)
{
	const char *end = s + len;

	/* Most lines begin with a word that no banner begins with. */
	if (len == 0 || (ascii_is_word(s[0]) && !strchr("BDEILNSU", s[0])))
		return RANK_NONE;
	if (is_ddr_banner(s, len))
		return RANK_DDR;
	if (digit_follows(banner(s, len, "U-Boot TPL "), end))
		return RANK_TPL;
	if (digit_follows(banner(s, len, "U-Boot SPL "), end))
		return RANK_SPL;
	if (banner(s, len, "NOTICE:  BL1: v"))
		return RANK_BL1;
	if (banner(s, len, "NOTICE:  BL2: v"))
		return RANK_BL2;
	if (banner(s, len, "NOTICE:  BL31: v"))
		return RANK_BL31;
	if (banner(s, len, "I/TC: OP-TEE version:"))
		return RANK_OPTEE;
	if (digit_follows(banner(s, len, "U-Boot "), end))
		return RANK_UBOOT;
	if (banner(s, len, "Starting kernel ...") ||
	    banner(s, len, "EFI stub: Booting Linux") ||
	    banner(s, len, "Uncompressing Linux...") ||
	    banner(s, len, "Booting the kernel"))
		return RANK_START;
	if (banner(s, len, "Booting Linux on physical CPU"))
		return RANK_KERNEL;
	if (digit_follows(banner(s, len, "Linux version "), end))
		return RANK_VERSION;
	return RANK_NONE;
}

static enum stage stage_of_rank(enum rank r)
{
	static const enum stage stages[] = {
		[RANK_NONE] = STAGE_OFF,      [RANK_DDR] = STAGE_DDR,
		[RANK_TPL] = STAGE_SPL,       [RANK_SPL] = STAGE_SPL,
		[RANK_BL1] = STAGE_BL2,       [RANK_BL2] = STAGE_BL2,
		[RANK_BL31] = STAGE_BL31,     [RANK_OPTEE] = STAGE_OPTEE,
		[RANK_UBOOT] = STAGE_UBOOT,   [RANK_START] = STAGE_STARTING,
		[RANK_KERNEL] = STAGE_KERNEL, [RANK_VERSION] = STAGE_KERNEL,
	};

	return stages[r];
}

void stage_init(struct stage_tracker *t)
{
	memset(t, 0, sizeof(*t));
}

static void enter(struct stage_tracker *t, enum stage to, bool is_boot, uint64_t offset,
		  int64_t t_ns, stage_fn fn, void *arg)
{
	struct stage_event e = {
		.stage = to,
		.from = t->stage,
		.is_boot = is_boot,
		.is_unexpected = is_boot && t->kernel_seen && !t->commanded,
		.offset = offset,
		.t_ns = t_ns,
	};

	if (is_boot) {
		t->boot++;
		t->kernel_seen = false;
		t->commanded = false;
		t->last_transfer_bytes = 0;
	}
	if (to >= STAGE_STARTING)
		t->kernel_seen = true;
	e.boot = t->boot;
	t->stage = to;
	if (fn)
		fn(arg, &e);
}

static void feed_banner(struct stage_tracker *t, enum rank r, uint64_t offset,
			int64_t t_ns, stage_fn fn, void *arg)
{
	bool is_boot = r <= t->rank || t->boot == 0;

	/* "Starting kernel" is followed by the decompressor's or the EFI stub's words. */
	if (r == RANK_START && t->rank == RANK_START)
		is_boot = false;
	if (r >= RANK_KERNEL && is_boot && t->has_loader && t->boot > 0 && !t->commanded)
		return;
	if (r <= RANK_START)
		t->has_loader = true;
	t->rank = (uint8_t)r;

	enum stage to = stage_of_rank(r);

	if (is_boot || to != t->stage)
		enter(t, to, is_boot, offset, t_ns, fn, arg);
}

static const char *find(const char *s, size_t len, const char *word)
{
	return memmem(s, len, word, strlen(word));
}

/* "Filename 'bootrig-r1/Image'." (U-Boot net/tftp.c); a name that is too long is none. */
static void name_transfer(struct stage_tracker *t, const char *p, const char *end)
{
	const char *quote = memrchr(p, '\'', (size_t)(end - p));
	size_t n = quote ? (size_t)(quote - p) : sizeof(t->transfer_file);

	if (n >= sizeof(t->transfer_file))
		n = 0;
	memcpy(t->transfer_file, p, n);
	t->transfer_file[n] = '\0';
}

/* label_print() in U-Boot's boot/pxe_utils.c: "1:\tbootrig". */
static bool read_label(struct stage_tracker *t, const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && n < 4 && s[n] >= '0' && s[n] <= '9')
		n++;
	if (!n || len - n < 3 || s[n] != ':' || s[n + 1] != '\t')
		return false;
	s += n + 2;
	len -= n + 2;
	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	if (!len || len >= sizeof(t->label))
		return false;
	memcpy(t->label, s, len);
	t->label[len] = '\0';
	t->n_labels++;
	return true;
}

static void feed_loader(struct stage_tracker *t, const char *s, size_t len,
			uint64_t offset, int64_t t_ns, stage_fn fn, void *arg)
{
	const char *p = find(s, len, "Bytes transferred = ");

	if (read_label(t, s, len))
		return;
	if (p) {
		const char *end = s + len;
		size_t n;
		uint64_t v;

		p += strlen("Bytes transferred = ");
		for (n = 0; p + n < end && p[n] >= '0' && p[n] <= '9';)
			n++;
		if (parse_u64n(p, n, 10, UINT64_MAX, &v) == 0) {
			t->last_transfer_bytes = v;
			t->n_transfers++;
		}
		if (t->stage == STAGE_TFTP)
			enter(t, STAGE_UBOOT, false, offset, t_ns, fn, arg);
	} else if (t->stage == STAGE_UBOOT &&
		   (find(s, len, "TFTP from server") || banner(s, len, "Loading: "))) {
		t->transfer_file[0] = '\0';
		enter(t, STAGE_TFTP, false, offset, t_ns, fn, arg);
	} else if (t->stage == STAGE_TFTP && (p = banner(s, len, "Filename '"))) {
		name_transfer(t, p, s + len);
	} else if (t->stage == STAGE_TFTP &&
		   (find(s, len, "TFTP error") || find(s, len, "Retry count exceeded"))) {
		enter(t, STAGE_UBOOT, false, offset, t_ns, fn, arg);
	}
}

void stage_feed_text(struct stage_tracker *t, const char *text, size_t len,
		     bool has_stamp, uint64_t offset, int64_t t_ns, stage_fn fn,
		     void *arg)
{
	enum rank r = find_banner(text, len);

	if (has_stamp && r < RANK_START)
		r = RANK_NONE; /* a driver that names the firmware */
	if (r != RANK_NONE)
		feed_banner(t, r, offset, t_ns, fn, arg);
	else if (has_stamp && t->stage < STAGE_KERNEL && !t->is_off)
		/* A quiet kernel, or a log that starts in the middle. */
		enter(t, STAGE_KERNEL,
		      t->boot == 0 || (t->commanded && t->stage == STAGE_OFF), offset,
		      t_ns, fn, arg);
	else if (t->stage == STAGE_UBOOT || t->stage == STAGE_TFTP)
		feed_loader(t, text, len, offset, t_ns, fn, arg);
	if (has_stamp && t->rank < RANK_KERNEL)
		t->rank = RANK_KERNEL;
}

void stage_feed(struct stage_tracker *t, const struct line *l, stage_fn fn, void *arg)
{
	char text[512];
	size_t len = line_clean(l->text, l->len, text, sizeof(text));
	struct prefix p;

	if (len == 0)
		return;
	prefix_parse(text, len, &p);
	stage_feed_text(t, text + p.text, len - p.text, p.has_stamp, l->offset, l->t_ns,
			fn, arg);
}

void stage_commanded(struct stage_tracker *t, bool is_off, int64_t t_ns)
{
	bool was_off = t->is_off;

	(void)t_ns;
	t->commanded = true;
	t->is_off = is_off;
	if (!is_off && !was_off)
		return;
	t->stage = STAGE_OFF;
	t->kernel_seen = false;
	/* Whatever speaks next begins a boot. */
	t->rank = RANK_VERSION;
	t->has_loader = t->has_loader && t->boot > 0;
}

void stage_reached_userspace(struct stage_tracker *t, uint64_t offset, int64_t t_ns,
			     stage_fn fn, void *arg)
{
	if (t->stage == STAGE_USERSPACE)
		return;
	t->rank = RANK_VERSION;
	enter(t, STAGE_USERSPACE, t->boot == 0, offset, t_ns, fn, arg);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* An extlinux configuration from a struct, in the subset that U-Boot's boot/pxe_utils.c
 * reads. A label that U-Boot misreads fails silently and the next one boots, so whatever
 * it would cut, expand or drop is refused here. */
#include "boot/extlinux.h"

#include <ctype.h>
#include <errno.h>

enum { NAME_MAX_LEN = 64 };

static bool is_label_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			     "0123456789._-");

	return n > 0 && n <= NAME_MAX_LEN && !s[n];
}

static int bad(struct err *err, const char *label, const char *key, const char *why)
{
	return err_set(err, ERR_JOB, -EINVAL, "extlinux label %.64s: %s %s", label, key,
		       why);
}

static int check_text(const char *label, const char *key, const char *value,
		      struct err *err)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return bad(err, label, key,
				   *p == '\n' ? "has a line break in it"
					      : "has a control character in it");
	if (!value[0])
		return bad(err, label, key, "is empty");
	if (value[0] == '#')
		return bad(err, label, key, "would be a comment (#)");
	if (value[0] == ' ' || value[strlen(value) - 1] == ' ')
		return bad(err, label, key, "has a blank at its start or end");
	return 0;
}

static int check_path(const char *label, const char *key, const char *value,
		      struct err *err)
{
	int r;

	if (!value)
		return 0;
	r = check_text(label, key, value, err);
	if (r)
		return r;
	if (strpbrk(value, " \\\"'$;#"))
		return bad(err, label, key, "has one of \\ \" ' $ ; # or a blank in it");
	if (strlen(value) > EXTLINUX_PATH_MAX)
		return err_set(err, ERR_JOB, -E2BIG,
			       "extlinux label %s: %s has %zu bytes, U-Boot takes %d",
			       label, key, strlen(value), EXTLINUX_PATH_MAX);
	return 0;
}

/* U-Boot passes APPEND through cli_simple_process_macros(): ${x} and $(x) expand, a
 * backslash and single quotes vanish. */
static int check_append(const struct extlinux_label *l, uint32_t max, struct err *err)
{
	const char *a = l->append;
	int r;

	if (!a)
		return 0;
	r = check_text(l->name, "APPEND", a, err);
	if (r)
		return r;
	if (!l->expand && (strstr(a, "${") || strstr(a, "$(")))
		return bad(err, l->name, "APPEND",
			   "has ${…} or $(…) in it, which U-Boot would expand");
	if (strpbrk(a, "\\'"))
		return bad(err, l->name, "APPEND",
			   "has a backslash or ' in it, which U-Boot would drop");
	if (strlen(a) > max)
		return err_set(err, ERR_JOB, -E2BIG,
			       "extlinux label %s: APPEND has %zu bytes, U-Boot takes %u",
			       l->name, strlen(a), (unsigned int)max);
	return 0;
}

static int check_label(const struct extlinux *x, size_t i, struct err *err)
{
	const struct extlinux_label *l = &x->labels[i];
	int r;

	if (!l->name || !is_label_name(l->name))
		return err_set(err, ERR_JOB, -EINVAL,
			       "extlinux label \"%.64s\": want 1 to %d of A-Z a-z 0-9 . "
			       "_ -",
			       l->name ?: "", NAME_MAX_LEN);
	for (size_t k = 0; k < i; k++)
		if (strcmp(l->name, x->labels[k].name) == 0)
			return err_set(err, ERR_JOB, -EEXIST,
				       "extlinux label %s: there are two of them",
				       l->name);
	if (!l->kernel)
		return bad(err, l->name, "KERNEL", "is missing");
	r = check_path(l->name, "KERNEL", l->kernel, err);
	if (!r)
		r = check_path(l->name, "INITRD", l->initrd, err);
	if (!r)
		r = check_path(l->name, "FDT", l->fdt, err);
	if (!r)
		r = check_path(l->name, "FDTDIR", l->fdtdir, err);
	for (size_t k = 0; !r && k < l->n_overlays; k++)
		r = check_path(l->name, "FDTOVERLAYS", l->overlays[k], err);
	if (!r && l->n_overlays && !l->fdt && !l->fdtdir)
		r = bad(err, l->name, "FDTOVERLAYS", "stands without FDT");
	if (!r)
		r = check_append(l, x->append_max ?: EXTLINUX_APPEND_MAX, err);
	return r;
}

static void put(struct strbuf *out, const char *key, const char *value)
{
	if (value)
		strbuf_addf(out, "\t%s %s\n", key, value);
}

int extlinux_format(const struct extlinux *x, struct strbuf *out, struct err *err)
{
	bool found = false;

	for (size_t i = 0; i < x->n_labels; i++) {
		int r = check_label(x, i, err);

		if (r)
			return r;
		found |= x->default_label &&
			 strcmp(x->default_label, x->labels[i].name) == 0;
	}
	if (!found)
		return err_set(err, ERR_JOB, -EINVAL,
			       "extlinux: the default label \"%.64s\" is none of the %zu "
			       "labels",
			       x->default_label ?: "", x->n_labels);
	/* TIMEOUT is in tenths of a second: the shortest, for a board that boots alone.
	 */
	strbuf_addf(out, EXTLINUX_MARK "DEFAULT %s\nPROMPT 0\nTIMEOUT 1\n",
		    x->default_label);
	for (size_t i = 0; i < x->n_labels; i++) {
		const struct extlinux_label *l = &x->labels[i];

		strbuf_addf(out, "\nLABEL %s\n", l->name);
		put(out, "KERNEL", l->kernel);
		put(out, "INITRD", l->initrd);
		put(out, "FDT", l->fdt);
		put(out, "FDTDIR", l->fdt ? NULL : l->fdtdir);
		for (size_t k = 0; k < l->n_overlays; k++)
			strbuf_addf(out, "%s%s%s", k ? " " : "\tFDTOVERLAYS ",
				    l->overlays[k], k + 1 < l->n_overlays ? "" : "\n");
		put(out, "APPEND", l->append);
	}
	return 0;
}

int pxe_name_from_mac(const char *mac, struct pxe_name *out, struct err *err)
{
	char *to = out->str;

	*out = (struct pxe_name){ "01" };
	if (strlen(mac) != 17)
		return err_set(err, ERR_JOB, -EINVAL,
			       "MAC address \"%.40s\": want aa:bb:cc:dd:ee:ff", mac);
	to += 2;
	for (int i = 0; i < 17; i++) {
		bool is_gap = i % 3 == 2;

		if (is_gap ? mac[i] != ':' && mac[i] != '-'
			   : !isxdigit((unsigned char)mac[i]))
			return err_set(err, ERR_JOB, -EINVAL,
				       "MAC address \"%.40s\": want aa:bb:cc:dd:ee:ff",
				       mac);
		if (i % 3 == 0)
			*to++ = '-';
		if (!is_gap)
			*to++ = (char)tolower((unsigned char)mac[i]);
	}
	*to = '\0';
	return 0;
}

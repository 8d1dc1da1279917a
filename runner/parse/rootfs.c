// SPDX-License-Identifier: GPL-2.0-or-later
/* Each line of the answer is "rootfs KEY VALUE ;": its end shows that it is whole. */
#include "parse/rootfs.h"

#include "util/ascii.h"
#include "util/num.h"

/* The last mount on / is the one that counts: the first is the initramfs below it. */
static const char command[] =
	"(p() { echo \"rootfs $1 $2 ;\"; }; "
	"while read -r s m t o x; do [ \"$m\" = / ] && S=$s && T=$t && O=$o; done </proc/mounts; "
	"p source \"$S\"; p fstype \"$T\"; p flags \"$O\"; "
	"while IFS== read -r k v; do case $k in ID) p id \"$v\";; VERSION_ID) p version \"$v\";; esac; done </etc/os-release; "
	"for u in /sys/fs/btrfs/*-*; do [ -e \"$u/devices/${S##*/}\" ] && p uuid \"${u##*/}\" && p generation \"$(cat $u/generation)\"; done; "
	"d=$(dmesg); [ \"$d\" ] && p replays \"$(echo \"$d\" | grep -c -e 'tree-log replay' -e ': recovery complete' -e 'Ending recovery')\"; "
	"for f in /var/lib/dpkg/status /lib/apk/db/installed /usr/lib/sysimage/rpm/rpmdb.sqlite /var/lib/rpm/rpmdb.sqlite "
	"/etc/machine-id /lib/modules/$(uname -r)/modules.dep; do [ -f $f ] && p file \"$(sha256sum $f)\"; done) 2>/dev/null";

const char *rootfs_command(void)
{
	return command;
}

struct field {
	const char *p;
	size_t len;
};

/* What is too long, or no plain text, is unknown: half of it would be wrong. */
static void take_text(struct field v, char *out, size_t cap)
{
	if (v.len >= 2 && v.p[0] == '"' && v.p[v.len - 1] == '"') {
		v.p++;
		v.len -= 2;
	}
	if (v.len >= cap)
		return;
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] < 0x20 || v.p[i] > 0x7e)
			return;
	memcpy(out, v.p, v.len);
	out[v.len] = '\0';
}

static void take_number(struct field v, int64_t *out)
{
	uint64_t n;

	if (!parse_u64n(v.p, v.len, 10, INT64_MAX, &n))
		*out = (int64_t)n;
}

/* "HASH  PATH", as sha256sum prints it. */
static void take_file(struct field v, struct rootfs *out)
{
	enum { HASH = 64 };
	size_t n = out->n_files;

	if (n == ROOTFS_MAX_FILES || v.len < HASH + 3 || v.p[HASH] != ' ')
		return;
	for (size_t i = 0; i < HASH; i++)
		if (!strchr("0123456789abcdef", v.p[i]) || !v.p[i])
			return;
	out->files[n].path[0] = '\0';
	take_text((struct field){ v.p + HASH + 2, v.len - HASH - 2 }, out->files[n].path,
		  sizeof(out->files[n].path));
	if (out->files[n].path[0] != '/')
		return;
	memcpy(out->files[n].sha256, v.p, HASH);
	out->files[n].sha256[HASH] = '\0';
	out->n_files++;
}

static bool is(struct field key, const char *name)
{
	return key.len == strlen(name) && memcmp(key.p, name, key.len) == 0;
}

static bool take(struct field key, struct field value, struct rootfs *out)
{
	if (is(key, "source"))
		take_text(value, out->source, sizeof(out->source));
	else if (is(key, "fstype"))
		take_text(value, out->fstype, sizeof(out->fstype));
	else if (is(key, "flags"))
		take_text(value, out->flags, sizeof(out->flags));
	else if (is(key, "id"))
		take_text(value, out->os_id, sizeof(out->os_id));
	else if (is(key, "version"))
		take_text(value, out->os_version, sizeof(out->os_version));
	else if (is(key, "uuid"))
		take_text(value, out->uuid, sizeof(out->uuid));
	else if (is(key, "generation"))
		take_number(value, &out->generation);
	else if (is(key, "replays"))
		take_number(value, &out->replays);
	else if (is(key, "file"))
		take_file(value, out);
	else
		return false;
	return true;
}

static bool take_line(const char *p, size_t len, struct rootfs *out)
{
	static const char head[] = "rootfs ", tail[] = " ;";
	size_t n_head = sizeof(head) - 1, n_tail = sizeof(tail) - 1, n_key = 0;

	while (len && p[len - 1] == '\r')
		len--;
	if (len < n_head + n_tail || memcmp(p, head, n_head) != 0 ||
	    memcmp(p + len - n_tail, tail, n_tail) != 0)
		return false;
	p += n_head;
	len -= n_head + n_tail;
	while (n_key < len && p[n_key] != ' ')
		n_key++;
	if (n_key == len)
		return false;
	return take((struct field){ p, n_key },
		    (struct field){ p + n_key + 1, len - n_key - 1 }, out);
}

bool rootfs_parse(const char *text, size_t len, struct rootfs *out)
{
	bool any = false;

	*out = (struct rootfs){ .generation = -1, .replays = -1 };
	if (len > ROOTFS_MAX_TEXT)
		len = ROOTFS_MAX_TEXT;
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		any |= take_line(text, n, out);
		text += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
	out->is_initramfs =
		strcmp(out->fstype, "rootfs") == 0 || strcmp(out->source, "rootfs") == 0;
	return any;
}

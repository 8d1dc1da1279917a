// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns what vendors' kernels print between the stamp and the text: CPU, pid and name of
 * the task. Refuses to know where a line's stamp ends (prefix.c). */
#include "parse/prefix_parts.h"

/* One vendor's form: C a CPU's number, P a pid, N a task's name, _ any blanks; other
 * characters stand for themselves. */
static const char *const forms[] = {
	"[_C:_N:_P]",     /* Samsung: "[4:  kworker/4:1:  123]" */
	"[pid:P,cpuC,N]", /* Huawei, Cix: "[pid:0,cpu0,swapper/0]" */
	"[C][P][N]",      /* Rockchip's Android: "[2][662][system_server]" */
	"_(C)[P:N]",      /* MediaTek: " (0)[123:comm]" */
	"-(C)[P:N]",      /* MediaTek, interrupts off */
	"_cC P (N) ",     /* Marvell: "c0 1 (swapper/0) " */
};

struct task {
	uint32_t cpu, pid;
};

static bool take_number(const char *s, size_t len, size_t *i, uint32_t *out)
{
	size_t from = *i;
	uint32_t v = 0;

	while (*i < len && *i - from < 9 && s[*i] >= '0' && s[*i] <= '9')
		v = v * 10 + (uint32_t)(s[(*i)++] - '0');
	*out = v;
	return *i > from;
}

/* A name ends at the last character that may end it: a kworker's has colons. */
static bool take_name(const char *s, size_t len, size_t *i, char end)
{
	enum { NAME_MAX_BYTES = 24 };
	size_t to = len - *i < NAME_MAX_BYTES ? len : *i + NAME_MAX_BYTES;
	size_t last = *i;

	for (size_t k = *i; k < to; k++) {
		if (s[k] == end)
			last = k;
		if (s[k] == ']' || s[k] == '[')
			break;
	}
	if (last == *i)
		return false;
	*i = last;
	return true;
}

static size_t form_len(const char *form, const char *s, size_t len, struct task *t)
{
	size_t i = 0;

	for (const char *f = form; *f; f++) {
		bool ok = true;

		switch (*f) {
		case '_':
			while (i < len && s[i] == ' ')
				i++;
			break;
		case 'C':
			ok = take_number(s, len, &i, &t->cpu);
			break;
		case 'P':
			ok = take_number(s, len, &i, &t->pid);
			break;
		case 'N':
			ok = take_name(s, len, &i, f[1]);
			break;
		default:
			ok = i < len && s[i] == *f;
			i++;
		}
		if (!ok)
			return 0;
	}
	return i;
}

size_t prefix_vendor_len(const char *s, size_t len, struct prefix *out)
{
	for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
		struct task t = { 0 };
		size_t n = form_len(forms[k], s, len, &t);

		if (n == 0)
			continue;
		/* Each CPU has an idle task of pid 0. */
		out->caller = t.pid > 0 ? 'T' : 'C';
		out->caller_id = t.pid > 0 ? t.pid : t.cpu;
		return n;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig oops`: any console log in, every incident out, as a page or as JSON. Reads in
 * chunks, so that memory stays flat; what was found is all it keeps. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>

#include "parse/oops.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { CHUNK = 256 * 1024 };

struct printer {
	bool as_json;
	uint64_t n;
};

static const char usage[] =
	"usage: bootrig oops [--json] [FILE or -]\n"
	"Read a console log and report every failure of the kernel in it.\n";

static void print_json(struct printer *p, const struct incident *in)
{
	_cleanup_json_ json_t *o = incident_to_json(in);
	size_t len;
	_cleanup_free_ char *s = json_line(o, &len);

	printf("%s\n%.*s", p->n ? "," : "", (int)len - 1, s);
}

static void print_clean(const char *label, const char *s)
{
	if (!s)
		return;
	printf("  %-10s ", label);
	for (; *s; s++)
		putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
	putchar('\n');
}

static void print_page(struct printer *p, const struct incident *in)
{
	if (p->n)
		putchar('\n');
	printf("%s: ", incident_kind_to_str(in->kind));
	for (const char *s = in->title; *s; s++)
		putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
	printf("\n  %-10s %" PRIu64, "line", in->line);
	if (in->printk_s >= 0)
		printf(" at [%.6f]", in->printk_s);
	if (in->boot)
		printf(", boot %u", in->boot);
	printf("%s%s%s\n", in->fatal ? "" : ", not fatal",
	       in->panicked ? ", panicked" : "", in->truncated ? ", cut off" : "");
	if (in->has_fault_address)
		printf("  %-10s 0x%" PRIx64 "\n", "address", in->fault_address);
	if (in->has_esr)
		printf("  %-10s 0x%" PRIx64 "\n", "ESR", in->esr);
	print_clean("function", in->function);
	print_clean("module", in->module);
	print_clean("pc", in->pc);
	print_clean("lr", in->lr);
	if (in->cpu >= 0)
		printf("  %-10s %d\n", "CPU", in->cpu);
	print_clean("comm", in->comm);
	print_clean("kernel", in->kernel);
	print_clean("tainted", in->tainted);
	print_clean("hardware", in->hardware);
	for (size_t i = 0; i < in->n_frames; i++) {
		const struct incident_frame *f = &in->frames[i];

		printf("  %-10s %s%s+0x%" PRIx64 "/0x%" PRIx64, i ? "" : "trace",
		       f->reliable ? "" : "? ", f->function, f->offset, f->size);
		if (f->module)
			printf(" [%s]", f->module);
		putchar('\n');
	}
	if (in->n_secondary)
		printf("  %-10s %u more of its kind followed\n", "", in->n_secondary);
}

static void on_opened(void *arg, const struct incident *in)
{
}

static void on_closed(void *arg, const struct incident *in)
{
	struct printer *p = arg;

	if (p->as_json)
		print_json(p, in);
	else
		print_page(p, in);
	p->n++;
}

static int read_all(int fd, struct oops_reader *r)
{
	_cleanup_free_ char *buf = xmalloc(CHUNK);

	for (;;) {
		ssize_t n = read(fd, buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		oops_feed(r, buf, (size_t)n, 0);
	}
}

static int run(const char *path, bool as_json)
{
	static const struct oops_ops ops = { .opened = on_opened, .closed = on_closed };
	static const struct oops_opts opts = { .has_times = false };
	struct printer p = { .as_json = as_json };
	_cleanup_close_ int fd = -1;
	struct oops_reader *r;
	int err;

	if (path) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0) {
			fprintf(stderr, "bootrig oops: %s: %s\n", path, strerror(errno));
			return EXIT_USAGE;
		}
		/* Only a hint: a pipe refuses it. */
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	if (as_json)
		printf("{\"schema\":\"bootrig.oops/1\",\"incidents\":[");
	r = oops_new(&opts, &ops, &p);
	err = read_all(path ? fd : STDIN_FILENO, r);
	oops_end(r);
	oops_free(r);
	if (as_json)
		printf("%s]}\n", p.n ? "\n" : "");
	else if (p.n == 0 && err == 0)
		puts("no incident");
	if (err < 0) {
		fprintf(stderr, "bootrig oops: %s: %s\n", path ? path : "standard input",
			strerror(-err));
		return EXIT_USAGE;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "bootrig oops: cannot write the report\n");
		return EXIT_USAGE;
	}
	return 0;
}

int cmd_oops(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "vmlinux", required_argument, NULL, 'v' },
		{ "hypothesis", required_argument, NULL, 'y' },
		{ NULL, 0, NULL, 0 },
	};
	bool as_json = false;
	const char *path = NULL;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			as_json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
		case 'y':
			fprintf(stderr, "bootrig oops: %s comes with the diagnosis\n",
				c == 'v' ? "--vmlinux" : "--hypothesis");
			return EXIT_USAGE;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		path = argv[optind];
	return run(path, as_json);
}

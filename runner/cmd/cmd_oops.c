// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig oops`: any console log in, every incident out, as a page or as JSON. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>

#include "cmd/oops_command.h"
#include "util/mem.h"
#include "util/strvec.h"

static const char usage[] =
	"usage: bootrig oops [--vmlinux FILE] [--module FILE]...\n"
	"                    [--hypothesis FILE]... [--json] [FILE or -]\n"
	"Read a console log, report every failure of the kernel in it, and explain it.\n"
	"  --vmlinux FILE   the build that ran: vmlinux with debug information, or a BTF\n"
	"                   file; gives source lines and the member that was accessed\n"
	"  --module FILE    a module's .ko with debug information; may be repeated\n"
	"  --hypothesis FILE  what you believe (docs/hypotheses.md); judged clause by "
	"clause\n"
	"  --json           for machines (docs/result.md); exit status is 0 whatever the "
	"log\n"
	"                   holds, 129 when it cannot be read\n";

struct options {
	bool as_json;
	const char *vmlinux; /* borrowed from argv, as is path */
	struct strvec modules;
	struct hypotheses hypotheses;
	const char *path; /* NULL: standard input */
};

static int complain(const char *what, const char *why)
{
	bool is_said = strncmp(why, what, strlen(what)) == 0;

	fprintf(stderr, "bootrig oops: %s%s%s\n", is_said ? "" : what,
		is_said ? "" : ": ", why);
	return EXIT_USAGE;
}

static int open_build(const struct options *o, struct build **out)
{
	struct err err;

	*out = NULL;
	if (!o->vmlinux)
		return o->modules.n ? complain("--module", "it needs --vmlinux") : 0;
	if (build_open(o->vmlinux, out, &err) < 0)
		return complain(o->vmlinux, err.msg);
	for (size_t i = 0; i < o->modules.n; i++)
		if (build_add_module(*out, o->modules.v[i], &err) < 0)
			return complain(o->modules.v[i], err.msg);
	return 0;
}

static int load_hypotheses(const char *path, struct hypotheses *out)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = hypotheses_load(path, out, &msgs, &err);

	for (size_t i = 0; i < msgs.v.n; i++)
		fprintf(stderr, "%s\n", msgs.v.v[i]);
	if (r < 0 && msgs.v.n == 0)
		complain(path, err.msg);
	strvec_release(&msgs.v);
	return r < 0 ? EXIT_USAGE : 0;
}

static int run(const struct options *o)
{
	struct oops_command_opts opts = { .as_json = o->as_json,
					  .color = !o->as_json && isatty(STDOUT_FILENO),
					  .hypotheses = &o->hypotheses };
	const char *name = o->path ? o->path : "standard input";
	_cleanup_close_ int file_fd = -1;
	int fd = STDIN_FILENO, err;

	if (o->path) {
		file_fd = fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return complain(name, strerror(errno));
		/* Only a hint: a pipe refuses it. */
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	err = open_build(o, &opts.build);
	if (err == 0) {
		int got = oops_command(fd, stdout, &opts);

		if (got < 0)
			err = complain(name, strerror(-got));
		else if (fflush(stdout) != 0 || ferror(stdout))
			err = complain("standard output", "cannot write the report");
	}
	build_close(opts.build);
	return err;
}

/* 0 to go on; -1: help was printed. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "vmlinux", required_argument, NULL, 'v' },
		{ "module", required_argument, NULL, 'm' },
		{ "hypothesis", required_argument, NULL, 'y' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->as_json = true;
			break;
		case 'v':
			o->vmlinux = optarg;
			break;
		case 'm':
			strvec_add(&o->modules, optarg);
			break;
		case 'y':
			if (load_hypotheses(optarg, &o->hypotheses))
				return EXIT_USAGE;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
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
		o->path = argv[optind];
	return 0;
}

int cmd_oops(int argc, char **argv)
{
	struct options o = { .hypotheses = HYPOTHESES_INIT };
	int status = parse_options(argc, argv, &o);

	if (status == 0)
		status = run(&o);
	strvec_release(&o.modules);
	hypotheses_release(&o.hypotheses);
	return status < 0 ? 0 : status;
}

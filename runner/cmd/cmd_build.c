// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig build`: one point of a series, built or taken out of the pool. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>

#include "cmd/build_page.h"
#include "cmd/cmd.h"
#include "kernel/build_export.h"
#include "parse/job_cells.h"
#include "parse/job_spec.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"

static const char usage[] =
	"usage: bootrig build --base BASE [--series SERIES] [--upto N|NAME|COMMIT]\n"
	"       [--config NAME|FILE]... [--config-base TARGET|FILE] [--arch ARCH] [--cross PREFIX]\n"
	"       [--module DIR] [--command LINE] [--pool DIR] [--jobs N] [--cached] [--json]\n"
	"       [--quiet] [--out DIR]\n"
	"       bootrig build --job JOB --kernel CELL [--pool DIR] … [--out DIR]\n"
	"\n"
	"Build kernel, device trees, modules and vmlinux of one point of a patch series, or find\n"
	"them built. Prints the directory that holds them.\n"
	"\n"
	"  --base BASE    Debian source package (linux-source-6.12), tarball, kernel tree, or git\n"
	"                 repository (#REVISION behind it, default HEAD)\n"
	"  --series S     directory with a file \"series\", mbox, or with a git base A..B or a commit\n"
	"  --upto N       the first N patches; or up to the one of this name or commit\n"
	"  --config C     configuration fragment: a file, or NAME for NAME.config in ./kernels/configs\n"
	"                 or in configs/ two directories above the series; the last one counts\n"
	"  --config-base  what they go on top of: allnoconfig (default), defconfig, … or a file\n"
	"  --arch, --cross  ARCH= (default arm64) and CROSS_COMPILE= (default: by arch and host)\n"
	"  --module DIR   an out-of-tree module that is built along\n"
	"  --command LINE another builder: a shell line, see docs/kernel-build.md\n"
	"  --pool DIR     source and object trees, finished builds (~/.cache/bootrig/kernels)\n"
	"  --jobs N       make -j\n"
	"  --cached       build nothing; exit status 129 when it is not there\n"
	"  --json         what was built, as JSON\n"
	"  --quiet        no progress\n"
	"  --out DIR      a copy of the finished build\n"
	"\n"
	"Exit status: 0 built; 125 a patch does not apply or the source does not compile (what\n"
	"`git bisect run` skips); 129 bad usage, file or configuration; 130 interrupted; 131 disk,\n"
	"tools or packages.\n";

enum { MAX_JOBS = 4096 };

struct args {
	struct job_build point;
	const char *job_path, *cell, *module, *pool, *out;
	uint32_t jobs;
	bool cached, json, quiet;
};

/* A kernel tree has a directory virt/, which is no fragment. */
static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* A path, or the name of a fragment that lies where this project keeps them. NULL: a name
 * that is nowhere, and that was told. */
static char *find_config(const char *name, const char *series)
{
	char *path = xasprintf("kernels/configs/%s.config", name);

	if (strchr(name, '/') || is_file(name)) {
		free(path);
		return xstrdup(name);
	}
	if (!is_file(path) && series) {
		free(path);
		path = xasprintf("%s/../../configs/%s.config", series, name);
	}
	if (is_file(path))
		return path;
	if (!strchr(name, '.'))
		fprintf(stderr,
			"bootrig build: --config %s: no such file, and no %s.config in "
			"kernels/configs or two directories above the series\n",
			name, name);
	free(path);
	return strchr(name, '.') ? xstrdup(name) : NULL;
}

static bool find_configs(struct job_build *p)
{
	bool is_found = true;

	for (size_t i = 0; i < p->configs.n; i++) {
		char *path = find_config(p->configs.v[i], p->series);

		if (!path) {
			is_found = false;
			continue;
		}
		free(p->configs.v[i]);
		p->configs.v[i] = path;
	}
	return is_found;
}

static void release_point(struct job_build *p)
{
	char *const strings[] = { p->base,  p->series,      p->upto,   p->arch,
				  p->cross, p->config_base, p->command };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(strings[i]);
	strvec_release(&p->configs);
}

static void put(char **to, const char *value)
{
	free(*to);
	*to = xstrdup(value);
}

static int bad_usage(const char *what)
{
	fprintf(stderr, "bootrig build: %s\n", what);
	return EXIT_USAGE;
}

enum { O_CONFIG_BASE = 256, O_CELL, O_MODULE, O_COMMAND, O_POOL };

static int take_option(struct args *a, int o, const char *value)
{
	switch (o) {
	case 's':
		put(&a->point.series, value);
		break;
	case 'u':
		put(&a->point.upto, value);
		break;
	case 'b':
		put(&a->point.base, value);
		break;
	case 'c':
		strvec_add(&a->point.configs, value);
		break;
	case O_CONFIG_BASE:
		put(&a->point.config_base, value);
		break;
	case 'a':
		put(&a->point.arch, value);
		break;
	case 'x':
		put(&a->point.cross, value);
		break;
	case O_MODULE:
		a->module = value;
		break;
	case O_COMMAND:
		put(&a->point.command, value);
		break;
	case O_POOL:
		a->pool = value;
		break;
	case 'J':
		a->job_path = value;
		break;
	case O_CELL:
		a->cell = value;
		break;
	case 'j':
		if (parse_u32(value, 10, MAX_JOBS, &a->jobs) || !a->jobs)
			return bad_usage("--jobs: expected a number from 1 to 4096");
		break;
	case 'C':
		a->cached = true;
		break;
	case 'n':
		a->json = true;
		break;
	case 'q':
		a->quiet = true;
		break;
	case 'o':
		a->out = value;
		break;
	default: /* getopt's, not ours */
		fputs(usage, o == 'h' ? stdout : stderr);
		return o == 'h' ? 0 : EXIT_USAGE;
	}
	return -1;
}

static int parse_args(struct args *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "series", required_argument, NULL, 's' },
		{ "upto", required_argument, NULL, 'u' },
		{ "base", required_argument, NULL, 'b' },
		{ "config", required_argument, NULL, 'c' },
		{ "config-base", required_argument, NULL, O_CONFIG_BASE },
		{ "arch", required_argument, NULL, 'a' },
		{ "cross", required_argument, NULL, 'x' },
		{ "module", required_argument, NULL, O_MODULE },
		{ "command", required_argument, NULL, O_COMMAND },
		{ "pool", required_argument, NULL, O_POOL },
		{ "job", required_argument, NULL, 'J' },
		{ "kernel", required_argument, NULL, O_CELL },
		{ "jobs", required_argument, NULL, 'j' },
		{ "cached", no_argument, NULL, 'C' },
		{ "json", no_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "out", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int status = -1;

	optind = 1;
	for (int o;
	     status < 0 && (o = getopt_long(argc, argv, "hqo:j:", options, NULL)) != -1;)
		status = take_option(a, o, optarg);
	if (status >= 0)
		return status;
	if (optind != argc)
		return bad_usage("an argument too many; see bootrig build --help");
	if (!a->job_path && !a->point.base)
		return bad_usage("expected --base, or --job and --kernel");
	if (!a->job_path != !a->cell)
		return bad_usage("--job and --kernel go together");
	if (a->job_path && (a->point.base || a->point.series || a->point.configs.n))
		return bad_usage(
			"with --job, base, series and configurations are the job's");
	if (!a->point.arch)
		put(&a->point.arch, "arm64");
	return find_configs(&a->point) ? -1 : EXIT_USAGE;
}

/* ---- building -----------------------------------------------------------------------
 */

/* A source that cannot become a kernel is that commit's, not the caller's mistake. */
static int status_of(const struct err *err)
{
	int status = cmd_failed("build", err);

	return status == EXIT_USAGE && (err->code == -EBADMSG || err->code == -EREMOTEIO)
		       ? EXIT_UNTESTABLE
		       : status;
}

static int print_json(const struct kernel_built *built, const char *dir, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/build.json", built->dir);
	_cleanup_json_ json_t *j = json_load_file(path, 0, NULL);

	if (!json_is_object(j))
		return err_set(err, ERR_LAB, -EIO, "%s cannot be read", path);
	json_put(j, "dir", json_lossy_str(dir));
	json_put(j, "from_cache", json_boolean(built->from_cache));
	json_put(j, "compiled", json_integer((json_int_t)built->objects));
	json_put(j, "ms", json_integer(built->ms));
	size_t len;
	_cleanup_free_ char *line = json_line(j, &len);
	int r = io_write_all(STDOUT_FILENO, line, len);
	return r ? err_set(err, ERR_LAB, r, "standard output: %s", strerror(-r)) : 0;
}

static int tell(const struct args *a, const struct kernel_built *built, struct err *err)
{
	const char *dir = a->out ?: built->dir;

	if (!a->quiet && built->from_cache)
		fprintf(stderr, "build: %s was built before\n", built->release);
	else if (!a->quiet)
		fprintf(stderr, "build: %s, %llu objects compiled, %.1f s\n",
			built->release, (unsigned long long)built->objects,
			(double)built->ms / 1e3);
	if (a->json)
		return print_json(built, dir, err);
	puts(dir);
	return 0;
}

static int build(const struct args *a, const struct job_build *point,
		 const struct job_config *config, int cancel_fd)
{
	struct build_page page = build_page_open(a->quiet ? -1 : STDERR_FILENO);
	struct kernel_built built = { .dir = NULL };
	struct err err = ERR_INIT;
	const struct kernel_build b = { .point = point,
					.config = config,
					.pool = a->pool,
					.jobs = a->jobs,
					.module = a->module,
					.only_cached = a->cached,
					.task = { .deadline = DEADLINE_NEVER,
						  .cancel_fd = cancel_fd },
					.progress = build_page_progress,
					.progress_arg = &page };
	int r = kernel_build(&b, &built, &err);

	if (!r && a->out)
		r = kernel_build_export(&built, a->out, &b.task, &err);
	build_page_close(&page);
	if (!r)
		r = tell(a, &built, &err);
	kernel_built_release(&built);
	return r ? status_of(&err) : 0;
}

static int load_job(const char *path, struct job_spec **job)
{
	struct spec_messages msgs = { .v = STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = job_spec_load(path, job, &msgs, &err);

	for (size_t i = 0; r && i < msgs.v.n; i++)
		fprintf(stderr, "%s\n", msgs.v.v[i]);
	if (r && !msgs.v.n)
		fprintf(stderr, "bootrig build: %s\n", err.msg);
	strvec_release(&msgs.v);
	return r;
}

static int build_cell(const struct args *a, int cancel_fd)
{
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;
	struct job_spec *job = NULL;
	int status = EXIT_USAGE;

	if (load_job(a->job_path, &job))
		return EXIT_USAGE;
	job_cells_list(&job->kernels, &cells);
	const struct job_cell *cell = job_cells_find(&cells, a->cell);
	if (!cell)
		cmd_no_such_cell("build", a->job_path, &cells, a->cell);
	else if (cell->kernel->from != JOB_KERNEL_BUILD)
		fprintf(stderr, "%s:%u:%u: kernel %s needs no build\n", a->job_path,
			cell->kernel->mark.line, cell->kernel->mark.col, a->cell);
	else
		status = build(a, &cell->kernel->build, cell->config, cancel_fd);
	job_spec_free(job);
	return status;
}

int cmd_build(int argc, char **argv)
{
	struct args a = { .jobs = 0 };
	struct err err = ERR_INIT;
	int cancel_fd, status = parse_args(&a, argc, argv);

	if (status < 0 && cmd_take_signals(0, &cancel_fd, &err)) {
		status = cmd_failed("build", &err);
	} else if (status < 0) {
		status = a.job_path ? build_cell(&a, cancel_fd)
				    : build(&a, &a.point, NULL, cancel_fd);
		close(cancel_fd);
	}
	release_point(&a.point);
	return status;
}

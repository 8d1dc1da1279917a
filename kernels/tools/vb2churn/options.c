// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* Owns the defaults and the help text. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "churn.h"

static const char help[] =
	"usage: vb2churn [OPTION]...\n"
	"\n"
	"Tests and stresses the write fences that a memory-to-memory video device puts into the\n"
	"dma-bufs that it writes to. KTAP on standard output; exit status 0 pass, 1 fail, 4 skip.\n"
	"\n"
	"  -D, --device PATH      video device (default: the one of vim2m). Raw frames in and out;\n"
	"                         codecs and devices that need requests (hantro, rkvdec) are skipped\n"
	"  -e, --expbuf           dma-bufs from the device itself (default: from /dev/udmabuf)\n"
	"  -H, --heap PATH        dma-bufs from this file of /dev/dma_heap\n"
	"  -n, --no-checks        only churn\n"
	"  -T, --seconds N        length of the churn (60; 0: only the checks)\n"
	"  -S, --seed N           of all random choices (default: a random one, which is printed)\n"
	"  -b, --heartbeat N      seconds between two, after those at 0.25, 0.5, 1 … (15)\n"
	"  -L, --lava             cycles also as a LAVA test case with a measurement\n"
	"\n"
	"Shape of the churn. A session opens the device and streams in rounds. Each round ends by\n"
	"VIDIOC_STREAMOFF with buffers queued, as a seek does.\n"
	"  -t, --threads N        sessions at the same time (3)\n"
	"  -p, --pool N           dma-bufs that all of them choose from (6)\n"
	"  -d, --distinct         no two sessions share a dma-buf\n"
	"  -o, --jobs N           times that a round fills its queues (50)\n"
	"  -r, --rounds N         rounds until the session ends and its buffers are freed (7)\n"
	"  -m, --job-ms N         time that a job takes, with vim2m (1)\n"
	"  -x, --storm            queue and flush only: no job ever runs\n"
	"\n"
	"How often the failure has a chance. On a kernel that leaves something wrong in a dma-buf\n"
	"when streaming stops, it shows when that dma-buf is used again.\n"
	"  -k, --keep N           after a stop use the same dma-bufs in one of N cases, at random,\n"
	"                         and new ones otherwise (1: always the same)\n"
	"  -R, --rate X           rounds begun in a second by each thread, at random times (0: no pause)\n"
	"\n"
	"Mean time to failure on such a kernel is about N rounds, each of 1/X + jobs * job time seconds:\n"
	"v1a with --distinct --threads 1 in QEMU: 0.6 s, with --keep 10 4 s, --keep 100 100 s,\n"
	"--keep 1000 9 min (README.md)\n";

static const struct option words[] = {
	{ "device", required_argument, NULL, 'D' },
	{ "expbuf", no_argument, NULL, 'e' },
	{ "heap", required_argument, NULL, 'H' },
	{ "no-checks", no_argument, NULL, 'n' },
	{ "seconds", required_argument, NULL, 'T' },
	{ "seed", required_argument, NULL, 'S' },
	{ "heartbeat", required_argument, NULL, 'b' },
	{ "lava", no_argument, NULL, 'L' },
	{ "threads", required_argument, NULL, 't' },
	{ "pool", required_argument, NULL, 'p' },
	{ "distinct", no_argument, NULL, 'd' },
	{ "jobs", required_argument, NULL, 'o' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "job-ms", required_argument, NULL, 'm' },
	{ "storm", no_argument, NULL, 'x' },
	{ "keep", required_argument, NULL, 'k' },
	{ "rate", required_argument, NULL, 'R' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static struct options defaults(void)
{
	struct options o = { .threads = 3,
			     .pool = 6,
			     .seconds = 60,
			     .jobs = 50,
			     .rounds = 7,
			     .job_ms = 1,
			     .keep = 1,
			     .heartbeat_s = 15 };

	if (getrandom(&o.seed, sizeof(o.seed), GRND_NONBLOCK) != sizeof(o.seed))
		o.seed = 1; /* too early in the boot */
	o.seed &= UINT32_MAX;
	return o;
}

static bool number(const char *s, unsigned int min, unsigned int max, unsigned int *out)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(s, &end, 10);
	if (errno || *end || end == s || *s == '-' || n < min || n > max)
		return false;
	*out = (unsigned int)n;
	return true;
}

static bool seed(const char *s, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(s, &end, 0);
	return !errno && !*end && end != s;
}

static bool rate(const char *s, double *out)
{
	char *end;

	*out = strtod(s, &end);
	return !*end && end != s && *out >= 0 && *out <= 1e6;
}

/* false: the value is nothing that this option can be. */
static bool take_option(struct options *o, int letter, const char *value)
{
	switch (letter) {
	case 'D':
		o->device = value;
		return true;
	case 'e':
		o->exporter.from = FROM_EXPBUF;
		return true;
	case 'H':
		o->exporter.from = FROM_HEAP;
		o->exporter.path = value;
		return true;
	case 'n':
		o->no_checks = true;
		return true;
	case 'd':
		o->is_distinct = true;
		return true;
	case 'x':
		o->is_storm = true;
		return true;
	case 'L':
		o->has_lava = true;
		return true;
	case 'T':
		return number(value, 0, 30 * 24 * 3600, &o->seconds);
	case 'b':
		return number(value, 1, 3600, &o->heartbeat_s);
	case 't':
		return number(value, 1, MAX_THREADS, &o->threads);
	case 'p':
		return number(value, 1, MAX_POOL, &o->pool);
	case 'o':
		return number(value, 1, 1000000, &o->jobs);
	case 'r':
		return number(value, 1, 1000000, &o->rounds);
	case 'm':
		return number(value, 0, 10000, &o->job_ms);
	case 'k':
		return number(value, 1, 1000000000, &o->keep);
	case 'S':
		return seed(value, &o->seed);
	case 'R':
		return rate(value, &o->rate);
	}
	return false;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	*o = defaults();
	while ((letter = getopt_long(argc, argv, "D:eH:nT:S:b:Lt:p:do:r:m:xk:R:h", words,
				     NULL)) != -1) {
		if (letter == 'h') {
			fputs(help, stdout);
			return 1;
		}
		if (letter == '?')
			return 2;
		if (!take_option(o, letter, optarg)) {
			fprintf(stderr, "vb2churn: -%c cannot be %s\n", letter, optarg);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "vb2churn: what is %s? see --help\n", argv[optind]);
		return 2;
	}
	return 0;
}

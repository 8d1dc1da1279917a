// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig keeper`: the process that owns the relay lines of this host and user. */
#include <errno.h>
#include <getopt.h>

#include "cmd/cmd.h"
#include "hw/keeper.h"
#include "util/jsonx.h"

enum { STOP_MS = 5000 };

static const char usage[] =
	"usage: bootrig keeper [--on-demand]\n"
	"       bootrig keeper --stop\n"
	"\n"
	"Own the relay lines of this host, for `bootrig run` and `bootrig power`, which start it\n"
	"when they need it. Under systemd with FileDescriptorStoreMax= the lines outlive a restart.\n"
	"\n"
	"  --on-demand  end when no board is left to keep\n"
	"  --stop       end the keeper that runs, unless a board is in use; its lines go back to\n"
	"               what their driver does with a line that nobody holds\n"
	"\n"
	"Exit status: 0; 129 bad usage; 131 the lab is broken.\n";

static int wait_plain(void *arg, int fd, struct deadline d, struct err *err)
{
	return cmd_wait(fd, -1, d, err);
}

static int stop(void)
{
	const struct power_env env = { .wait = wait_plain };
	struct keeper *k = NULL;
	struct err err = ERR_INIT;
	int r = keeper_open(&env, false, &k, &err);

	if (r == -ENOENT || r == -ECONNREFUSED)
		return 0;
	if (!r)
		r = keeper_ask(k, json_pack("{s:s}", "do", "stop"),
			       deadline_in_ms(STOP_MS), NULL, &err);
	keeper_close(k);
	return r ? cmd_failed("keeper", &err) : 0;
}

/* Somebody who keeps descriptors started us: systemd, or ourselves. */
static int serve(bool is_on_demand, struct err *err)
{
	struct keeper_opts opts = { .hw = &keeper_gpio, .is_on_demand = is_on_demand };
	const char *const argv[] = { "bootrig", "keeper",
				     is_on_demand ? "--on-demand" : NULL, NULL };
	const char *notify = getenv("NOTIFY_SOCKET");
	int fd = -1, r = cmd_take_signals(0, &fd, err);

	if (r)
		return r;
	opts.stop_fd = fd;
	r = notify && notify[0] ? keeper_serve(&opts, err) : keeper_hold(argv, fd, err);
	close(fd);
	return r;
}

int cmd_keeper(int argc, char **argv)
{
	static const struct option options[] = {
		{ "on-demand", no_argument, NULL, 'd' },
		{ "stop", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool is_on_demand = false, do_stop = false;
	struct err err = ERR_INIT;

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (o == 'd')
			is_on_demand = true;
		else if (o == 's')
			do_stop = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (argc != optind) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (do_stop)
		return stop();
	int r = serve(is_on_demand, &err);
	/* The other one does what we were started for. */
	if (r == -EALREADY && is_on_demand)
		return 0;
	return r < 0 ? cmd_failed("keeper", &err) : r;
}

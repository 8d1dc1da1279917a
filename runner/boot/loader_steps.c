// SPDX-License-Identifier: GPL-2.0-or-later
/* Files are summed as soon as nothing else is loaded next: by then all are where they
 * will lie, so one that lies on another shows, and what is done to a device tree
 * afterwards (`fdt set`) does not. */
#include "boot/loader_steps.h"

#include "boot/uboot.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum role { KERNEL, RAMDISK, DTB, N_ROLES };

static const struct {
	const char *word, *variable;
} roles[N_ROLES] = { { "{KERNEL}", "${kernel_addr_r}" },
		     { "{RAMDISK}", "${ramdisk_addr_r}" },
		     { "{DTB}", "${fdt_addr_r}" } };

struct making {
	const struct board_boot *board;
	const struct loader_words *words;
	const struct staged *staged;
	struct loader_steps *out;
	char *loaded_to[N_ROLES]; /* loaded and not summed yet */
	bool has_line[N_ROLES];   /* the user's own line loads it */
	bool has_lines;           /* some of them are loaded so */
	bool by_environment;      /* U-Boot itself chooses the addresses */
};

static const struct staged_file *file_of(const struct staged *st, size_t role)
{
	const struct staged_file *const files[N_ROLES] = { &st->kernel, &st->ramdisk,
							   &st->dtb };

	return files[role]->name ? files[role] : NULL;
}

static struct loader_step *add(struct making *m, char *take_line)
{
	struct loader_steps *o = m->out;

	o->v = xreallocarray(o->v, o->n + 1, sizeof(*o->v));
	o->v[o->n] = (struct loader_step){ .line = take_line };
	return &o->v[o->n++];
}

static char *load_line(const char *address, const char *tftp_path)
{
	return xasprintf("tftpboot %s %s", address, tftp_path);
}

static void add_load(struct making *m, const char *address, const struct staged_file *f)
{
	add(m, load_line(address, f->tftp_path));
}

/* A plan does not know the size of what is still to be fetched. */
static char *sum_line(const char *address, const struct staged_file *f)
{
	return f->size ? xasprintf("crc32 %s %llx", address, (unsigned long long)f->size)
		       : xasprintf("crc32 %s SIZE", address);
}

static void add_sum(struct making *m, const char *address, const struct staged_file *f,
		    bool as_booted)
{
	struct loader_step *s = add(m, sum_line(address, f));

	s->sum_of = f;
	s->address = xstrdup(address);
	s->as_booted = as_booted;
}

static void sum_loaded(struct making *m, bool as_booted)
{
	for (size_t i = 0; i < N_ROLES; i++) {
		if (m->loaded_to[i])
			add_sum(m, m->loaded_to[i], file_of(m->staged, i), as_booted);
		free(m->loaded_to[i]);
		m->loaded_to[i] = NULL;
	}
}

/* `pxe boot` asks the environment, whatever the board file says for other commands. */
static const char *address_of(const struct making *m, size_t role)
{
	const char *const given[N_ROLES] = { m->board->kernel_addr,
					     m->board->ramdisk_addr, m->board->dtb_addr };

	return given[role] && !m->by_environment ? given[role] : roles[role].variable;
}

/* U-Boot loads overlays one after the other to the same place. */
static void add_overlays(struct making *m)
{
	static const char address[] = "${fdtoverlay_addr_r}";

	for (size_t i = 0; i < m->staged->n_overlays; i++) {
		add_load(m, address, &m->staged->overlays[i]);
		add_sum(m, address, &m->staged->overlays[i], false);
	}
}

/* The tree that U-Boot will choose: asked for, and loaded to where it will lie. */
static void load_tree(struct making *m)
{
	const struct staged_file *dir = &m->staged->fdtdir.dir;
	_cleanup_free_ char *path =
		xasprintf("%s/" LOADER_TREE_WORD, dir->tftp_path ?: "");

	add(m, xstrdup(UBOOT_FDTFILE_COMMAND))->asks_tree = true;
	add(m, load_line(roles[DTB].variable, path))->of_tree = true;
}

static void sum_tree(struct making *m)
{
	add_sum(m, roles[DTB].variable, &m->out->tree, false);
	m->out->v[m->out->n - 1].of_tree = true;
}

static void load_before(struct making *m)
{
	bool has_tree = m->staged->fdtdir.dir.name != NULL;

	sum_loaded(m, true);
	for (size_t i = 0; i < N_ROLES; i++) {
		const struct staged_file *f = file_of(m->staged, i);

		if (!f || m->has_line[i])
			continue;
		m->loaded_to[i] = xstrdup(address_of(m, i));
		add_load(m, m->loaded_to[i], f);
	}
	if (has_tree)
		load_tree(m);
	add_overlays(m);
	sum_loaded(m, false);
	if (has_tree)
		sum_tree(m);
}

/* "tftpboot ADDRESS {KERNEL}": which file, and *address; N_ROLES: another line. */
static size_t role_of(const struct making *m, const char *line, char **address)
{
	char command[16], to[64], word[16], rest[2];

	if (sscanf(line, "%15s %63s %15s %1s", command, to, word, rest) != 3 ||
	    (strcmp(command, "tftpboot") != 0 && strcmp(command, "tftp") != 0))
		return N_ROLES;
	for (size_t i = 0; i < N_ROLES; i++) {
		if (strcmp(word, roles[i].word) != 0 || !file_of(m->staged, i))
			continue;
		*address = loader_words_expand(to, m->board, m->words);
		return i;
	}
	return N_ROLES;
}

static void add_line(struct making *m, const char *line)
{
	add(m, loader_words_expand(line, m->board, m->words));
}

static void find_own_loads(struct making *m, const struct strvec *lines)
{
	for (size_t i = 0; i + 1 < lines->n; i++) {
		_cleanup_free_ char *address = NULL;
		size_t role = role_of(m, lines->v[i], &address);

		if (role < N_ROLES)
			m->has_lines = m->has_line[role] = true;
	}
}

static void add_boot_lines(struct making *m, const struct strvec *lines)
{
	for (size_t i = 0; i + 1 < lines->n; i++) {
		char *address = NULL;
		size_t role = role_of(m, lines->v[i], &address);

		if (role == N_ROLES)
			sum_loaded(m, true);
		add_line(m, lines->v[i]);
		if (role == N_ROLES)
			continue;
		free(m->loaded_to[role]);
		m->loaded_to[role] = address;
	}
	sum_loaded(m, true);
}

static void add_all(struct making *m, const struct strvec *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		add_line(m, lines->v[i]);
}

void loader_steps(const struct board_boot *board, const struct job_boot *boot,
		  const struct loader_words *words, const struct staged *staged,
		  bool verify_ram, struct loader_steps *out)
{
	bool is_list = boot->commands == JOB_COMMANDS_LIST;
	const struct strvec *lines =
		is_list ? &boot->command_list : &board->boot_commands;
	struct making m = { .board = board,
			    .words = words,
			    .staged = staged,
			    .out = out,
			    .by_environment =
				    !is_list && board->method != BOARD_BOOT_SCRIPT };

	add_all(&m, &board->setup);
	if (!is_list)
		add_all(&m, &board->network);
	if (!verify_ram || !lines->n) {
		add_all(&m, lines);
		return;
	}
	find_own_loads(&m, lines);
	/* A job's own lines bring up the network themselves. */
	if (!is_list)
		load_before(&m);
	add_boot_lines(&m, lines);
	if (is_list && !m.has_lines)
		load_before(&m);
	add_line(&m, lines->v[lines->n - 1]);
}

static void choose(struct loader_steps *steps, const struct staged_tree *tree,
		   const struct staged_tree_file *f)
{
	steps->tree = (struct staged_file){
		.name = xasprintf("%s/%s", tree->dir.name, f->path),
		.tftp_path = xasprintf("%s/%s", tree->dir.tftp_path, f->path),
		.size = f->size,
		.sha256 = f->sha256,
		.crc32 = f->crc32,
	};
}

void loader_steps_choose(struct loader_steps *steps, const struct staged_tree *tree,
			 const char *path)
{
	const struct staged_tree_file *f = staged_tree_find(tree, path);

	if (f && !steps->tree.name)
		choose(steps, tree, f);
	for (size_t i = 0; i < steps->n; i++) {
		struct loader_step *s = &steps->v[i];

		if (!s->of_tree)
			continue;
		free(s->line);
		s->line = !f ? NULL
			  : s->sum_of
				  ? sum_line(s->address, s->sum_of)
				  : load_line(roles[DTB].variable, steps->tree.tftp_path);
	}
}

void loader_steps_release(struct loader_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		free(steps->v[i].line);
		free(steps->v[i].address);
	}
	free(steps->v);
	free(steps->tree.name);
	free(steps->tree.tftp_path);
	*steps = (struct loader_steps)LOADER_STEPS_INIT;
}

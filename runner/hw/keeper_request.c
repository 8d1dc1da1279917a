// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests to the keeper. Whoever may open its socket may be wrong or old: nothing is
 * believed before it was checked here. */
#include "hw/keeper_request.h"

#include <errno.h>

#include "util/jsonx.h"
#include "util/mem.h"

static int refuse(struct err *err, const char *what)
{
	return err_set(err, ERR_LAB, -EPROTO, "the keeper did not understand: %s", what);
}

static bool is_name(const char *s)
{
	size_t len = strlen(s);

	if (!len || len >= KEEPER_NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f ||
		    s[i] == '/' || s[i] == ':')
			return false;
	return true;
}

static bool get_name(const json_t *j, const char *key, char out[KEEPER_NAME_SIZE])
{
	const char *s = json_get_str(j, key, "");

	if (!is_name(s))
		return false;
	snprintf(out, KEEPER_NAME_SIZE, "%s", s);
	return true;
}

static char *dup_str(const json_t *j, const char *key)
{
	return xstrdup_or_null(json_get_str(j, key, NULL));
}

/* ---- a claim ---- */

static int line_from_json(const json_t *j, struct board_line *l, struct err *err)
{
	int64_t type = json_get_int(j, "type", -1), offset = json_get_int(j, "offset", 0),
		max = json_get_int(j, "max_press_ms", 0);
	const json_t *with = json_object_get(j, "only_with"), *w;
	char name[KEEPER_NAME_SIZE];
	size_t i;

	if (!get_name(j, "name", name))
		return refuse(err, "a line without a name");
	l->name = xstrdup(name);
	l->chip = dup_str(j, "chip");
	l->path = dup_str(j, "path");
	l->line = dup_str(j, "line");
	if (type < BOARD_LINE_LEVEL || type > BOARD_LINE_INPUT || offset < 0 ||
	    offset > UINT16_MAX || max < 0 || max > BOARD_MAX_STEP_MS)
		return refuse(err, "a number of a line");
	if (!l->line && !l->chip && !l->path)
		return refuse(err, "a line without a place");
	l->type = (enum board_line_type)type;
	l->offset = (uint32_t)offset;
	l->active_low = json_get_bool(j, "active_low", false);
	l->max_press_ms = max;
	if (json_array_size(with) > BOARD_MAX_LINES)
		return refuse(err, "too many lines of an interlock");
	json_array_foreach(with, i, w)
	{
		if (!json_is_string(w))
			return refuse(err, "an interlock");
		strvec_add(&l->only_with, json_string_value(w));
	}
	return 0;
}

static int step_from_json(const json_t *j, const struct keeper_claim *c,
			  struct board_step *s, struct err *err)
{
	int64_t kind = json_get_int(j, "kind", -1), ms = json_get_int(j, "ms", 0),
		unless = json_get_int(j, "unless", 0);
	int line = keeper_claim_line(c, json_get_str(j, "line", ""));

	if (kind < BOARD_STEP_SET || kind > BOARD_STEP_WAIT || ms < 0 ||
	    ms > BOARD_MAX_STEP_MS || unless < BOARD_ALWAYS || unless > BOARD_UNLESS_ON)
		return refuse(err, "a step");
	if (kind != BOARD_STEP_WAIT &&
	    (line < 0 || c->lines[line].type == BOARD_LINE_INPUT))
		return refuse(err, "a step's line");
	*s = (struct board_step){ .kind = (enum board_step_kind)kind,
				  .ms = ms,
				  .unless = (enum board_unless)unless,
				  .line = line < 0 ? 0 : (size_t)line };
	return 0;
}

int keeper_claim_line(const struct keeper_claim *c, const char *name)
{
	for (size_t i = 0; i < c->n_lines; i++)
		if (c->lines[i].name && strcmp(c->lines[i].name, name) == 0)
			return (int)i;
	return -1;
}

int keeper_claim_from_json(const json_t *j, struct keeper_claim *out, struct err *err)
{
	const json_t *lines = json_object_get(j, "lines"),
		     *off = json_object_get(j, "off"), *item;
	int r = 0;
	size_t i;

	*out = (struct keeper_claim){ .keep_on_death = json_get_bool(j, "keep", false) };
	if (!get_name(j, "board", out->board))
		return refuse(err, "a board's name");
	if (!json_array_size(lines) || json_array_size(lines) > BOARD_MAX_LINES ||
	    json_array_size(off) > BOARD_MAX_STEPS)
		return refuse(err, "the number of lines or steps");
	out->lines = xcalloc(BOARD_MAX_LINES, sizeof(*out->lines));
	out->off = xcalloc(BOARD_MAX_STEPS, sizeof(*out->off));
	json_array_foreach(lines, i, item)
	{
		if (!r && keeper_claim_line(out, json_get_str(item, "name", "")) >= 0)
			r = refuse(err, "two lines of one name");
		out->n_lines++;
		if (!r)
			r = line_from_json(item, &out->lines[i], err);
	}
	out->sense_line = keeper_claim_line(out, json_get_str(j, "sense", ""));
	out->sense_powered = json_get_bool(j, "powered", true);
	json_array_foreach(off, i, item)
	{
		if (!r)
			r = step_from_json(item, out, &out->off[out->n_off++], err);
	}
	return r;
}

static json_t *line_to_json(const struct board_line *l)
{
	json_t *j = json_object();

	json_put(j, "name", json_lossy_str(l->name));
	if (l->chip)
		json_put(j, "chip", json_lossy_str(l->chip));
	if (l->path)
		json_put(j, "path", json_lossy_str(l->path));
	if (l->line)
		json_put(j, "line", json_lossy_str(l->line));
	json_put(j, "offset", json_integer(l->offset));
	json_put(j, "type", json_integer(l->type));
	json_put(j, "active_low", json_boolean(l->active_low));
	json_put(j, "max_press_ms", json_integer((json_int_t)l->max_press_ms));
	json_put(j, "only_with", json_lossy_strs(&l->only_with));
	return j;
}

json_t *keeper_claim_to_json(const struct keeper_claim *c)
{
	json_t *j = json_object(), *lines = json_array(), *off = json_array();

	json_put(j, "board", json_lossy_str(c->board));
	json_put(j, "keep", json_boolean(c->keep_on_death));
	if (c->sense_line >= 0)
		json_put(j, "sense", json_lossy_str(c->lines[c->sense_line].name));
	json_put(j, "powered", json_boolean(c->sense_powered));
	for (size_t i = 0; i < c->n_lines; i++)
		json_push(lines, line_to_json(&c->lines[i]));
	for (size_t i = 0; i < c->n_off; i++) {
		json_t *s = json_object();

		json_put(s, "kind", json_integer(c->off[i].kind));
		json_put(s, "ms", json_integer((json_int_t)c->off[i].ms));
		json_put(s, "unless", json_integer(c->off[i].unless));
		if (c->off[i].kind != BOARD_STEP_WAIT)
			json_put(s, "line",
				 json_lossy_str(c->lines[c->off[i].line].name));
		json_push(off, s);
	}
	json_put(j, "lines", lines);
	json_put(j, "off", off);
	return j;
}

static void copy_line(const struct board_line *from, struct board_line *to)
{
	*to = *from;
	to->name = xstrdup(from->name);
	to->chip = xstrdup_or_null(from->chip);
	to->path = xstrdup_or_null(from->path);
	to->line = xstrdup_or_null(from->line);
	to->only_with = (struct strvec)STRVEC_INIT;
	for (size_t i = 0; i < from->only_with.n; i++)
		strvec_add(&to->only_with, from->only_with.v[i]);
}

/* The keeper sees neither the console nor the reason of an off: of that sequence it knows
 * the moves and the waits. */
void keeper_claim_of(const struct board_spec *board, struct keeper_claim *out)
{
	const struct board_power *p = &board->power;
	const struct board_sequence *off = board_power_sequence(p, "off");

	*out = (struct keeper_claim){
		.keep_on_death = p->keep_on_worker_death,
		.sense_line = p->has_sense ? (int)p->sense_line : -1,
		.sense_powered = p->sense_powered,
	};
	snprintf(out->board, sizeof(out->board), "%s", board->board);
	out->lines = xcalloc(p->n_lines ? p->n_lines : 1, sizeof(*out->lines));
	out->n_lines = p->n_lines;
	for (size_t i = 0; i < p->n_lines; i++)
		copy_line(&p->lines[i], &out->lines[i]);
	out->off = xcalloc(BOARD_MAX_STEPS, sizeof(*out->off));
	for (size_t i = 0; off && i < off->n_steps; i++)
		if (off->steps[i].kind <= BOARD_STEP_WAIT)
			out->off[out->n_off++] = off->steps[i];
}

void keeper_claim_release(struct keeper_claim *c)
{
	for (size_t i = 0; i < c->n_lines; i++) {
		free(c->lines[i].name);
		free(c->lines[i].chip);
		free(c->lines[i].path);
		free(c->lines[i].line);
		strvec_release(&c->lines[i].only_with);
	}
	free(c->lines);
	free(c->off);
	*c = (struct keeper_claim){ .lines = NULL };
}

/* ---- requests ---- */

static const char *const verbs[] = {
	[KEEPER_CLAIM] = "claim",     [KEEPER_BEGIN] = "begin",
	[KEEPER_SET] = "set",         [KEEPER_PRESS] = "press",
	[KEEPER_GET] = "get",         [KEEPER_END] = "end",
	[KEEPER_BYE] = "bye",         [KEEPER_STATUS] = "status",
	[KEEPER_RELEASE] = "release", [KEEPER_STOP] = "stop",
};

static int find_verb(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i], word) == 0)
			return (int)i;
	return -1;
}

static int read_begin(const json_t *j, struct keeper_request *q, struct err *err)
{
	const json_t *lines = json_object_get(j, "lines"), *l;
	size_t i;

	if (json_array_size(lines) > BOARD_MAX_LINES)
		return refuse(err, "too many lines of a sequence");
	json_array_foreach(lines, i, l)
	{
		if (!json_is_string(l) || !is_name(json_string_value(l)))
			return refuse(err, "a line of a sequence");
		strvec_add(&q->lines, json_string_value(l));
	}
	return 0;
}

static int read_members(const json_t *j, struct keeper_request *q, struct err *err)
{
	switch (q->verb) {
	case KEEPER_CLAIM:
		return keeper_claim_from_json(json_object_get(j, "claim"), &q->claim,
					      err);
	case KEEPER_BEGIN:
		return read_begin(j, q, err);
	case KEEPER_RELEASE:
		return get_name(j, "board", q->board) ? 0 : refuse(err, "which board");
	case KEEPER_SET:
	case KEEPER_PRESS:
	case KEEPER_GET:
		q->value = json_get_bool(j, "value", false);
		q->ms = json_get_int(j, "ms", 0);
		if (q->verb == KEEPER_PRESS && (q->ms < 1 || q->ms > BOARD_MAX_STEP_MS))
			return refuse(err, "for how long");
		return get_name(j, "line", q->line) ? 0 : refuse(err, "which line");
	case KEEPER_STATUS:
		if (json_object_get(j, "board") && !get_name(j, "board", q->board))
			return refuse(err, "which board");
		break;
	case KEEPER_END:
	case KEEPER_BYE:
	case KEEPER_STOP:
		break;
	}
	return 0;
}

int keeper_request_parse(const char *text, size_t len, struct keeper_request *out,
			 struct err *err)
{
	_cleanup_json_ json_t *j = NULL;
	int verb;

	*out = (struct keeper_request){ .lines = STRVEC_INIT };
	if (len <= KEEPER_MAX_MESSAGE)
		j = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(j))
		return refuse(err, "no JSON object");
	verb = find_verb(json_get_str(j, "do", ""));
	if (verb < 0)
		return refuse(err, "what to do");
	out->verb = (enum keeper_verb)verb;
	return read_members(j, out, err);
}

void keeper_request_release(struct keeper_request *q)
{
	keeper_claim_release(&q->claim);
	strvec_release(&q->lines);
}

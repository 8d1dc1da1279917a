// SPDX-License-Identifier: GPL-2.0-or-later
/* What a client says to the keeper, one JSON object a message, as checked structs. Bytes
 * in, struct out: no relay is known here. */
#pragma once

#include <jansson.h>

#include "parse/board_spec.h"

enum {
	KEEPER_MAX_MESSAGE = 65536,
	KEEPER_NAME_SIZE = 64, /* of a board, a line or a sequence, with its NUL */
	KEEPER_WHY_SIZE = 256, /* of a reason */
};

enum keeper_verb {
	KEEPER_CLAIM,   /* these are my board's lines; I am their user from now on */
	KEEPER_BEGIN,   /* a sequence that drives these lines */
	KEEPER_SET,     /* a line, to a value */
	KEEPER_PRESS,   /* a momentary line; answered when it is open again */
	KEEPER_GET,     /* read a line back */
	KEEPER_END,     /* of the sequence: momentary lines open */
	KEEPER_BYE,     /* I am done; everything stays as it is */
	KEEPER_STATUS,  /* of all boards */
	KEEPER_RELEASE, /* give a board's lines back to the kernel */
	KEEPER_STOP,    /* end, unless a board has a user */
};

/* A board as the keeper knows it. */
struct keeper_claim {
	char board[KEEPER_NAME_SIZE];
	struct board_line *lines;
	size_t n_lines;
	/* Run when the user dies; set, clear, press and wait only. */
	struct board_step *off;
	size_t n_off;
	bool keep_on_death;
	int sense_line; /* index of the input that shows power; -1 = none */
	bool sense_powered;
};

struct keeper_request {
	enum keeper_verb verb;
	struct keeper_claim claim;    /* claim */
	char board[KEEPER_NAME_SIZE]; /* release; status, where it may be empty */
	char line[KEEPER_NAME_SIZE];  /* set, press, get */
	struct strvec lines;          /* begin */
	bool value;                   /* set */
	int64_t ms;                   /* press */
};

/* 0, or ERR_LAB -EPROTO. Release it also when it failed. */
MUST_CHECK int keeper_request_parse(const char *text, size_t len,
				    struct keeper_request *out, struct err *err);
void keeper_request_release(struct keeper_request *q);

json_t *keeper_claim_to_json(const struct keeper_claim *c);
MUST_CHECK int keeper_claim_from_json(const json_t *j, struct keeper_claim *out,
				      struct err *err);
/* What a board file's power section means to the keeper. */
void keeper_claim_of(const struct board_spec *board, struct keeper_claim *out);
void keeper_claim_release(struct keeper_claim *c);
/* Index, or -1. */
int keeper_claim_line(const struct keeper_claim *c, const char *name);

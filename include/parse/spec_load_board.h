// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a board file that have a file of their own. Private to
 * parse/board_spec*.c. */
#pragma once

#include "parse/board_spec.h"
#include "parse/yaml.h"

/* char *: one shell line, or a list of them that run until one fails; {board_dir} is the
 * directory of the board file. */
void board_load_shell(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *str);
/* The text with {board_dir} replaced by the directory of the board file. The caller owns
 * it. */
char *board_expand_dir(const char *s, const char *dir);

/* base is the struct board_spec. */
void board_load_console(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *board);
void board_load_power(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *board);
void board_load_boot(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *board);
void board_load_recovery(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *board);
/* A duration of a step: some time, but never for ever. base is the int64_t. */
void board_load_step_ms(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ms);
/* base is the struct board_power. */
void board_load_lines(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *power);
void board_load_sense(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *power);
/* Steps of one sequence, after the lines were loaded. */
void board_load_steps(struct spec_report *r, const struct yaml_node *n, const char *what,
		      const struct board_power *p, struct board_sequence *s);
/* What lines, sense and steps need of each other. */
void board_check_sense(struct spec_report *r, const struct yaml_node *n,
		       struct board_power *p);
void board_check_lines(struct spec_report *r, const struct board_power *p);
void board_release_lines(struct board_power *p);
/* repair: of the board; its strvec. */
void board_load_repair(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *strvec);
/* limits.silence: a duration, or one for each stage; base is the limits. */
void board_load_silence(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *limits);
/* upload:; its struct. */
void board_load_upload(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *upload);
/* capture:; its struct. */
void board_load_capture(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *capture);
/* boot.kernel_defaults; the strvec. */
void board_load_kernel_defaults(struct spec_report *r, const struct yaml_node *n,
				const char *what, void *strvec);
/* The dialogue with the boot loader; the first two for one member, the others for the
 * struct board_boot. */
void board_load_ctrl_list(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str);
void board_load_method(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *method);
void board_load_network(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *boot);
void board_load_media(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *boot);
/* Defaults that depend on other keys, and what these parts need of each other. */
void board_settle_boot(struct spec_report *r, struct board_spec *b);
void board_settle_recovery(struct spec_report *r, struct board_spec *b);
void board_settle_kernel_defaults(struct board_spec *b);
void board_settle_loader(struct spec_report *r, struct board_spec *b);
void board_release_console(struct board_spec *b);
void board_release_power(struct board_spec *b);
void board_release_boot(struct board_spec *b);
void board_release_recovery(struct board_spec *b);

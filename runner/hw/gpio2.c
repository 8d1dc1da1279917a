// SPDX-License-Identifier: GPL-2.0-or-later
/* libgpiod 2 (Debian 13). */
#include <errno.h>
#include <gpiod.h>

#include "hw/gpio_lib.h"
#include "util/mem.h"

struct gpio_chip {
	struct gpiod_chip *chip;
	struct gpiod_chip_info *info;
};

struct gpio_handle {
	struct gpiod_line_request *request;
	unsigned int offset;
};

const char *gpio_lib_version(void)
{
	return gpiod_api_version();
}

int gpio_chip_open(const char *path, struct gpio_chip **out)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpiod_chip_info *info = chip ? gpiod_chip_get_info(chip) : NULL;

	if (!info) {
		int r = -errno;

		if (chip)
			gpiod_chip_close(chip);
		return r;
	}
	*out = xcalloc(1, sizeof(**out));
	**out = (struct gpio_chip){ .chip = chip, .info = info };
	return 0;
}

void gpio_chip_close(struct gpio_chip *c)
{
	if (!c)
		return;
	gpiod_chip_info_free(c->info);
	gpiod_chip_close(c->chip);
	free(c);
}

const char *gpio_chip_label(const struct gpio_chip *c)
{
	return gpiod_chip_info_get_label(c->info);
}

uint32_t gpio_chip_n_lines(const struct gpio_chip *c)
{
	return (uint32_t)gpiod_chip_info_get_num_lines(c->info);
}

int gpio_chip_look(struct gpio_chip *c, uint32_t offset, struct gpio_info *out)
{
	struct gpiod_line_info *l = gpiod_chip_get_line_info(c->chip, offset);
	const char *name, *consumer;

	if (!l)
		return -errno;
	name = gpiod_line_info_get_name(l);
	consumer = gpiod_line_info_get_consumer(l);
	*out = (struct gpio_info){
		.is_used = gpiod_line_info_is_used(l),
		.is_output =
			gpiod_line_info_get_direction(l) == GPIOD_LINE_DIRECTION_OUTPUT,
		.is_active_low = gpiod_line_info_is_active_low(l),
	};
	snprintf(out->name, sizeof(out->name), "%s", name ? name : "");
	snprintf(out->consumer, sizeof(out->consumer), "%s", consumer ? consumer : "");
	gpiod_line_info_free(l);
	return 0;
}

/* The three objects that a request is made of. */
struct recipe {
	struct gpiod_line_settings *settings;
	struct gpiod_line_config *lines;
	struct gpiod_request_config *request;
};

static void recipe_release(struct recipe *r)
{
	int saved = errno;

	gpiod_line_settings_free(r->settings);
	gpiod_line_config_free(r->lines);
	gpiod_request_config_free(r->request);
	errno = saved;
}

static struct recipe recipe_new(void)
{
	struct recipe r = { .settings = gpiod_line_settings_new(),
			    .lines = gpiod_line_config_new(),
			    .request = gpiod_request_config_new() };

	if (!r.settings || !r.lines || !r.request)
		BUG("out of memory");
	return r;
}

static enum gpiod_line_value value_of(bool value)
{
	return value ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}

/* The line is ours, and nothing moved: drive it with the value that it has. */
static int drive_as_is(struct recipe *r, struct gpiod_line_request *q,
		       unsigned int offset)
{
	enum gpiod_line_value v = gpiod_line_request_get_value(q, offset);

	if (v == GPIOD_LINE_VALUE_ERROR)
		return -errno;
	gpiod_line_config_reset(r->lines);
	gpiod_line_settings_set_direction(r->settings, GPIOD_LINE_DIRECTION_OUTPUT);
	gpiod_line_settings_set_output_value(r->settings, v);
	if (gpiod_line_config_add_line_settings(r->lines, &offset, 1, r->settings) ||
	    gpiod_line_request_reconfigure_lines(q, r->lines))
		return -errno;
	return 0;
}

static int request(struct recipe *r, struct gpiod_chip *chip, unsigned int offset,
		   const struct gpio_request *q, struct gpiod_line_request **out)
{
	static const enum gpiod_line_direction directions[] = {
		[GPIO_OUTPUT] = GPIOD_LINE_DIRECTION_OUTPUT,
		[GPIO_INPUT] = GPIOD_LINE_DIRECTION_INPUT,
		[GPIO_AS_IS] = GPIOD_LINE_DIRECTION_AS_IS,
	};
	int ret = 0;

	gpiod_line_settings_set_direction(r->settings, directions[q->mode]);
	gpiod_line_settings_set_active_low(r->settings, q->active_low);
	gpiod_line_settings_set_output_value(r->settings, value_of(q->value));
	gpiod_request_config_set_consumer(r->request, q->consumer);
	if (gpiod_line_config_add_line_settings(r->lines, &offset, 1, r->settings))
		return -errno;
	*out = gpiod_chip_request_lines(chip, r->request, r->lines);
	if (!*out)
		return -errno;
	if (q->mode == GPIO_AS_IS)
		ret = drive_as_is(r, *out, offset);
	if (ret)
		gpiod_line_request_release(*out);
	return ret;
}

int gpio_handle_request(struct gpio_chip *take_c, uint32_t offset,
			const struct gpio_request *q, struct gpio_handle **out)
{
	struct gpiod_line_request *req = NULL;
	struct recipe recipe = recipe_new();
	int r = request(&recipe, take_c->chip, offset, q, &req);

	recipe_release(&recipe);
	gpio_chip_close(take_c); /* the request lives without it */
	if (r)
		return r;
	*out = xcalloc(1, sizeof(**out));
	**out = (struct gpio_handle){ .request = req, .offset = offset };
	return 0;
}

void gpio_handle_release(struct gpio_handle *h)
{
	gpiod_line_request_release(h->request);
	free(h);
}

int gpio_handle_set(struct gpio_handle *h, bool value)
{
	return gpiod_line_request_set_value(h->request, h->offset, value_of(value))
		       ? -errno
		       : 0;
}

int gpio_handle_get(struct gpio_handle *h, bool *value)
{
	enum gpiod_line_value v = gpiod_line_request_get_value(h->request, h->offset);

	*value = v == GPIOD_LINE_VALUE_ACTIVE;
	return v == GPIOD_LINE_VALUE_ERROR ? -errno : 0;
}

int gpio_handle_fd(const struct gpio_handle *h)
{
	return gpiod_line_request_get_fd(h->request);
}

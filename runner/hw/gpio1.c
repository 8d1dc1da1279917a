// SPDX-License-Identifier: GPL-2.0-or-later
/* libgpiod 1 (Debian 12, Ubuntu 24.04). */
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>

#include "hw/gpio_lib.h"
#include "util/mem.h"

struct gpio_chip {
	struct gpiod_chip *chip;
	const char *label; /* the chip's */
};

struct gpio_handle {
	struct gpio_chip *chip;
	struct gpiod_line *line;
	int fd;
};

const char *gpio_lib_version(void)
{
	return gpiod_version_string();
}

int gpio_chip_open(const char *path, struct gpio_chip **out)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);

	if (!chip)
		return -errno;
	*out = xcalloc(1, sizeof(**out));
	(*out)->chip = chip;
	(*out)->label = gpiod_chip_label(chip);
	return 0;
}

void gpio_chip_close(struct gpio_chip *c)
{
	if (!c)
		return;
	gpiod_chip_close(c->chip);
	free(c);
}

const char *gpio_chip_label(const struct gpio_chip *c)
{
	return c->label;
}

uint32_t gpio_chip_n_lines(const struct gpio_chip *c)
{
	return gpiod_chip_num_lines(c->chip);
}

int gpio_chip_look(struct gpio_chip *c, uint32_t offset, struct gpio_info *out)
{
	struct gpiod_line *l = gpiod_chip_get_line(c->chip, offset);
	const char *name, *consumer;

	if (!l || gpiod_line_update(l))
		return -errno;
	name = gpiod_line_name(l);
	consumer = gpiod_line_consumer(l);
	*out = (struct gpio_info){
		.is_used = gpiod_line_is_used(l),
		.is_output = gpiod_line_direction(l) == GPIOD_LINE_DIRECTION_OUTPUT,
		.is_active_low =
			gpiod_line_active_state(l) == GPIOD_LINE_ACTIVE_STATE_LOW,
	};
	snprintf(out->name, sizeof(out->name), "%s", name ? name : "");
	snprintf(out->consumer, sizeof(out->consumer), "%s", consumer ? consumer : "");
	return 0;
}

/* The library does not tell the descriptor of a request, and without a copy of it no line
 * survives its process. The kernel gives the lowest free number: take a note of that
 * number before, and believe it only when a line handle stands there after. */
static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd;
}

static bool is_line_handle(int fd)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strcmp(target, "anon_inode:gpio-linehandle") == 0;
}

static int request(struct gpiod_line *l, const struct gpio_request *q)
{
	static const int types[] = {
		[GPIO_OUTPUT] = GPIOD_LINE_REQUEST_DIRECTION_OUTPUT,
		[GPIO_INPUT] = GPIOD_LINE_REQUEST_DIRECTION_INPUT,
		[GPIO_AS_IS] = GPIOD_LINE_REQUEST_DIRECTION_AS_IS,
	};
	const struct gpiod_line_request_config config = {
		.consumer = q->consumer,
		.request_type = types[q->mode],
		.flags = q->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0,
	};
	int value;

	if (gpiod_line_request(l, &config, q->value))
		return -errno;
	if (q->mode != GPIO_AS_IS)
		return 0;
	value = gpiod_line_get_value(l);
	return value < 0 || gpiod_line_set_direction_output(l, value) ? -errno : 0;
}

int gpio_handle_request(struct gpio_chip *take_c, uint32_t offset,
			const struct gpio_request *q, struct gpio_handle **out)
{
	struct gpiod_line *l = gpiod_chip_get_line(take_c->chip, offset);
	int fd = next_fd(), r = l ? request(l, q) : -errno;

	if (r) {
		gpio_chip_close(take_c);
		return r;
	}
	*out = xcalloc(1, sizeof(**out));
	**out = (struct gpio_handle){ .chip = take_c,
				      .line = l,
				      .fd = is_line_handle(fd) ? fd : -1 };
	return 0;
}

void gpio_handle_release(struct gpio_handle *h)
{
	gpiod_line_release(h->line);
	gpio_chip_close(h->chip);
	free(h);
}

int gpio_handle_set(struct gpio_handle *h, bool value)
{
	return gpiod_line_set_value(h->line, value) ? -errno : 0;
}

int gpio_handle_get(struct gpio_handle *h, bool *value)
{
	int v = gpiod_line_get_value(h->line);

	*value = v > 0;
	return v < 0 ? -errno : 0;
}

int gpio_handle_fd(const struct gpio_handle *h)
{
	return h->fd;
}

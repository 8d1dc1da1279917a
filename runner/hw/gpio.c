// SPDX-License-Identifier: GPL-2.0-or-later
/* One requested line, by libgpiod or by a descriptor that outlived its process, and what
 * can go wrong with it in words. */
#include "hw/gpio.h"

#include <errno.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>

#include "hw/gpio_lib.h"
#include "util/mem.h"

struct gpio_line {
	struct gpio_place where;
	struct gpio_handle *handle; /* NULL: adopted, fd is ours */
	int fd;
	bool is_v2; /* of the kernel's interface; adopted only */
};

static int say(const struct gpio_place *w, int r, const char *doing, struct err *err)
{
	if (r == -ENODEV || r == -ENXIO || r == -ENOENT)
		return err_set(
			err, ERR_LAB, -ENODEV,
			"%s %s: the GPIO chip %s (%s) went away; was its cable pulled?",
			doing, w->name[0] ? w->name : "line", w->path, w->chip);
	return err_set(err, ERR_LAB, r, "%s %s line %u (%s): %s", doing, w->path,
		       w->offset, w->name[0] ? w->name : w->chip, strerror(-r));
}

static int say_busy(const struct gpio_place *w, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct gpio_info info = { .consumer = "" };
	bool known = !gpio_look(w, &info, &ignored) && info.consumer[0];

	return err_set(err, ERR_LAB, -EBUSY,
		       "%s line %u (%s) is held by %s%s%s; end that first", w->path,
		       w->offset, w->name[0] ? w->name : w->chip, known ? "\"" : "",
		       known ? info.consumer : "another program or the kernel",
		       known ? "\"" : "");
}

int gpio_request(const struct gpio_place *where, const struct gpio_request *q,
		 struct gpio_line **out, struct err *err)
{
	struct gpio_handle *h = NULL;
	struct gpio_chip *c;
	int r = gpio_chip_open(where->path, &c);

	if (!r)
		r = gpio_handle_request(c, where->offset, q, &h);
	if (r == -EBUSY)
		return say_busy(where, err);
	if (r)
		return say(where, r, "requesting", err);
	*out = xcalloc(1, sizeof(**out));
	**out = (struct gpio_line){ .where = *where,
				    .handle = h,
				    .fd = gpio_handle_fd(h) };
	return 0;
}

/* Both of the kernel's interfaces tell by the name of the descriptor which they are. */
static int kind_of(int fd, bool *is_v2)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	*is_v2 = strcmp(target, "anon_inode:gpio-line") == 0;
	return *is_v2 || strcmp(target, "anon_inode:gpio-linehandle") == 0 ? 0 : -EBADF;
}

int gpio_adopt(const struct gpio_place *where, int take_fd, struct gpio_line **out,
	       struct err *err)
{
	struct gpio_line l = { .where = *where, .fd = take_fd };
	bool value;
	int r = kind_of(take_fd, &l.is_v2);

	if (r)
		say(where, r, "adopting", err);
	else
		r = gpio_get(&l, &value, err);
	if (r) {
		close(take_fd);
		return r;
	}
	*out = xcalloc(1, sizeof(**out));
	**out = l;
	return 0;
}

void gpio_release(struct gpio_line *l)
{
	if (!l)
		return;
	if (l->handle)
		gpio_handle_release(l->handle);
	else
		close(l->fd);
	free(l);
}

static int adopted_set(const struct gpio_line *l, bool value)
{
	struct gpiohandle_data v1 = { .values = { value } };
	struct gpio_v2_line_values v2 = { .bits = value, .mask = 1 };
	int r = l->is_v2 ? ioctl(l->fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &v2)
			 : ioctl(l->fd, GPIOHANDLE_SET_LINE_VALUES_IOCTL, &v1);

	return r ? -errno : 0;
}

static int adopted_get(const struct gpio_line *l, bool *value)
{
	struct gpiohandle_data v1 = { .values = { 0 } };
	struct gpio_v2_line_values v2 = { .bits = 0, .mask = 1 };
	int r = l->is_v2 ? ioctl(l->fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &v2)
			 : ioctl(l->fd, GPIOHANDLE_GET_LINE_VALUES_IOCTL, &v1);

	*value = l->is_v2 ? v2.bits & 1 : v1.values[0] != 0;
	return r ? -errno : 0;
}

int gpio_set(struct gpio_line *l, bool value, struct err *err)
{
	int r = l->handle ? gpio_handle_set(l->handle, value) : adopted_set(l, value);

	return r ? say(&l->where, r, "setting", err) : 0;
}

int gpio_get(struct gpio_line *l, bool *value, struct err *err)
{
	int r = l->handle ? gpio_handle_get(l->handle, value) : adopted_get(l, value);

	return r ? say(&l->where, r, "reading", err) : 0;
}

int gpio_fd(const struct gpio_line *l)
{
	return l->fd;
}

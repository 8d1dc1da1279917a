// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of the host's lines a board file means. Every chip is looked at, because a name
 * that stands on two of them must not choose one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>

#include "hw/gpio_lib.h"
#include "util/io.h"
#include "util/mem.h"

enum { MAX_CHIPS = 256 };

static int is_chip(const struct dirent *d)
{
	return strncmp(d->d_name, "gpiochip", 8) == 0;
}

/* The device above the chip's has the driver: platform, USB interface or I2C client. */
static void find_driver(const char *path, char *out, size_t size)
{
	_cleanup_free_ char *dev = realpath(path, NULL);
	_cleanup_free_ char *sys =
		xasprintf("/sys/bus/gpio/devices/%s", dev ? basename(dev) : "");
	_cleanup_free_ char *real = realpath(sys, NULL);
	_cleanup_free_ char *link = xasprintf("%s/../driver", real ? real : "");
	_cleanup_free_ char *driver = realpath(link, NULL);

	snprintf(out, size, "%s", real && driver ? basename(driver) : "");
}

struct search {
	const struct board_line *want;
	struct gpio_place *out;
	char other[160]; /* a second line of that name */
	size_t n_chips, n_lines, n_forbidden;
	uint32_t chip_lines; /* of the last chip that fits */
};

static void found(struct search *s, const char *path, const char *label, uint32_t offset,
		  const struct gpio_info *info)
{
	if (s->n_lines++) {
		snprintf(s->other, sizeof(s->other), "%s (%s) line %u", path, label,
			 offset);
		return;
	}
	snprintf(s->out->path, sizeof(s->out->path), "%s", path);
	snprintf(s->out->chip, sizeof(s->out->chip), "%s", label);
	snprintf(s->out->name, sizeof(s->out->name), "%s", info->name);
	s->out->offset = offset;
}

static void search_lines(struct search *s, struct gpio_chip *c, const char *path)
{
	const char *label = gpio_chip_label(c);
	uint32_t n = gpio_chip_n_lines(c);
	struct gpio_info info;

	s->n_chips++;
	s->chip_lines = n;
	if (!s->want->line) {
		if (s->want->offset < n && !gpio_chip_look(c, s->want->offset, &info))
			found(s, path, label, s->want->offset, &info);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		if (!gpio_chip_look(c, i, &info) && strcmp(info.name, s->want->line) == 0)
			found(s, path, label, i, &info);
}

static int search_chip(struct search *s, const char *path)
{
	struct gpio_chip *c;
	int r = gpio_chip_open(path, &c);

	if (r == -EACCES || r == -EPERM)
		s->n_forbidden++;
	if (r)
		return r;
	if (!s->want->chip || strcmp(gpio_chip_label(c), s->want->chip) == 0)
		search_lines(s, c, path);
	gpio_chip_close(c);
	return 0;
}

static void search_all(struct search *s)
{
	struct dirent **names;
	int n = scandir("/dev", &names, is_chip, versionsort);

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = xasprintf("/dev/%s", names[i]->d_name);

		if (i < MAX_CHIPS)
			(void)search_chip(s, path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static int say_no_chip(const struct search *s, int r, struct err *err)
{
	const struct board_line *l = s->want;

	if (s->n_forbidden)
		return err_set(
			err, ERR_LAB, -EACCES,
			"line %s: this user may not open the GPIO chips; a udev rule or membership in their group (gpio) helps",
			l->name);
	if (l->path)
		return err_set(err, ERR_LAB, r == -ENOENT || r == -ENXIO ? -ENODEV : r,
			       "line %s: %s is no GPIO chip: %s", l->name, l->path,
			       strerror(-r));
	if (l->chip)
		return err_set(
			err, ERR_LAB, -ENODEV,
			"line %s: no chip has the label \"%s\"; gpiodetect shows the GPIO chips that are there",
			l->name, l->chip);
	return err_set(err, ERR_LAB, -ENODEV, "line %s: this host has no GPIO chip",
		       l->name);
}

static int say_no_line(const struct search *s, struct err *err)
{
	const struct board_line *l = s->want;
	const char *on = l->chip ? l->chip : l->path ? l->path : NULL;

	if (!l->line)
		return err_set(err, ERR_LAB, -ENOENT,
			       "line %s: chip %s has %u lines and no number %u", l->name,
			       on, s->chip_lines, l->offset);
	return err_set(err, ERR_LAB, -ENOENT,
		       "line %s: no line has the name \"%s\" on %s%s", l->name, l->line,
		       on ? "chip " : "any chip", on ? on : "");
}

int gpio_find(const struct board_line *l, struct gpio_place *out, struct err *err)
{
	struct search s = { .want = l, .out = out };
	int r = 0;

	*out = (struct gpio_place){ .path = "" };
	if (l->path)
		r = search_chip(&s, l->path);
	else
		search_all(&s);
	if (!s.n_chips)
		return say_no_chip(&s, r, err);
	if (!s.n_lines)
		return say_no_line(&s, err);
	if (s.n_lines > 1)
		return err_set(
			err, ERR_LAB, -ENOTUNIQ,
			"line %s: \"%s\" is both %s (%s) line %u and %s; say which with chip: or path:",
			l->name, l->line ? l->line : l->chip, out->path, out->chip,
			out->offset, s.other);
	find_driver(out->path, out->driver, sizeof(out->driver));
	return 0;
}

int gpio_look(const struct gpio_place *where, struct gpio_info *out, struct err *err)
{
	struct gpio_chip *c = NULL;
	int r = gpio_chip_open(where->path, &c);

	if (!r)
		r = gpio_chip_look(c, where->offset, out);
	gpio_chip_close(c);
	return r ? err_set(err, ERR_LAB, r, "%s line %u: %s", where->path, where->offset,
			   strerror(-r))
		 : 0;
}

/* Since Linux 6.11, and in Raspberry Pi's own kernels, a parameter says. */
static bool bcm2835_persists(void)
{
	static const char path[] =
		"/sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs";
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	return !io_read_file_at(AT_FDCWD, path, 16, &sb) && strbuf_str(&sb)[0] == 'Y';
}

/* From the drivers' free functions in Linux (drivers/gpio, drivers/pinctrl,
 * drivers/usb/serial). */
const char *gpio_at_release(const char *driver)
{
	static const struct {
		const char *driver, *says;
	} drivers[] = {
		{ "gpio-sim", "goes back to its pull" },
		{ "gpio-mockup", "goes back to its pull" },
		{ "rockchip-gpio", "keeps its level" },
		{ "pl061_gpio", "keeps its level" },
		{ "pca953x", "keeps its level" },
		{ "ftdi_sio", "keeps its level" },
		{ "cp210x", "keeps its level" },
	};

	if (strcmp(driver, "pinctrl-bcm2835") == 0)
		return bcm2835_persists() ? "keeps its level (persist_gpio_outputs)"
					  : "becomes an input";
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i].driver, driver) == 0)
			return drivers[i].says;
	return "is not known for this driver";
}

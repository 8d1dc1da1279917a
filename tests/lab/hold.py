# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds a GPIO line as another program would: hold.py CHIP OFFSET CONSUMER.

By the kernel's own call, so that it does not matter which gpioset this host has.
"""
import fcntl
import os
import signal
import struct
import sys

GPIO_V2_GET_LINE = 0xC250B407  # linux/gpio.h: struct gpio_v2_line_request
INPUT = 1 << 2

chip, offset, consumer = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
fd = os.open(chip, os.O_RDWR)
request = bytearray(struct.pack("<I252x32sQ264xII20xi", offset, consumer, INPUT, 1, 0, 0))
fcntl.ioctl(fd, GPIO_V2_GET_LINE, request)
print("held", flush=True)
signal.pause()

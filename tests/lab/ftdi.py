# SPDX-License-Identifier: GPL-2.0-or-later
"""BREAK on the USB cable of QEMU's FTDI adapter, which forgets it.

QEMU's usb-serial takes FTDI's SET_DATA request and drops the BREAK bit in it (hw/usb/dev-serial.c).
It does write every transfer to a capture file, and that is what the driver really sent: the file is
read as it grows, and each BREAK is passed on to the board.
"""
import struct
import time

FILE_HEADER, RECORD_HEADER = 24, 16
SETUP_AT = 40                # in a usbmon record (Documentation/usb/usbmon.rst)
SET_DATA, BREAK = (0x40, 4), 1 << 14


class BreakWatch:
    def __init__(self, path):
        self.path, self.at, self.is_low = path, FILE_HEADER, False

    def feed(self):
        """(True, when) and (False, when) for each BREAK that began or ended since the last call."""
        try:
            with open(self.path, "rb") as f:
                f.seek(self.at)
                data = f.read()
        except FileNotFoundError:
            return []
        out, at = [], 0
        while at + RECORD_HEADER <= len(data):
            seconds, us, length = struct.unpack_from("<III", data, at)
            record = data[at + RECORD_HEADER:at + RECORD_HEADER + length]
            if len(record) < length:
                break
            at += RECORD_HEADER + length
            out += self.record(record, seconds + us / 1e6 - time.time() + time.monotonic())
        self.at += at
        return out

    def record(self, record, when):
        is_request = record[8:10] == b"S\x02"  # a control transfer as it was submitted
        kind, request, value = struct.unpack_from("<BBH", record, SETUP_AT)
        if not is_request or (kind, request) != SET_DATA or bool(value & BREAK) == self.is_low:
            return []
        self.is_low = bool(value & BREAK)
        return [(self.is_low, when)]

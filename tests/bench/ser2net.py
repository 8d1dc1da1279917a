# SPDX-License-Identifier: GPL-2.0-or-later
"""A real ser2net for a case."""
import os
import shutil
import socket
import subprocess
import time

from rig import Skip, check


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def wait_for_port(port, process):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        check(process.poll() is None, "ser2net ended")
        with socket.socket() as s:
            # A look, not a connection: ser2net would open the console for it.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                return
        time.sleep(0.02)
    raise TimeoutError("ser2net never listened")


def start_ser2net(t, port, accepter, connector):
    program = shutil.which("ser2net", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not program:
        raise Skip("ser2net is not installed")
    conf = os.path.join(t.tmp, "ser2net.yaml")
    with open(conf, "w", encoding="ascii") as f:
        f.write(f"%YAML 1.1\n---\nconnection: &c\n  accepter: {accepter},localhost,{port}\n"
                f"  connector: {connector}\n")
    process = subprocess.Popen([program, "-n", "-d", "-c", conf, "-P",
                                os.path.join(t.tmp, "ser2net.pid")],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.helpers.append(process)
    wait_for_port(port, process)
    return process

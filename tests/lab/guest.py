# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab host: a guest kernel on this host's own files, without root.

`Guest` starts User-Mode Linux (or QEMU with an amd64 kernel) as an ordinary user and talks to
labagent, its process 1. Inside, `sh()` runs shell text as that user or as root.
"""
import grp
import os
import signal
import socket
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("LAB_ROOT", "/")  # tests/debian13 has another one
GPIO_GID = 4242
IN_FLIGHT = 2048
ANY_UID = 65534  # who runs the guest when we are root


def ordinary_uid():
    return os.getuid() or ANY_UID


def tty_gid():
    try:
        return grp.getgrnam("dialout").gr_gid
    except KeyError:
        return 20


def as_ordinary_user():
    """Words before a command. Root gives up everything; the guest dies with the harness either way."""
    drop = []
    if os.getuid() == 0:
        drop = ["--reuid", str(ANY_UID), "--regid", str(ANY_UID), "--clear-groups",
                "--bounding-set", "-all", "--no-new-privs"]
    return ["setpriv", *drop, "--pdeathsig", "KILL"]


def pair():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return ours, theirs


class Command:
    """Something that runs, or ran, in the guest."""

    def __init__(self, guest, number):
        self.guest, self.number = guest, number
        self.pid = self.status = None

    @property
    def out(self):
        try:
            with open(os.path.join(self.guest.dir, f"{self.number}.out"), encoding="utf-8",
                      errors="replace", newline="") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    @property
    def code(self):
        """As a shell has it; None while it runs."""
        if self.status is None:
            return None
        return 128 + os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else os.WEXITSTATUS(self.status)

    def signal(self, sig):
        self.guest.tell(f"signal {self.pid} {int(sig)}")

    def kill(self):
        self.signal(signal.SIGKILL)


class Guest:
    """One running lab host. All input is taken in by feed(), which its owner calls."""

    def __init__(self, dir_, agent, on_line, on_dut):
        self.dir, self.agent, self.on_line, self.on_dut = dir_, agent, on_line, on_dut
        self.control, self.wire = None, None
        self.is_ready = False
        self.put = self.taken = 0    # bytes on the wire
        self.is_counted = False      # the guest says what it took
        self.adapters = []           # names that the USB adapter had, in order
        self.commands, self.partial, self.process = [], b"", None
        self.uid = ordinary_uid()

    def words(self, uart, ctl, wire):
        """For the kernel's command line; init finds them in its environment."""
        return [f"init={HERE}/init", f"LAB={self.dir}", f"AGENT={self.agent}", f"UART={uart}",
                f"CTL={ctl}", f"WIRE={wire}", f"TTY_GID={tty_gid()}", f"GPIO_GID={GPIO_GID}"]

    def start_uml(self, kernel):
        self.control, control = pair()
        self.wire, wire = pair()
        argv = [kernel, "mem=160M", "root=/dev/root", "rootfstype=hostfs", f"rootflags={ROOT}", "rw",
                "quiet", "panic=-1", "dummy_hcd.num=2", f"uml_dir={self.dir}/", "con=null",
                "con0=null,fd:1", "con1=null", f"ssl0=fd:{control.fileno()}",
                f"ssl1=fd:{wire.fileno()}", *self.words("gadget", "ttyS0", "/dev/ttyS1")]
        self.is_counted = True
        self.run(argv, (control, wire))

    def start_qemu(self, kernel):
        self.control, control = pair()
        self.wire, wire = pair()
        words = ["console=ttyS0", "quiet", "root=lab", "rootfstype=9p", "rw", "panic=-1",
                 "rootflags=trans=virtio,version=9p2000.L,msize=262144,cache=loose",
                 *self.words("none", "ttyS1", "-")]
        argv = ["qemu-system-x86_64", "-accel", "tcg", "-M", "q35", "-cpu", "max", "-m", "256",
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-serial", "stdio",
                "-chardev", f"socket,id=control,fd={control.fileno()}", "-serial", "chardev:control",
                "-chardev", f"socket,id=wire,fd={wire.fileno()}", "-device", "qemu-xhci",
                "-device", f"usb-serial,chardev=wire,serial=LABUART0001,pcap={self.dir}/usb.pcap",
                "-fsdev", "local,id=root,path=/,security_model=none,multidevs=remap",
                "-device", "virtio-9p-pci,fsdev=root,mount_tag=lab",
                "-kernel", kernel, "-append", " ".join(words)]
        self.run(argv, (control, wire))

    def run(self, argv, sockets):
        os.makedirs(self.dir, exist_ok=True)
        os.chown(self.dir, self.uid, -1)
        with open(os.path.join(self.dir, "console.log"), "wb") as log:
            self.process = subprocess.Popen(
                as_ordinary_user() + argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[s.fileno() for s in sockets], cwd="/", env={
                    "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "HOME": self.dir,
                    "TMPDIR": "/dev/shm" if os.access("/dev/shm", os.W_OK) else self.dir},
                start_new_session=True)
        for s in sockets:
            s.close()

    # ---- the UART's cable ----
    def send(self, data):
        """How many of these bytes went out now; labagent says why not all."""
        room = IN_FLIGHT - (self.put - self.taken) if self.is_counted else len(data)
        if not data or room <= 0:
            return 0
        try:
            n = self.wire.send(data[:room])
        except BlockingIOError:
            return 0
        self.put += n
        return n

    # ---- talking to labagent ----
    def tell(self, line):
        self.control.setblocking(True)
        self.control.sendall(line.encode() + b"\n")
        self.control.setblocking(False)

    def feed(self):
        """Take what labagent says; False when it is gone."""
        try:
            data = self.control.recv(65536)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if not data:
            return False
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            self.hear(line.decode("utf-8", "replace").strip())
        return True

    def hear(self, line):
        word, _, rest = line.partition(" ")
        fields = rest.split()
        if word == "ready":
            self.is_ready = True
        elif word == "started":
            self.commands[int(fields[0])].pid = int(fields[1])
        elif word == "ended":
            self.commands[int(fields[0])].status = int(fields[1])
        elif word == "line":
            self.on_line(fields[0], fields[1], int(fields[2]))
        elif word == "took":
            self.taken = int(fields[0])
        elif word == "adapter":
            self.adapters.append(rest)
        elif word == "dut":
            self.on_dut(rest)

    def sh(self, text, root=False):
        """Start shell text; its pid comes with the next feed()."""
        number = len(self.commands)
        path = os.path.join(self.dir, f"{number}.sh")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o644)
        command = Command(self, number)
        self.commands.append(command)
        self.tell(f"start {number} {0 if root else self.uid}")
        return command

    def end(self):
        if self.process is None:
            return
        self.control.close()  # labagent powers off
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.wire.close()



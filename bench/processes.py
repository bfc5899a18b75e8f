"""Child processes: started with a log, watched, and gone at the end whatever happens."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Processes:
    """The processes of one case; leaving the block ends them."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        os.chmod(self.directory, 0o777)
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def spawn(self, command, **more):
        name = f"{len(self.running)}-{os.path.basename(str(command[0]))}.log"
        with open(self.directory / name, "ab") as log:
            process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, **more)
        process.log = self.directory / name
        self.running.append(process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        self.running.remove(process)

    def wait_for(self, process, ready, limit=60.0, pause=0.002):
        """Waits until `ready()` holds; ends with the process's log when it does not."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and process.poll() is None:
            if ready():
                return
            time.sleep(pause)
        tail = process.log.read_text(errors="replace")[-2000:]
        raise SystemExit(f"bench: {process.args[0]} is not ready\n{tail}")


def listens(port):
    def ready():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return ready


def answers(url):
    def ready():
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return answer.status in (200, 204)
        except (urllib.error.URLError, OSError):
            return False

    return ready


def cpu_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process):
    """Resident memory, and the part that no other process shares, in MB."""
    kilobytes = {}
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        found = re.match(r"(Rss|Private_Dirty|Private_Clean):\s+(\d+)", line)
        if found:
            kilobytes[found[1]] = int(found[2])
    private = kilobytes["Private_Dirty"] + kilobytes["Private_Clean"]
    return {"rss_mb": round(kilobytes["Rss"] / 1024, 1), "private_mb": round(private / 1024, 1)}

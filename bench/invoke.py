"""Service invocation through two sidecars: the app behind the second one, and the Sentry that both trust."""

import os
import time
import urllib.error
import urllib.request

import stores
from processes import answers, cpu_seconds, free_port, memory
from sidecar import Sidecar

NGINX = """daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/nginx.error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 10000000; client_body_temp_path {directory}; default_type application/json;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 '{{"ok":true}}'; }} }}
}}
"""
PATIENCE = 30


class Sentry:
    """A running certificate authority, in a directory of its own."""

    def __init__(self, processes, binary):
        directory = processes.directory / "certificates"
        directory.mkdir(mode=0o700)
        port, health = free_port(), free_port()
        command = [binary, "--issuer-credentials", directory, "--port", port, "--healthz-port", health,
                   "--metrics-port", free_port(), "--listen-address", "127.0.0.1", "--trust-domain", "localhost",
                   "--log-level", "error"]
        self.process = processes.spawn(command, env={**os.environ, "NAMESPACE": "default"})
        processes.wait_for(self.process, answers(f"http://127.0.0.1:{health}/healthz"))
        self.flags = ["--enable-mtls=true", "--sentry-address", f"127.0.0.1:{port}"]
        self.environment = {"DAPR_TRUST_ANCHORS": (directory / "ca.crt").read_text(), "NAMESPACE": "default",
                            "DAPR_CONTROLPLANE_NAMESPACE": "default", "DAPR_CONTROLPLANE_TRUST_DOMAIN": "localhost"}

    def idle(self, seconds):
        time.sleep(1)
        before = cpu_seconds(self.process)
        time.sleep(seconds)
        used = cpu_seconds(self.process) - before
        return {"idle_cpu": round(used / seconds * 100, 2), **memory(self.process)}


def application(processes):
    port = free_port()
    configuration = processes.directory / f"nginx-{port}.conf"
    configuration.write_text(NGINX.format(directory=processes.directory, port=port))
    server = processes.spawn([stores.program("nginx"), "-c", configuration, "-p", processes.directory])
    processes.wait_for(server, answers(f"http://127.0.0.1:{port}/"))
    return port


def pair(processes, binary, sentry=None):
    """Two sidecars; what both cost is counted at the calling one, which is returned with the path to call."""
    app_id = f"callee-{free_port()}"
    callee = Sidecar(processes, binary, stores.memory(processes), app_id, application(processes), sentry)
    caller = Sidecar(processes, binary, stores.memory(processes), f"caller-{free_port()}", sentry=sentry)
    caller.measured.append(callee.process)
    path = f"/v1.0/invoke/{app_id}/method/echo"
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(caller.url(path), timeout=10).close()
            return caller, path
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: {caller.url(path)} fails: {error}") from error
            time.sleep(0.1)

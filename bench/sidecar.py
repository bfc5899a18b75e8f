"""One daprd under measurement, ours or another that takes the same flags."""

import json
import os
import time
import urllib.request

from processes import answers, free_port

CONFIGURATION = """apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: bench
spec:
  tracing:
    samplingRate: "0"
"""
VALUE = "x" * 1024


class Sidecar:
    """Started and ready for outbound calls."""

    def __init__(self, processes, binary, resources, app_id="bench", app_port=None, sentry=None):
        directory = processes.directory / f"resources-{len(processes.running)}"
        directory.mkdir(exist_ok=True)
        (directory / "component.yaml").write_text(resources)
        configuration = processes.directory / "configuration.yaml"
        configuration.write_text(CONFIGURATION)
        self.http, self.grpc = free_port(), free_port()
        command = [binary, "--app-id", app_id, "--resources-path", directory, "--config", configuration,
                   "--dapr-http-port", self.http, "--dapr-grpc-port", self.grpc, "--metrics-port", free_port(),
                   "--dapr-internal-grpc-port", free_port(), "--dapr-listen-addresses", "127.0.0.1",
                   "--log-level", "error", *(sentry.flags if sentry else ["--enable-mtls=false"])]
        command += ["--app-port", app_port] if app_port else []
        began = time.perf_counter()
        environment = {**os.environ, **(sentry.environment if sentry else {})}
        self.process = processes.spawn(command, cwd=processes.directory, env=environment)
        # Those whose cost is measured.
        self.measured = [self.process]
        processes.wait_for(self.process, answers(self.url("/v1.0/healthz/outbound")))
        self.started_ms = (time.perf_counter() - began) * 1e3

    def url(self, path):
        return f"http://127.0.0.1:{self.http}{path}"

    def save(self, key):
        request = urllib.request.Request(self.url("/v1.0/state/statestore"), body(key), method="POST")
        request.add_header("content-type", "application/json")
        urllib.request.urlopen(request, timeout=10).close()


def body(key):
    return json.dumps([{"key": key, "value": VALUE}]).encode()

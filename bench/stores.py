"""State stores to measure: what each needs on PATH, its server, and its Component."""

import getpass
import glob
import json
import os
import shutil
import subprocess

from processes import free_port, listens

TEMPLATE = """apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: statestore
spec:
  type: {type}
  version: {version}
  metadata: {metadata}
"""


def component(kind, version="v1", **fields):
    # JSON is YAML, whatever a path or a connection string holds.
    items = json.dumps([{"name": name, "value": value} for name, value in fields.items()])
    return TEMPLATE.format(type=kind, version=version, metadata=items)


def program(*names):
    """The first program of these that is there; Debian keeps those of PostgreSQL off PATH."""
    for name in names:
        found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))[::-1]), None)
        if found:
            return found
    return None


def unprivileged():
    """Servers that refuse to run as root run as nobody."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if getpass.getuser() == "root" else {}


def memory(_):
    return component("state.in-memory")


def sqlite(processes):
    file = processes.directory / f"state-{len(processes.running)}.db"
    return component("state.sqlite", connectionString=str(file))


def redis(processes):
    port = free_port()
    server = processes.spawn([program("redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", ""])
    processes.wait_for(server, listens(port))
    return component("state.redis", redisHost=f"127.0.0.1:{port}", redisPassword="")


def postgresql(version):
    def start(processes):
        data, port = processes.directory / "postgresql", free_port()
        data.mkdir(exist_ok=True)
        os.chmod(data, 0o777)
        again = unprivileged()
        run = {"check": True, "capture_output": True, "cwd": data, **again}
        subprocess.run([program("initdb"), "-D", data / "data", "-U", "postgres", "-A", "trust", "--no-sync"], **run)
        command = [program("postgres"), "-D", data / "data", "-p", port, "-h", "127.0.0.1", "-k", data]
        server = processes.spawn(command, cwd=data, **again)
        processes.wait_for(server, lambda: "ready to accept connections" in server.log.read_text())
        address = f"host=127.0.0.1 port={port} user=postgres dbname=postgres sslmode=disable"
        return component("state.postgresql", version, connectionString=address)

    return start


def mysql(processes):
    server_program, data, port = program("mariadbd", "mysqld"), processes.directory / "mysql", free_port()
    account = getpass.getuser()
    data.mkdir()
    install = program("mariadb-install-db", "mysql_install_db")
    if install:
        command = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    else:
        command = [server_program, "--no-defaults", f"--datadir={data}", "--initialize-insecure"]
    subprocess.run([*command, f"--user={account}"], check=True, capture_output=True)
    server = processes.spawn([server_program, "--no-defaults", f"--datadir={data}", f"--user={account}", f"--port={port}",
                              "--bind-address=127.0.0.1", f"--socket={data}/socket", f"--pid-file={data}/pid"])
    processes.wait_for(server, listens(port))
    return component("state.mysql", connectionString=f"root@tcp(127.0.0.1:{port})/?allowNativePasswords=true")


# Name, what it needs, and how it starts.
STORES = [
    ("in-memory", [], memory),
    ("sqlite", [], sqlite),
    ("redis", ["redis-server"], redis),
    ("postgresql v1", ["postgres", "initdb"], postgresql("v1")),
    ("postgresql v2", ["postgres", "initdb"], postgresql("v2")),
    ("mysql", ["mariadbd|mysqld"], mysql),
]

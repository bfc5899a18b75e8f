"""Posts an order every second to the node app.

    dapr run --app-id pythonapp -- python3 app.py

It posts to the node app's own port (--node-port, or NODE_PORT; 3000). With --through-dapr it posts to its sidecar
instead, which finds the app `nodeapp` by name: for that the sidecar must offer service invocation.
"""

import argparse
import itertools
import json
import os
import time
import urllib.error
import urllib.request


def arguments():
    parser = argparse.ArgumentParser(description="Posts an order every second to the node app.")
    parser.add_argument("--node-port", default=os.environ.get("NODE_PORT", "3000"), help="port of the node app")
    parser.add_argument("--through-dapr", action="store_true", help="post through service invocation of the sidecar")
    parser.add_argument("--orders", type=int, help="end after so many orders; without it, never")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two orders")
    return parser.parse_args()


def target(options):
    if options.through_dapr:
        port = os.environ.get("DAPR_HTTP_PORT", "3500")
        return f"http://localhost:{port}/v1.0/invoke/nodeapp/method/neworder"
    return f"http://localhost:{options.node_port}/neworder"


def post(url, number):
    body = json.dumps({"data": {"orderId": number}}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}: {error.read().decode(errors='replace')}"
    except OSError as error:
        return f"no answer yet: {error}"


def main():
    options = arguments()
    numbers = range(1, options.orders + 1) if options.orders else itertools.count(1)
    for number in numbers:
        print(f"Order {number}: {post(target(options), number)}", flush=True)
        time.sleep(options.every)


if __name__ == "__main__":
    main()

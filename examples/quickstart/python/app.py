"""Posts an order every second to the app `nodeapp`, which its sidecar finds by name.

    dapr run --app-id pythonapp -- python3 app.py

It needs no SDK: a call is a plain HTTP request to the sidecar on this machine, which passes it on to the sidecar of the
other app. There are two ways to say which app is meant, and this program uses them by turns (--way path or --way header
for one of them):

    path     POST http://localhost:<sidecar>/v1.0/invoke/nodeapp/method/neworder
    header   POST http://localhost:<sidecar>/neworder   with the header   dapr-app-id: nodeapp
"""

import argparse
import itertools
import json
import os
import time
import urllib.error
import urllib.request

CALLEE = "nodeapp"
METHOD = "neworder"


def arguments():
    parser = argparse.ArgumentParser(description="Posts an order every second to the node app.")
    parser.add_argument("--way", choices=["path", "header", "both"], default="both", help="how the callee is named")
    parser.add_argument("--orders", type=int, help="end after so many orders; without it, never")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two orders")
    return parser.parse_args()


def request(way, number):
    sidecar = f"http://localhost:{os.environ.get('DAPR_HTTP_PORT', '3500')}"
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("DAPR_API_TOKEN"):
        headers["dapr-api-token"] = token
    if way == "path":
        url = f"{sidecar}/v1.0/invoke/{CALLEE}/method/{METHOD}"
    else:
        url = f"{sidecar}/{METHOD}"
        headers["dapr-app-id"] = CALLEE
    body = json.dumps({"data": {"orderId": number}}).encode()
    return urllib.request.Request(url, body, headers)


def post(way, number):
    """What came back. An error is printed and not raised: the node app may come up later, or again."""
    try:
        with urllib.request.urlopen(request(way, number), timeout=5) as answer:
            return f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}: {error.read().decode(errors='replace')}"
    except OSError as error:
        return f"no answer: {error}"


def main():
    options = arguments()
    ways = ["path", "header"] if options.way == "both" else [options.way]
    numbers = range(1, options.orders + 1) if options.orders else itertools.count(1)
    for number, way in zip(numbers, itertools.cycle(ways)):
        print(f"Order {number} by {way}: {post(way, number)}", flush=True)
        time.sleep(options.every)


if __name__ == "__main__":
    main()

"""Uses the FastAPI app of examples/orders as a browser would. Usage: web.py URL"""

import sys
import time

import requests

URL = sys.argv[1]

deadline = time.monotonic() + 30
while True:
    try:
        assert requests.get(f"{URL}/health", timeout=5).json() == {"status": "healthy"}
        break
    except requests.ConnectionError:
        assert time.monotonic() < deadline, "the web app does not answer"
        time.sleep(0.05)

made = requests.post(f"{URL}/orders", json={"item": "tea"}, timeout=10)
assert made.status_code == 200, made.text
order = made.json()
assert order["item"] == "tea" and order["paid"] is False and order["id"]
assert requests.get(f"{URL}/orders/{order['id']}", timeout=10).json() == order
assert requests.delete(f"{URL}/orders/{order['id']}", timeout=10).json() == {"status": "deleted"}
assert requests.get(f"{URL}/orders/{order['id']}", timeout=10).status_code == 404
assert requests.post(f"{URL}/orders", json={}, timeout=10).status_code == 422
print("web: all as expected")

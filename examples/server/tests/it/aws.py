"""A stand-in for Amazon Web Services for the tests: moto.

Listens on a free port of 127.0.0.1, prints {"port": n}, and ends with its
standard input.
"""

import json
import logging
import sys

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(json.dumps({"port": server.get_host_and_port()[1]}), flush=True)
sys.stdin.read()

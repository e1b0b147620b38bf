"""A pass-through between pf and a model server that writes down what pf was told.

One JSON object a line: the status, the usage that the server reported, whether a key came along. What pf
reports is compared with these lines, so nothing has to be believed.

    meter.py PORT UPSTREAM_PORT LOG [--delay SECONDS]
"""

import argparse
import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization", "host", "content-length"}


def reported(body):
    """The answer's usage, from a JSON body or the last chunk of an event stream that has one."""
    text = body.decode(errors="replace")
    chunks = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")] or [text]
    for chunk in reversed(chunks):
        try:
            usage = json.loads(chunk).get("usage")
        except (ValueError, AttributeError):
            continue
        if usage:
            return usage
    return None


def handler(upstream, log, delay):
    lock = threading.Lock()

    class Meter(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Small answers would otherwise wait for the client's delayed acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self):
            self.forward()

        def do_POST(self):
            self.forward()

        def forward(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            # Plain bodies, so that the usage can be read.
            headers["accept-encoding"] = "identity"
            time.sleep(delay)
            try:
                connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=60)
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                # What a dead server looks like: a connection that ends without an answer.
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            # Written down first: a client that is killed now has cost its call all the same.
            line = {"path": self.path, "status": response.status, "usage": reported(answer), "authorized": "authorization" in self.headers}
            with lock, open(log, "a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    return Meter


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("upstream", type=int)
    parser.add_argument("log")
    parser.add_argument("--delay", type=float, default=0.0)
    given = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", given.port), handler(given.upstream, given.log, given.delay))
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()

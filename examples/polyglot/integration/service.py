"""Serves the Python implementation over HTTP, one request line as the query.

Takes a free port, prints it as the first line, and serves until its stdin ends.
"""

import http.server
import pathlib
import socketserver
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))
from fairshare import answer  # noqa: E402


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = answer(urllib.parse.unquote(urllib.parse.urlsplit(self.path).query)).encode()
        self.send_response(400 if body == b"error" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    # The default of 5 drops connections when clients come all at once.
    request_queue_size = 128

    def server_bind(self):
        # HTTPServer would look up this machine's name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    server.shutdown()

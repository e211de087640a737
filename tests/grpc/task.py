"""Tasks that misbehave, or speak TLS.
   task.py deaf ADDRESS PORT                        takes requests over HTTP/2, without TLS, and never responds
   task.py tls ADDRESS PORT CERT KEY [CA]           HTTP/1.1 over TLS; with CA: clients must show a certificate of it"""
import socket, ssl, sys, threading

kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
listener = socket.create_server((address, port), backlog=100)

def deaf(s):
    s.sendall(b"\0\0\0\4\0\0\0\0\0")                # SETTINGS
    while s.recv(65536):
        pass

def say(words):
    print(words, flush=True)

context = None
if kind == "tls":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    context.set_alpn_protocols(["http/1.1"])
    if len(sys.argv) > 6:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(sys.argv[6])

def serve(plain):
    try:
        if kind == "deaf":
            return deaf(plain)
        s = context.wrap_socket(plain, server_side=True)
        say("connection resumed" if s.session_reused else "connection new")
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = s.recv(65536)
                if not more:
                    return
                data += more
            head, data = data.split(b"\r\n\r\n", 1)
            close = b"?close" in head
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + (b"Connection: close\r\n" if close else b"") + b"\r\nok")
            if close:
                return s.unwrap()
    except (OSError, ssl.SSLError) as e:
        say("failed: %s" % e)
    finally:
        plain.close()

while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()

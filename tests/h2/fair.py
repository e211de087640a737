"""Two large responses and then a small one, on one connection: the small one must not wait for them."""
import socket
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)
c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
c.initiate_connection()
# no more than this is ever in the sockets in between
c.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 18})
c.increment_flow_control_window(1 << 19)


def ask(stream, path):
    c.send_headers(stream, [(':method', 'GET'), (':scheme', 'http'), (':path', path), (':authority', 'a')], end_stream=True)
    s.sendall(c.data_to_send())


got, ended = {}, []
ask(1, '/large')
ask(3, '/large')
asked = False
while len(ended) < 3:
    data = s.recv(65536)
    assert data, 'the connection has ended'
    for e in c.receive_data(data):
        if isinstance(e, h2.events.DataReceived):
            got[e.stream_id] = got.get(e.stream_id, 0) + len(e.data)
            c.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
        elif isinstance(e, h2.events.StreamEnded):
            ended.append(e.stream_id)
            if e.stream_id == 5:
                print(f'# after {got.get(1, 0)} and {got.get(3, 0)} octets of the large ones')
        elif isinstance(e, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
            sys.exit(f'{e}')
    if not asked and got.get(1, 0) > 100_000 and got.get(3, 0) > 100_000:
        asked = True
        ask(5, '/small')
    s.sendall(c.data_to_send())
assert ended[0] == 5, f'they ended in the order {ended}'
assert got == {1: 8_000_000, 3: 8_000_000, 5: 100}, got

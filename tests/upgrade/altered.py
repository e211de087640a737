#!/usr/bin/env python3
"""altered PATH PROGRAM HOW ...: stands at the path in the program's place, changes what the Mola before it passed on, puts the program
there, and becomes it. HOW: newer (the text of counts is of another version), more (it has lines of kinds that nobody knows), table (the routing
table is of another layout)."""
import fcntl
import os
import sys

ADD_SEALS, SEALS = 1033, 0xf
path, program, how, *rest = sys.argv[1:]


def read(fd):
    return os.pread(fd, os.fstat(fd).st_size, 0)


def sealed(content):
    fd = os.memfd_create('altered', os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    fcntl.fcntl(fd, ADD_SEALS, SEALS)
    os.set_inheritable(fd, True)
    return fd


text = read(int(os.environ['MOLA_UPGRADE_STATE']))
if how == 'table':
    words = os.environ['MOLA_UPGRADE'].split()
    table = bytearray(read(int(words[2])))
    table[24] ^= 1          # its shape
    words[2] = str(sealed(bytes(table)))
    os.environ['MOLA_UPGRADE'] = ' '.join(words)
elif how == 'newer':
    text = text.replace(b'mola-handover 1 ', b'mola-handover 2 ', 1)
else:
    text = text.replace(b'end\n', b'mood of task 1 2 3\nend\n')
os.environ['MOLA_UPGRADE_STATE'] = str(sealed(text))
os.rename(program, path)
os.execv(path, [path, *rest])

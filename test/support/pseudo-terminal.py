# Runs a program in a pseudo terminal: pseudo-terminal.py COLUMNS LINES PROGRAM [ARGUMENT...]
# stdin: a JSON object a line, {"write": TEXT}, {"resize": [COLUMNS, LINES]} or {"signal": NUMBER}. stdout: what the program
# writes. stderr: when it has ended, {"exitCode": N or null, "signal": N or null, "echo": BOOL, "canonical": BOOL}, the
# latter two as it has left the terminal.
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(fd, columns, lines):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))


# The program's side stays open here: its settings can be read when the program has gone.
terminal, kept = pty.openpty()
resize(kept, int(sys.argv[1]), int(sys.argv[2]))
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(kept, termios.TIOCSCTTY, 0)
    for stream in range(3):
        os.dup2(kept, stream)
    os.execvp(sys.argv[3], sys.argv[3:])

pending = b''
watched = [0, terminal]
status = None
while True:
    readable, _, _ = select.select(watched, [], [], 0.05)
    if terminal in readable:
        os.write(1, os.read(terminal, 65536))
        continue
    if status is not None:
        break
    if 0 in readable:
        data = os.read(0, 65536)
        if data == b'':
            watched.remove(0)
            os.kill(pid, signal.SIGKILL)
        *lines, pending = (pending + data).split(b'\n')
        for line in lines:
            order = json.loads(line)
            if 'write' in order:
                os.write(terminal, order['write'].encode())
            elif 'resize' in order:
                resize(terminal, *order['resize'])
            else:
                os.kill(pid, order['signal'])
    ended, waited = os.waitpid(pid, os.WNOHANG)
    if ended == pid:
        status = waited

flags = termios.tcgetattr(kept)[3]
print(
    json.dumps(
        {
            'exitCode': os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            'signal': os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            'echo': bool(flags & termios.ECHO),
            'canonical': bool(flags & termios.ICANON),
        }
    ),
    file=sys.stderr,
)

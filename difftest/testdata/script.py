"""Subprocesses, threads and sockets."""
import fcntl, os, select, signal, socket, struct, subprocess, sys, tempfile, threading

print(subprocess.run(["echo", "from", "a", "child"], capture_output=True).stdout)
print(subprocess.call(["false"]))
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
print(p.communicate(b"through cat\n"))

a, b = socket.socketpair()
def answer():
    b.sendall(b"pong" + b.recv(100))
t = threading.Thread(target=answer)
t.start()
a.sendall(b"ping")
print(a.recv(100))
t.join()
r, w = os.pipe()
socket.send_fds(a, [b"descriptor"], [r])
msg, fds, flags, addr = socket.recv_fds(b, 100, 2)
print(msg, len(fds))

s = socket.create_server(("127.0.0.1", int(sys.argv[1])), reuse_port=True)
c = socket.create_connection(s.getsockname())
n, peer = s.accept()
c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 2))
n.settimeout(5)
c.sendall(b"x" * 10000)
got = b""
while len(got) < 10000:
    got += n.recv(10000)
c.shutdown(socket.SHUT_WR)
print(len(got), n.recv(1))

u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
u.bind(("::1", 0))
u.sendto(b"datagram", u.getsockname())
print(u.recvfrom(20)[0])
x = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
x.bind("socket")
x.listen(1)

print(select.select([u, x], [w], [], 0)[1] == [w])
e = select.epoll()
e.register(w, select.EPOLLOUT)
print(e.poll(1) == [(w, select.EPOLLOUT)])
pl = select.poll()
pl.register(r, select.POLLIN | select.POLLPRI)
print(pl.poll(0))

fcntl.fcntl(r, fcntl.F_SETFL, os.O_NONBLOCK)
with open("locked", "w") as f:
    fcntl.lockf(f, fcntl.LOCK_EX)
    fcntl.flock(f, fcntl.LOCK_SH)
    os.posix_fallocate(f.fileno(), 0, 4096)
signal.signal(signal.SIGALRM, lambda *a: print("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
print(signal.sigtimedwait([signal.SIGUSR1], 0))
for d, dirs, files in os.walk("."):
    files.sort()
os.mkdir("dir"); os.rename("dir", "dir2"); os.rmdir("dir2")
os.statvfs("."); os.getloadavg(); os.sched_getaffinity(0); os.getgroups(); os.times()
os.close(os.memfd_create("mem")); os.close(os.eventfd(3))
os.setxattr("locked", "user.x", b"1") if False else None
pid = os.fork()
if pid == 0:
    os.setsid()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
os.posix_spawnp("true", ["true"], os.environ)
print(os.wait()[1])

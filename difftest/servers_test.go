package difftest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// prepareNginx writes a configuration by which the server ends the connection of a request:
// what ends the request is then not seen together with what ends the server.
func prepareNginx(t *testing.T, b *bench) []string {
	b.port = freePort(t)
	conf := fmt.Sprintf(`daemon off; master_process on; worker_processes 1; error_log stderr; pid nginx.pid;
events { worker_connections 16; }
http { access_log log; client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
keepalive_timeout 0; lingering_close off;
server { listen 127.0.0.1:%d; root html; sendfile on; } }`, b.port)
	if err := os.WriteFile(filepath.Join(b.tmp, "nginx.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{"nginx", "-p", b.dir, "-c", filepath.Join(b.tmp, "nginx.conf"), "-e", "stderr"}
}

func setupNginx(t *testing.T, b *bench) {
	page := filepath.Join(b.dir, "html/index.html")
	os.Mkdir(filepath.Dir(page), 0o755)
	if err := os.WriteFile(page, []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(1700000000, 0) // told to the client
	if err := os.Chtimes(page, when, when); err != nil {
		t.Fatal(err)
	}
}

// driveNginx makes one request, and ends the server.
func driveNginx(ctx context.Context, t *testing.T, b *bench) {
	pid := 0
	until(ctx, t, "nginx writes its pid", func() bool {
		s, _ := os.ReadFile(filepath.Join(b.dir, "nginx.pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(s)))
		return pid > 0
	})
	if pid <= 0 {
		return
	}
	defer syscall.Kill(pid, syscall.SIGQUIT)
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.port))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\r\n")
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(string(answer), "\r\n\r\nhello\n") {
		t.Errorf("nginx answers %q: %v", answer, err)
	}
}

// driveRedis gives commands one after the other; the last one ends the server.
func driveRedis(ctx context.Context, t *testing.T, b *bench) {
	var c net.Conn
	until(ctx, t, "redis listens", func() (ok bool) {
		var err error
		c, err = net.Dial("unix", filepath.Join(b.dir, "sock"))
		return err == nil
	})
	if c == nil {
		return
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, x := range [][2]string{
		{"PING", "+PONG"}, {"SET k v", "+OK"}, {"INCR n", ":1"}, {"LPUSH list a b c", ":3"}, {"SAVE", "+OK"}, {"GET k", "$1"},
	} {
		fmt.Fprintf(c, "%s\r\n", x[0])
		if answer, err := in.ReadString('\n'); err != nil || strings.TrimSpace(answer) != x[1] {
			t.Errorf("redis answers %s by %q: %v", x[0], answer, err)
		}
	}
	fmt.Fprint(c, "SHUTDOWN NOSAVE\r\n")
	io.Copy(io.Discard, in)
}

// Goprog uses goroutines and packages that make system calls. Work goes from one goroutine to
// the next, so that descriptors are the same every time.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	lines := make(chan string)
	closed := make(chan bool)
	go serve(l, closed)
	go func() {
		for i := range 4 {
			lines <- ask(l.Addr().String(), i)
			<-closed
		}
		close(lines)
	}()
	for s := range lines {
		fmt.Print(s)
	}
	l.Close()
	time.Sleep(time.Millisecond)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGUSR1)
	check(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	fmt.Println(<-caught)
	check(os.WriteFile("written", []byte("some bytes"), 0o600))
	check(os.Rename("written", "renamed"))
	_, err = os.ReadDir(".")
	check(err)
	out, err := exec.Command("echo", "from a child").Output()
	fmt.Print(string(out), err, "\n")
}

func serve(l net.Listener, closed chan<- bool) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Fprintf(c, "you said %s", s)
		c.Close()
		closed <- true
	}
}

func ask(addr string, i int) string {
	c, err := net.Dial("tcp", addr)
	check(err)
	defer c.Close()
	fmt.Fprintf(c, "hello %d\n", i)
	s, _ := bufio.NewReader(c).ReadString('\n')
	return s
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// Goprog uses goroutines and the net package.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				s, _ := bufio.NewReader(c).ReadString('\n')
				fmt.Fprintf(c, "you said %s", s)
				c.Close()
			}()
		}
	}()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(c, "hello %d\n", i)
			bufio.NewReader(c).ReadString('\n')
			c.Close()
		})
	}
	wg.Wait()
	l.Close()
	time.Sleep(time.Millisecond)
	os.WriteFile("written", []byte("some bytes"), 0o600)
	os.ReadDir(".")
	out, err := exec.Command("echo", "from a child").Output()
	fmt.Print(string(out), err, "\n")
}

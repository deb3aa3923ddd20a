package testenv_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/gotrace/gotrace/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.Settle()
	os.Exit(m.Run())
}

// TestSettle starts this test program from what is not plain, to look at what its programs get.
func TestSettle(t *testing.T) {
	const look = `umask; ls -l /proc/self/fd | wc -l; grep -E "Sig(Blk|Ign)" /proc/self/status; echo "$LC_ALL$NO_COLOR $HOME"`
	plain, err := exec.Command("sh", "-c", look).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, plain)
	}
	if os.Getenv("GOTEST_LOOK") != "" {
		os.Stdout.Write(plain)
		return
	}
	for _, setup := range []string{
		`umask 077; exec "$@"`,
		`exec 7</dev/null 9</dev/null; exec "$@"`,
		`trap "" HUP INT PIPE TSTP CHLD RTMAX; exec "$@"`,
		`exec env --block-signal "$@"`,
		`unset HOME; exec "$@"`,
		`LC_ALL=C.UTF-8 NO_COLOR=1 PATH=/nonexistent; export LC_ALL NO_COLOR PATH; exec "$@"`,
	} {
		c := exec.Command("bash", "-c", setup, "bash", os.Args[0], "-test.run=^TestSettle$")
		c.Env = append(os.Environ(), "GOTEST_LOOK=1")
		got, err := c.CombinedOutput()
		if want := string(plain) + "PASS\n"; err != nil || string(got) != want {
			t.Errorf("%s: %v\n%swant\n%s", setup, err, got, want)
		}
	}
}

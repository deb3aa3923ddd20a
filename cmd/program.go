package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/user"
	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/cmd/stdfds"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// command makes the tracee's command of the options: found along PATH, with -E's
// environment and --argv0.
func command(o *Options, cred *ptrace.Cred) (*ptrace.Command, error) {
	path, err := findProgram(o.Command[0])
	if err != nil {
		return nil, err
	}
	c := &ptrace.Command{Path: path, Argv: o.Command, Env: environment(os.Environ(), o.Env), Cred: cred}
	if o.Argv0 != nil {
		c.Argv = append([]string{*o.Argv0}, o.Command[1:]...)
	}
	c.Closed = stdfds.Closed()
	c.Ignored = ptrace.IgnoredSignals()
	if c.Sigmask, err = ptrace.OriginalSigmask(); err != nil {
		return nil, err
	}
	if lim, err := ptrace.OriginalNoFile(); err == nil {
		c.NoFile = &lim
	}
	return c, nil
}

// findProgram resolves a name without a slash along PATH, as execvp does, and checks
// that there is a file.
func findProgram(name string) (string, error) {
	if strings.Contains(name, "/") {
		if _, err := os.Stat(name); err != nil {
			return "", statError(name, err)
		}
		return name, nil
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if dir == "" {
			var err error
			if dir, err = os.Getwd(); err != nil {
				continue
			}
		}
		p := dir + "/" + name
		fi, err := os.Stat(p)
		if err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			return p, nil
		}
	}
	return "", plainf("%s", hint(statError(name, unix.ENOENT).Error(), hereHint(name)))
}

func statError(name string, err error) error {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err
	}
	return plainf("Can't stat '%s': %s", name, errnoMessage(errno))
}

// environment applies -E to an environment.
func environment(env []string, changes []EnvChange) []string {
	for _, c := range changes {
		kept := env[:0:0]
		for _, e := range env {
			if name, _, _ := strings.Cut(e, "="); name != c.Name {
				kept = append(kept, e)
			}
		}
		env = kept
		if !c.Unset {
			env = append(env, c.Name+"="+c.Value)
		}
	}
	return env
}

// credentials looks up who -u names; nil: nobody. The lookup reads /etc/passwd and /etc/group without
// the C library, which would bring threads and handlers of its own.
func credentials(name string) (*ptrace.Cred, error) {
	if name == "" {
		return nil, nil
	}
	u, err := user.LookupUser(name)
	if err != nil {
		return nil, plainf("Cannot find user '%s'", name)
	}
	c := &ptrace.Cred{UID: u.Uid, GID: u.Gid, Groups: []uint32{uint32(u.Gid)}}
	path, err := user.GetGroupPath()
	if err != nil {
		return nil, err
	}
	groups, err := user.ParseGroupFileFilter(path, func(g user.Group) bool { return slices.Contains(g.List, name) })
	if err != nil {
		return nil, fmt.Errorf("groups of %s: %w", name, err)
	}
	for _, g := range groups {
		if g.Gid != u.Gid {
			c.Groups = append(c.Groups, uint32(g.Gid))
		}
	}
	return c, nil
}

package filter

import "testing"

func TestFromPOSIX(t *testing.T) {
	for _, c := range []struct {
		pattern, yes, no string
	}{
		{`\<open\>`, "open", "openat"},
		{`\d`, "dup", "open"},
		{"o**pen", "open", "read"},
		{`[\d]up`, "dup", "cup"},
		{"[]a]t", "at", "it"},
		{"[[:digit:]]", "dup2", "dup"},
		{`^a\*`, "a*", "aa"},
		{"(read|write)v$", "preadv", "preadv2"},
	} {
		re, err := compileRegexp(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if !re.MatchString(c.yes) || re.MatchString(c.no) {
			t.Errorf("%s: %s: %t, want true; %s: %t, want false", c.pattern, c.yes, re.MatchString(c.yes), c.no, re.MatchString(c.no))
		}
	}
}

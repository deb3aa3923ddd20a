package filter_test

import (
	"fmt"

	"github.com/gotrace/gotrace/filter"
)

// opening is an event: a call of open for a file.
type opening struct{ file string }

func (o opening) Num(*filter.Ref, int) (int64, bool) { return 0, false }

func (o opening) Str(r *filter.Ref, i int) ([]byte, bool) { return []byte(o.file), i == 0 }

// Rules are read against what the caller has events, fields and actions of.
func ExampleParse() {
	world := &filter.Schema{
		Universe: &filter.Universe{ABIs: []filter.ABI{{Suffix: "64", Names: []string{"read", "write", "open"}}}},
		Events: []*filter.Event{{
			Name: "syscall", Calls: true, Tasks: true,
			Params: []filter.Param{{Name: "set", Kind: filter.ParamSyscalls, Optional: true}},
			Fields: []*filter.Field{{Name: "path", Type: filter.String, Many: true}},
		}},
		Actions: []*filter.ActionSpec{{Name: "print"}, {Name: "stop"}},
	}
	rules, err := filter.Parse([]filter.Source{{Name: "-e", Text: `on syscall(open) where path ~ /\.conf$/ do stop`}}, world)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(rules)
	where := rules.Rules[0].Where
	fmt.Println(where.Match(opening{"/etc/resolv.conf"}), where.Match(opening{"/etc/passwd"}))

	_, err = filter.Parse([]filter.Source{{Name: "-e", Text: `on syscall(open) where pth == "/x"`}}, world)
	fmt.Println(err)
	// Output:
	// on syscall(open) where path ~ /\.conf$/ do stop
	// true false
	// -e:24: no field, constant or name 'pth'; did you mean path?
	// on syscall(open) where pth == "/x"
	//                        ^
}

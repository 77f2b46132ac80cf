package framework

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate reports every mistake in a list of checks: two with one ID, or one
// that lacks what listing, explaining and running it need.
func Validate(checks []*Check) error {
	var errs []error
	seen := map[string]bool{}
	for i, c := range checks {
		if c == nil {
			errs = append(errs, fmt.Errorf("check %d is nil", i))
			continue
		}
		if seen[c.ID] {
			errs = append(errs, fmt.Errorf("check %s: the ID is used twice", c.ID))
		}
		seen[c.ID] = true
		for _, problem := range c.problems() {
			errs = append(errs, fmt.Errorf("check %q: %s", c.ID, problem))
		}
	}
	return errors.Join(errs...)
}

func (c *Check) problems() []string {
	var out []string
	bad := func(wrong bool, text string) {
		if wrong {
			out = append(out, text)
		}
	}
	bad(!idPattern.MatchString(c.ID), "the ID must be domain/name in lower case with hyphens")
	title := c.Title()
	bad(title == "" || strings.HasSuffix(title, ".") || strings.ToLower(title[:1]) != title[:1],
		"the Doc must begin with a title in lower case without a period")
	bad(c.Explanation() == "", "the Doc must explain the check after its title and a blank line")
	bad(!strings.HasSuffix(c.Remedy, ".") || strings.Contains(c.Remedy, "\n"), "the Remedy must be one sentence that ends with a period")
	bad(c.Severity < Info || c.Severity > Blocker, "the Severity is invalid")
	bad(c.Step < Application || c.Step > Retire, "the Step is invalid")
	bad(len(c.Source)+len(c.Target) == 0, "it declares nothing that it reads")
	bad(c.Run == nil, "it has no Run")
	if c.Params != nil {
		t := reflect.TypeOf(c.Params)
		bad(t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct && t.Elem().Kind() != reflect.Map,
			"Params must point to a struct or a map")
	}
	return out
}

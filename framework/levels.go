package framework

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says how bad a finding is. The zero value is invalid.
type Severity int

const (
	// Info is worth knowing and never holds a step up.
	Info Severity = iota + 1
	// Warning may lose something, depending on facts that precheck cannot see.
	Warning
	// Blocker will break the step or lose something.
	Blocker
)

// Step is a step of the migration. The zero value is invalid.
type Step int

const (
	// Application restores the objects on the target.
	Application Step = iota + 1
	// Data copies volumes and promotes databases.
	Data
	// Traffic shifts requests to the target.
	Traffic
	// Retire empties the source.
	Retire
)

// Steps are all steps in their order.
var Steps = []Step{Application, Data, Traffic, Retire}

// Status says how a check ended.
type Status string

const (
	// Clean means that everything was read and nothing was found.
	Clean Status = "clean"
	// Found means that everything was read and there are findings.
	Found Status = "found"
	// Skipped means that somebody chose not to ask.
	Skipped Status = "skipped"
	// Unknown means that nobody could answer. There may be findings from the
	// part that could be read.
	Unknown Status = "unknown"
)

// Verdict is the answer to whether a step may begin.
type Verdict string

const (
	// Ready means that every check was answered and none blocks.
	Ready Verdict = "ready"
	// Blocked means that there is a finding that blocks.
	Blocked Verdict = "blocked"
	// Inconclusive means that nothing blocks, but a check is unknown or none
	// was answered.
	Inconclusive Verdict = "inconclusive"
)

var (
	severityNames = []string{"info", "warning", "blocker"}
	stepNames     = []string{"application", "data", "traffic", "retire"}
)

// String is the name in lower case.
func (s Severity) String() string { return nameOf(int(s), severityNames, "severity") }

// String is the name in lower case.
func (s Step) String() string { return nameOf(int(s), stepNames, "step") }

// MarshalText writes the name and refuses an invalid value.
func (s Severity) MarshalText() ([]byte, error) {
	return marshalName(int(s), severityNames, "severity")
}

// MarshalText writes the name and refuses an invalid value.
func (s Step) MarshalText() ([]byte, error) { return marshalName(int(s), stepNames, "step") }

// UnmarshalText reads the name.
func (s *Severity) UnmarshalText(text []byte) error {
	i, err := indexOf(string(text), severityNames, "severity")
	*s = Severity(i)
	return err
}

// UnmarshalText reads the name.
func (s *Step) UnmarshalText(text []byte) error {
	i, err := indexOf(string(text), stepNames, "step")
	*s = Step(i)
	return err
}

func nameOf(i int, names []string, what string) string {
	if i < 1 || i > len(names) {
		return fmt.Sprintf("invalid %s %d", what, i)
	}
	return names[i-1]
}

func marshalName(i int, names []string, what string) ([]byte, error) {
	if i < 1 || i > len(names) {
		return nil, fmt.Errorf("invalid %s %d", what, i)
	}
	return []byte(names[i-1]), nil
}

func indexOf(name string, names []string, what string) (int, error) {
	i := slices.Index(names, name)
	if i < 0 {
		return 0, fmt.Errorf("%q is no %s (want %s)", name, what, strings.Join(names, ", "))
	}
	return i + 1, nil
}

// Package render writes a risk report in the formats that people and pipelines
// read. A renderer is a pure function of the report and its options: it looks
// at no clock, environment or terminal.
package render

import "github.com/precheck-dev/precheck/framework"

// Options tell a renderer what the report is written to. Only the table looks
// at them.
type Options struct {
	// Width is the number of columns that no line exceeds; zero means 80.
	Width int
	// Terminal allows colour and boxes; otherwise everything is plain text.
	Terminal bool
	// All shows every message and object instead of examples.
	All bool
	// Gate is what the verdicts follow: its severity for every step, and its
	// step for the last line. Zero means Blocker and Retire.
	Gate framework.Gate
}

// Package runner is the command line around the checks: it reads both clusters,
// applies the checks, writes the report and decides the exit code.
//
// A program with checks of its own is one line:
//
//	os.Exit(runner.Main(append(checks.All(), mine...)...))
//
// Exit codes do not depend on the output format: 0 ready, 1 blocked, 2 wrong
// usage or configuration, 3 inconclusive.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/go-logr/logr"
	"golang.org/x/term"
	"k8s.io/klog/v2"

	"github.com/precheck-dev/precheck/framework"
)

// The exit codes.
const (
	ExitReady        = 0
	ExitBlocked      = 1
	ExitUsage        = 2
	ExitInconclusive = 3
)

// Streams are what a run reads and writes. Data goes to Out, talk to Err.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// OutWidth and ErrWidth are the columns of the terminal that Out and Err
	// are; zero when they are none.
	OutWidth, ErrWidth int
}

// Main runs the program with the arguments and streams of the process, and
// returns the exit code. The first interrupt cancels the run, the second kills.
func Main(checks ...*framework.Check) int {
	collectEagerly()
	// A reader that goes away shall be a failing write and not a silent death.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // this is the main function
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, checks, os.Args[1:], Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		OutWidth: columns(os.Stdout), ErrWidth: columns(os.Stderr),
	})
}

// collectEagerly keeps the memory of a run near to what it holds: most of what
// is allocated are pages of lists, which are garbage at once. Whoever sets GOGC
// or GOMEMLIMIT knows better.
func collectEagerly() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(25)
	}
}

func columns(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Run runs the program with the arguments and returns the exit code. Whatever
// is wrong stands on Err, one line per mistake, which begins with "precheck: ".
//
// It directs the log of client-go, which is one for the process, to Err with
// --verbose and nowhere without.
func Run(ctx context.Context, checks []*framework.Check, args []string, streams Streams) int {
	p := &program{checks: checks, streams: streams, log: slog.New(slog.DiscardHandler)}
	klog.SetLogger(logr.Discard())
	err := framework.Validate(checks)
	if err == nil {
		root := p.command()
		root.SetArgs(args)
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		return ExitReady
	}
	if ctx.Err() != nil {
		p.say("interrupted, nothing was written")
		return ExitInconclusive
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{ExitUsage, err}
	}
	if f.err != nil {
		for _, e := range each(f.err) {
			p.say("%v", e)
		}
	}
	return f.code
}

// program is what all commands share.
type program struct {
	checks  []*framework.Check
	streams Streams
	log     *slog.Logger
}

// say writes one line to Err.
func (p *program) say(format string, args ...any) {
	fmt.Fprintln(p.streams.Err, "precheck: "+oneLine(fmt.Sprintf(format, args...)))
}

// verbose turns the log on.
func (p *program) verbose() {
	handler := slog.NewTextHandler(p.streams.Err, &slog.HandlerOptions{Level: slog.LevelDebug})
	p.log = slog.New(handler)
	klog.SetLogger(logr.FromSlogHandler(handler))
}

// A failure is an error with an exit code. Without err everything was said.
type failure struct {
	code int
	err  error
}

// Error implements error.
func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit code %d", f.code)
	}
	return f.err.Error()
}

// Unwrap gives the reason.
func (f *failure) Unwrap() error { return f.err }

// inconclusive is a failure because something could not be found out.
func inconclusive(format string, args ...any) error {
	return &failure{ExitInconclusive, fmt.Errorf(format, args...)}
}

// exit is the failure for a verdict; nil for ready.
func exit(v framework.Verdict) error {
	switch v {
	case framework.Ready:
		return nil
	case framework.Blocked:
		return &failure{code: ExitBlocked}
	}
	return &failure{code: ExitInconclusive}
}

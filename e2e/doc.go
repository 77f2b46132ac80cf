// Package e2e checks precheck against real API servers: its tests build and
// start them (package kube), fill them with applications (package load), run
// the program, and look at nothing but what it prints, its exit code and the
// servers' audit logs.
//
// Two clusters are shared by most tests. PRECHECK_E2E_BINARY names a binary to
// test instead of one built from this repository, PRECHECK_E2E_CACHE a directory
// for what is built.
package e2e

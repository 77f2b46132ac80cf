// Package e2e checks precheck against real API servers. Its tests build and
// start them; see package kube.
package e2e

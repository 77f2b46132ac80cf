// Package scheduling holds the checks about where pods may run.
package scheduling

package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	for dir, want := range map[string]string{
		"mixed": "blocked\nCronJob shop/report: image of container \"report\" comes from \"quay.io\"\n",
		"clean": "ready\n",
	} {
		path := "../registry/testdata/registry/" + dir + "/source"
		var out bytes.Buffer
		if err := compare(t.Context(), &out, path, path); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: got %q, want it to begin with %q", dir, out.String(), want)
		}
	}
	if err := compare(t.Context(), &bytes.Buffer{}, "missing", "missing"); err == nil {
		t.Error("a directory that is missing is no error")
	}
}

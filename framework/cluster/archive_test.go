package cluster

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pack makes an archive of entries; the content of a header without one is the
// text of its PAX record "content".
func pack(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, h := range entries {
		content := h.Gname
		h.Gname = ""
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// text is an entry that is a file; the group name carries its content to pack.
func text(name, content string) tar.Header { return tar.Header{Name: name, Gname: content} }

func readArchive(t *testing.T, data []byte, bounds *limits, resources ...Resource) (*Snapshot, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.tar.gz")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return Archive{Path: path, Now: testNow, limits: bounds}.Read(t.Context(), append(resources, Inventory))
}

func TestArchiveOfManifests(t *testing.T) {
	data := pack(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir},
		text("./apps/a.yaml", mapA), text("./b.json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}`),
		text("./README.md", "kind: {"),
		tar.Header{Name: "./link.yaml", Typeflag: tar.TypeSymlink, Linkname: "b.json"},
		tar.Header{Name: "./hard.yaml", Typeflag: tar.TypeLink, Linkname: "b.json"},
		tar.Header{Name: "./device", Typeflag: tar.TypeChar},
	)
	s, err := readArchive(t, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	const link = `is a link or device in an archive, which is not followed: pack the files themselves (tar --dereference)`
	want := "apps/a.yaml:1 ConfigMap a\nb.json:1 Pod p\n" +
		`device:0 gap "" ` + link + "\n" + `hard.yaml:0 gap "" ` + link + "\n" + `link.yaml:0 gap "" ` + link + "\n"
	if diff := cmp.Diff(want, outlineOf(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestArchiveAndDirectoryOfManifestsAreEqual(t *testing.T) {
	all := everything()
	want := readDir(t, "testdata/gitops", all)
	var entries []tar.Header
	for _, name := range []string{"crds/crontab.yaml", "apps/all.yaml"} {
		content, err := os.ReadFile(filepath.Join("testdata/gitops", name))
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, text(name, string(content)))
	}
	got, err := readArchive(t, pack(t, entries...), nil, all...)
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, "archive", want, got)
}

// A snapshot that somebody unpacked and packed again has a folder, and its
// description not at the front.
func TestArchiveOfSavedSnapshotPackedAgain(t *testing.T) {
	all := everything()
	want := readDir(t, "testdata/live", all)
	dir := filepath.Join(t.TempDir(), "snap")
	if err := Save(want, dir); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []tar.Header
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, text("snap/"+filepath.Base(f), string(content)))
	}
	got, err := readArchive(t, pack(t, entries...), nil, all...)
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, "packed again", want, got)
}

func TestArchiveRefuses(t *testing.T) {
	bounds := &limits{total: 64 << 10, file: 16 << 10, entries: 3}
	ok := text("a.yaml", mapA)
	tests := []struct {
		name, want string
		data       []byte
	}{
		{"path above", `its entry "../a.yaml" lies outside of it: make it with relative names (tar -C DIRECTORY .)`, pack(t, ok, text("../a.yaml", mapA))},
		{"path above, hidden", `its entry "x/../../a.yaml" lies outside of it: make it with relative names (tar -C DIRECTORY .)`, pack(t, text("x/../../a.yaml", mapA))},
		{"absolute path", `its entry "/etc/a.yaml" lies outside of it: make it with relative names (tar -C DIRECTORY .)`, pack(t, text("/etc/a.yaml", mapA))},
		{"entries", "it has more than 3 entries: pack only the manifests", pack(t, ok, ok, ok, ok)},
		{"file", `its file "a.yaml" unpacks to more than 16384 bytes, the most that is read of one: split it`, pack(t, text("a.yaml", strings.Repeat("#\n", 8193)))},
		{"total", "it unpacks to more than 65536 bytes, the most that is read: pack only the manifests", bomb(t, 1<<20)},
		{"no gzip", "it is no gzip file: gzip: invalid header", []byte(mapA + mapA)},
		{"empty", "it is no gzip file: EOF", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readArchive(t, test.data, bounds)
			if err == nil || !strings.HasSuffix(err.Error(), "a.tar.gz: "+test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := readArchive(t, pack(t, text("README.md", "")), nil); err == nil || !strings.Contains(err.Error(), "a.tar.gz holds no Kubernetes object") {
		t.Errorf("an archive without objects: %v", err)
	}
}

// bomb is a small archive with zeros behind its end.
func bomb(t *testing.T, zeros int) []byte {
	t.Helper()
	unpacked := mustUnzip(t, pack(t, text("a.yaml", mapA)))
	return zip(t, append(unpacked, make([]byte, zeros)...))
}

func zip(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func mustUnzip(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Wherever an archive is cut off or a bit of it changes, the snapshot is never
// the whole one without a gap.
func TestDamagedArchiveIsNeverClean(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.tar.gz")
	all := everything()
	if err := Save(readDir(t, "testdata/live", all), path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(what string, at int, data []byte) {
		s, err := readArchive(t, data, nil, all...)
		if err != nil {
			return
		}
		for _, g := range s.GapsFor([]Resource{Pods, Inventory}) {
			if g.Resource == "" && g.Partial {
				return
			}
		}
		t.Errorf("%s at %d gave a snapshot without a gap", what, at)
	}
	for n := 0; n < len(whole); n += 7 {
		judge("cut off", n, whole[:n])
		if n >= 10 { // the header of gzip says nothing about the content
			changed := bytes.Clone(whole)
			changed[n] ^= 0x10
			judge("changed", n, changed)
		}
	}
	judge("cut off", len(whole)-1, whole[:len(whole)-1])
}

func TestReadingEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.tar.gz")
	if err := Save(readDir(t, "testdata/live", everything()), path); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range []Reader{Archive{Path: path}, Directory{Path: "testdata/live"}} {
		if _, err := r.Read(ctx, everything()); !errors.Is(err, context.Canceled) {
			t.Errorf("%T: %v", r, err)
		}
	}
}

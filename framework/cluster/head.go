package cluster

import (
	"bytes"
	"fmt"
	"strings"
)

// head is what must be known of a document before it is decoded.
type head struct {
	apiVersion, kind string
	name, namespace  string
	generateName     string
	// Values as they stand, nil when missing.
	metadata, items, apiVersionText, kindText []byte
	nameText, namespaceText                   []byte
	keys                                      map[string]bool // of the document
	annotations                               []byte
	item                                      bool // of a list
}

// readHead reads the head of a valid JSON object.
func readHead(object []byte) head {
	h := head{keys: make(map[string]bool, 8)}
	for key, value := range members(object) {
		h.keys[key] = true
		switch key {
		case "apiVersion":
			h.apiVersion, h.apiVersionText = textOf(value), value
		case "kind":
			h.kind, h.kindText = textOf(value), value
		case "metadata":
			h.metadata = value
		case "items":
			h.items = value
		}
	}
	for key, value := range members(h.metadata) {
		switch key {
		case "name":
			h.name, h.nameText = textOf(value), value
		case "namespace":
			h.namespace, h.namespaceText = textOf(value), value
		case "generateName":
			h.generateName = textOf(value)
		case "annotations":
			h.annotations = value
		}
	}
	return h
}

// isList reports whether the document is a list. Its kind alone does not tell:
// a custom resource may be called AllowList.
func (h head) isList() bool {
	return strings.HasSuffix(h.kind, "List") && h.name == "" && (h.keys["items"] || h.kind == "List")
}

// title names the object in a message.
func (h head) title() string {
	name := h.name
	if name == "" && h.generateName != "" {
		name = h.generateName + "*"
	}
	if h.namespace != "" {
		name = h.namespace + "/" + name
	}
	return fmt.Sprintf("%s %s %q", h.apiVersion, h.kind, name)
}

// untexts says which of the texts that name the object are something else,
// most often a word that YAML reads as a boolean.
func (h head) untexts() string {
	for _, f := range []struct {
		field string
		value []byte
	}{
		{"apiVersion", h.apiVersionText}, {"kind", h.kindText},
		{"metadata.name", h.nameText}, {"metadata.namespace", h.namespaceText},
	} {
		switch v := string(f.value); {
		case len(v) == 0 || v[0] == '"' || v == "null":
		case v == "true" || v == "false":
			return fmt.Sprintf("%s is the boolean %s: quote it (YAML takes y, n, yes, no, on and off for booleans)", f.field, v)
		default:
			return fmt.Sprintf("%s is a %s and must be a text: quote it", f.field, sortOf(f.value))
		}
	}
	return ""
}

// placeholder finds a name that some other tool has yet to fill in.
func (h head) placeholder() string {
	for _, s := range []string{h.apiVersion, h.kind, h.name, h.namespace} {
		for _, mark := range []string{"{{", "${", "$(", "<", "%"} {
			if strings.Contains(s, mark) {
				return s
			}
		}
	}
	return ""
}

// isNull reports whether the value is missing or null.
func isNull(value []byte) bool { return len(value) == 0 || bytes.Equal(value, []byte("null")) }

package apilife_test

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// A move to a cluster of which only the version is known.
func ExampleSuccessors() {
	const target = 21
	ingress := schema.GroupVersionKind{Group: "extensions", Version: "v1beta1", Kind: "Ingress"}
	l, _ := apilife.Lookup(ingress)
	fmt.Println("removed in", l.Removed)
	for _, s := range apilife.Successors(ingress) {
		if r, ok := apilife.Lookup(s); ok && r.ServedIn(target) {
			fmt.Println("use", s.GroupVersion(), s.Kind)
			break
		}
	}
	// Output:
	// removed in 1.22
	// use networking.k8s.io/v1 Ingress
}

package policy

import (
	"math/rand"
	"reflect"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

// TestArrayIsJSON compares containers of all sorts with their JSON form: every
// field, the hash that was taken from the struct, and an array inside a set.
func TestArrayIsJSON(t *testing.T) {
	fill := randfill.NewWithSeed(1).NilChance(0.3).NumElements(0, 3).Funcs(
		func(q *resource.Quantity, c randfill.Continue) {
			*q = *resource.NewMilliQuantity(c.Int63n(1e6), resource.DecimalSI)
		},
		func(p *intstr.IntOrString, c randfill.Continue) {
			if *p = intstr.FromInt32(c.Int31()); c.Bool() {
				*p = intstr.FromString("http")
			}
		},
	)
	encode := (&policy{}).encoder()
	for range 300 {
		list := make([]corev1.Container, 1+rand.Intn(3))
		for i := range list {
			fill.Fill(&list[i])
		}
		want, err := plainValue(list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := encode.array(list)
		if err != nil {
			t.Fatal(err)
		}
		if got.Hash() != want.Hash() || !ast.NewSet(ast.NewTerm(got)).Contains(ast.NewTerm(want)) {
			t.Fatalf("the hash of %v differs from that of %v", got, want)
		}
		if got.Compare(want) != 0 || got.String() != want.String() {
			t.Fatalf("%v\nis not\n%v", got, want)
		}
	}
}

// TestNativeIsJSON does the same with a whole pod spec.
func TestNativeIsJSON(t *testing.T) {
	fill := randfill.NewWithSeed(2).NilChance(0.3).NumElements(0, 2).Funcs(
		func(q *resource.Quantity, c randfill.Continue) {
			*q = *resource.NewQuantity(c.Int63n(1e6), resource.BinarySI)
		},
		func(p *intstr.IntOrString, c randfill.Continue) { *p = intstr.FromInt32(c.Int31()) },
	)
	encode := (&policy{}).encoder()
	for range 20 {
		var spec corev1.PodSpec
		fill.Fill(&spec)
		want, err := plainValue(&spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := ast.LazyObject(encode.native(reflect.ValueOf(&spec).Elem())); got.Compare(want) != 0 {
			t.Fatalf("%v\nis not\n%v", got, want)
		}
	}
}

func TestSerialisedWorkload(t *testing.T) {
	result := evaluate(t, shop, "each: workloads", "deny contains json.marshal(input.object.template)\n")
	want := `{"metadata":{"annotations":{},"labels":{"app":"shop","tier":"front"}},"path":"spec.template.","spec":{"containers":[{"image":"shop","name":"shop","ports":[{"containerPort":8080,"name":"http"}],"resources":{}}]}}`
	if len(result.Findings) != 1 || result.Findings[0].Message != want {
		t.Errorf("%v %s", lines(result), result.Reason)
	}
}

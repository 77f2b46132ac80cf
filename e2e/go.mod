module github.com/precheck-dev/precheck/e2e

go 1.26.0

require (
	golang.org/x/mod v0.38.0
	k8s.io/api v0.37.2
	k8s.io/apimachinery v0.37.2
	k8s.io/client-go v0.37.2
	sigs.k8s.io/yaml v1.6.0
)

package traffic

import (
	"testing"

	"github.com/precheck-dev/precheck/framework/checktest"
)

func TestKubeProxyMode(t *testing.T) {
	checktest.Run(t, "testdata/kube-proxy-mode", KubeProxyMode)
}

func TestExternalTrafficPolicy(t *testing.T) {
	checktest.Run(t, "testdata/external-traffic-policy", ExternalTrafficPolicy)
}

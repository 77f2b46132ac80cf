package kube

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// ExpiredName is the server name for which every API server shows a certificate
// whose time is over.
const ExpiredName = "expired.test"

// Masters is the group that may do everything.
const Masters = "system:masters"

// User is an identity that a client certificate carries.
type User struct {
	Name    string
	Groups  []string
	Expired bool // the certificate's time is over
}

// Kubeconfig writes a kubeconfig file with a new client certificate of the user
// and returns its path. Its context is named after the cluster's version.
func (c *Cluster) Kubeconfig(u User) (string, error) {
	cert, err := c.ca.client(u)
	if err != nil {
		return "", err
	}
	config := api.NewConfig()
	config.Clusters[c.Version] = &api.Cluster{Server: c.Host, CertificateAuthorityData: c.ca.pem}
	config.AuthInfos[u.Name] = &api.AuthInfo{ClientCertificateData: cert.cert, ClientKeyData: cert.key}
	config.Contexts[c.Version] = &api.Context{Cluster: c.Version, AuthInfo: u.Name}
	config.CurrentContext = c.Version
	c.users++
	path := c.file(fmt.Sprintf("kubeconfig-%d", c.users))
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("write kubeconfig of %s: %w", u.Name, err)
	}
	return path, nil
}

package kube

// startEtcd starts etcd and returns its endpoint. Nothing has to survive a
// power failure, so it does not wait for the disk.
func (c *Cluster) startEtcd(binary string) (string, error) {
	client, err := freePort()
	if err != nil {
		return "", err
	}
	peer, err := freePort()
	if err != nil {
		return "", err
	}
	endpoint := "http://127.0.0.1:" + client
	c.etcd, err = start(c.dir, binary,
		"--data-dir="+c.file("etcd-"+client),
		"--listen-client-urls="+endpoint,
		"--advertise-client-urls="+endpoint,
		"--listen-peer-urls=http://127.0.0.1:"+peer,
		"--initial-advertise-peer-urls=http://127.0.0.1:"+peer,
		"--initial-cluster=default=http://127.0.0.1:"+peer,
		"--unsafe-no-fsync",
		"--quota-backend-bytes=8589934592",
		"--log-level=warn",
	)
	return endpoint, err
}

// startAPIServer starts kube-apiserver on loopback. The aggregation layer is
// set up so that an APIService can be registered. Pods name no service account,
// since nobody would create one.
func (c *Cluster) startAPIServer(binary, etcd string, flags []string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	policy, err := c.write("audit-policy.yaml", auditPolicy)
	if err != nil {
		return err
	}
	c.Host = "https://127.0.0.1:" + port
	c.apiserver, err = start(c.dir, binary, append([]string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=192.0.2.1", // loopback is refused; nobody calls it
		"--secure-port=" + port,
		"--tls-cert-file=" + c.file("apiserver.crt"),
		"--tls-private-key-file=" + c.file("apiserver.key"),
		"--tls-sni-cert-key=" + c.file("expired.crt") + "," + c.file("expired.key") + ":" + ExpiredName,
		"--client-ca-file=" + c.file("ca.crt"),
		"--service-account-key-file=" + c.file("sa.key"),
		"--service-account-signing-key-file=" + c.file("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=RBAC",
		"--allow-privileged",
		"--disable-admission-plugins=ServiceAccount",
		"--requestheader-client-ca-file=" + c.file("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.file("front-proxy-client.crt"),
		"--proxy-client-key-file=" + c.file("front-proxy-client.key"),
		"--enable-aggregator-routing",
		"--audit-policy-file=" + policy,
		"--audit-log-path=" + c.file(auditLog),
	}, flags...)...)
	return err
}

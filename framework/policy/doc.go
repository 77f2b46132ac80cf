// Package policy turns Rego files into checks.
//
// The file images/untagged.rego below the directory that [Load] is given is the
// check "images/untagged" and its package is precheck.images.untagged (a hyphen
// of the path is an underscore in the package). Files below lib are libraries:
// lib/workload.rego is the package precheck.lib.workload (or lib.workload);
// they take arguments and never read input. Files that end in _test.rego are
// left to "opa test"; testdata and hidden directories are passed over.
//
// The METADATA comment above the package describes the check: title,
// description, related_resources (the sources of the claim), and below custom
//
//	severity  info, warning or blocker
//	step      application, data, traffic or retire
//	remedy    one imperative sentence
//	source    what is read of the source: resources such as pods or
//	          ingresses.networking.k8s.io, and the words version, uid, workloads
//	target    what is read of the target
//	params    parameters and their defaults: input.params
//	each      evaluate once per object of this resource of the source: input.object
//
// The rule deny is a partial set. A member is a message, or an object with a
// message and any of object {apiVersion, kind, namespace, name}, cluster,
// fieldPath, severity, step, remedy and details. With each, a member is about
// input.object unless it names another object.
//
// Input is input.now (RFC 3339), input.params, and input.source and
// input.target with what was declared: a list of objects per resource, version
// as {major, minor, text} and uid as text. Objects are as [cluster.Snapshot]
// holds them, in the version of its kinds; metadata.namespace is always there,
// empty for an object without one.
//
// A workload (each: workloads, or input.source.workloads) is
//
//	{apiVersion, kind, metadata: {namespace, name, labels}, replicas,
//	 template: {metadata: {labels, annotations}, spec, path}, services: [...]}
//
// with replicas and path as [cluster.Workload] has them, and the Services of its
// namespace that select its pods as
//
//	{name, type, headless, externalTrafficPolicy, externalIPs,
//	 publishNotReadyAddresses, ports: [{name, protocol, port, targetPort}],
//	 containers, undeclared, receivers, reachedBy}
//
// where containers are the names of the containers that declare a port which
// the Service sends to, and undeclared says that it sends to a port number that
// none declares, where any may listen; receivers are the containers, and all
// regular ones where any may listen. reachedBy says how requests from outside
// of the cluster get there: LoadBalancer or NodePort, and externalIPs. A policy
// that reads ingresses.networking.k8s.io also gets ingresses, the names of the
// Ingresses that send to the Service, and Ingress in front of reachedBy.
//
// A label of the selector that controllers add to pods, which no template has,
// matches the workloads whose pods may get it: statefulset.kubernetes.io/pod-name
// and apps.kubernetes.io/pod-index those StatefulSets that have the pod,
// pod-template-hash every Deployment and controller-revision-hash every
// StatefulSet and DaemonSet, as a template does not tell the hash.
//
// Two doors of Rego stay open, because objects have fields that no schema here
// knows. A field that an object lacks is undefined, and so is every expression
// that uses it: a message made with sprintf of such a field drops its finding,
// so use object.get there. And a pattern such as {"name": name} matches only an
// object that has these keys and no others: write "some c in" and c.name.
//
// What would silently find nothing otherwise is an error when the policy is loaded, with
// file and line: input that was not declared, a reference to no rule, a rule
// that deny does not use, a missing deny, a field that snapshots leave out.
// What goes wrong while a policy is evaluated makes its check unknown, and so
// does an evaluation that takes more than 10 seconds, or a run that takes more
// than a minute and 50 ms for every object.
package policy

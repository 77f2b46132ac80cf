package load

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func bulkNamespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"team": name, "cost-center": "4711"},
	}}
}

func nodeName(i int) string { return fmt.Sprintf("worker-%04d", i) }

func bulkNode(i int) *corev1.Node {
	zone := fmt.Sprintf("cn-hangzhou-%c", 'h'+i%3)
	labels := map[string]string{
		"beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
		"beta.kubernetes.io/instance-type": "ecs.g6.2xlarge", "node.kubernetes.io/instance-type": "ecs.g6.2xlarge",
		"failure-domain.beta.kubernetes.io/region": "cn-hangzhou", "topology.kubernetes.io/region": "cn-hangzhou",
		"failure-domain.beta.kubernetes.io/zone": zone, "topology.kubernetes.io/zone": zone,
		"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": nodeName(i),
		"topology.diskplugin.csi.alibabacloud.com/zone": zone, "node.csi.alibabacloud.com/disktype.cloud_ssd": "available",
		"alibabacloud.com/nodepool-id": fmt.Sprintf("np%06d", i%8), "ack.aliyun.com": "c0123456789abcdef",
		"pool": fmt.Sprintf("pool-%d", i%8), "rack": fmt.Sprintf("r%02d", i%40), "environment": "production",
		"kernel": "5.10", "owner": "platform",
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: nodeName(i), Labels: labels, Annotations: map[string]string{
			"volumes.kubernetes.io/controller-managed-attach-detach": "true",
			"node.alpha.kubernetes.io/ttl":                           "15",
		}},
		Spec:   corev1.NodeSpec{ProviderID: fmt.Sprintf("cn-hangzhou.i-%08d", i), PodCIDR: fmt.Sprintf("10.%d.%d.0/24", 128+i/250, i%250)},
		Status: bulkNodeStatus(i),
	}
}

// bulkNodeStatus is that of a ready node with 30 images.
func bulkNodeStatus(i int) corev1.NodeStatus {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("32Gi"),
		corev1.ResourcePods: resource.MustParse("110"), corev1.ResourceEphemeralStorage: resource.MustParse("120Gi"),
	}
	now := metav1.Now()
	status := corev1.NodeStatus{
		Capacity: capacity, Allocatable: capacity,
		Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("172.16.%d.%d", i/250, i%250+1)},
			{Type: corev1.NodeHostName, Address: nodeName(i)},
		},
		NodeInfo: corev1.NodeSystemInfo{
			Architecture: "amd64", OperatingSystem: "linux", OSImage: "Alibaba Cloud Linux 3", KernelVersion: "5.10.134-16.1.al8.x86_64",
			ContainerRuntimeVersion: "containerd://1.6.20", KubeletVersion: "v1.24.17", KubeProxyVersion: "v1.24.17",
			MachineID: fmt.Sprintf("%032d", i), SystemUUID: fmt.Sprintf("%032d", i), BootID: fmt.Sprintf("%032d", i),
		},
	}
	for _, kind := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		value := corev1.ConditionFalse
		if kind == corev1.NodeReady {
			value = corev1.ConditionTrue
		}
		status.Conditions = append(status.Conditions, corev1.NodeCondition{
			Type: kind, Status: value, Reason: "KubeletHas" + string(kind), Message: "kubelet reports " + string(kind),
			LastHeartbeatTime: now, LastTransitionTime: now,
		})
	}
	for n := range 30 {
		name := fmt.Sprintf("registry.example.com/team-%03d/service-%04d", (i+n)%100, i*7+n)
		status.Images = append(status.Images, corev1.ContainerImage{
			Names:     []string{name + "@sha256:" + strings.Repeat("0f1e2d3c", 8), name + ":1.4.2"},
			SizeBytes: int64(n+1) << 24,
		})
	}
	return status
}

// bulkDeployment returns a deployment of two containers. Every second one
// carries the annotation of kubectl apply.
func bulkDeployment(i int, namespace string) (*appsv1.Deployment, error) {
	name := fmt.Sprintf("service-%05d", i)
	d := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: bulkLabels(name, namespace)},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](4),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": name}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      bulkLabels(name, namespace),
					Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "9102"},
				},
				Spec: bulkPodSpec(i, name),
			},
		},
	}
	if i%2 == 0 {
		text, err := json.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", lastApplied, err)
		}
		d.Annotations = map[string]string{lastApplied: string(text)}
	}
	return d, nil
}

func bulkLabels(name, namespace string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name + "-production",
		"app.kubernetes.io/part-of": namespace, "app.kubernetes.io/version": "1.4.2",
	}
}

// bulkPodSpec differs from one deployment to the next in what checks look at:
// every third has no probes and every fifth selects nodes by an old label.
func bulkPodSpec(i int, name string) corev1.PodSpec {
	main := bulkContainer("app", name, 8080)
	side := bulkContainer("metrics", "exporter", 9102)
	if i%3 == 0 {
		main.ReadinessProbe, main.Lifecycle = nil, nil
	}
	spec := corev1.PodSpec{
		Containers:                    []corev1.Container{main, side},
		TerminationGracePeriodSeconds: ptr.To[int64](45),
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: fmt.Sprintf("config-%05d", i)},
			}}},
			{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
	}
	if i%5 == 0 {
		spec.NodeSelector = map[string]string{"beta.kubernetes.io/os": "linux"}
	}
	return spec
}

func bulkContainer(name, image string, port int32) corev1.Container {
	probe := func(path string) *corev1.Probe {
		get := &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(port)}
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: get}, InitialDelaySeconds: 5, PeriodSeconds: 10}
	}
	c := corev1.Container{
		Name: name, Image: "registry.example.com/" + image + ":1.4.2",
		Ports:          []corev1.ContainerPort{{Name: name, ContainerPort: port}},
		ReadinessProbe: probe("/ready"), LivenessProbe: probe("/live"),
		Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", "20"}}}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("512Mi")},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app"}, {Name: "scratch", MountPath: "/tmp"}},
	}
	for n := range 8 {
		c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%d", n), Value: fmt.Sprintf("http://backend-%d.%s.svc:8080/", n, image)})
	}
	return c
}

// bulkService selects the pods of a deployment. One of 20 is a load balancer,
// every second of these with external traffic policy Local, and one of 20 a
// node port.
func bulkService(i int, namespace string) *corev1.Service {
	name := fmt.Sprintf("service-%05d", i)
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: bulkLabels(name, namespace)},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app.kubernetes.io/name": name},
			Ports: []corev1.ServicePort{
				{Name: "http", Port: 80, TargetPort: intstr.FromString("app")},
				{Name: "metrics", Port: 9102, TargetPort: intstr.FromString("metrics")},
			},
		},
	}
	switch i % 20 {
	case 0:
		s.Spec.Type = corev1.ServiceTypeLoadBalancer
		s.Annotations = map[string]string{"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-id": fmt.Sprintf("lb-%06d", i/100)}
		if i%40 == 0 {
			s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
		}
	case 10:
		s.Spec.Type = corev1.ServiceTypeNodePort
	}
	return s
}

func bulkConfigMap(i int, namespace string) *corev1.ConfigMap {
	name := fmt.Sprintf("config-%05d", i)
	line := fmt.Sprintf("service %d listens on 0.0.0.0:8080 and asks backend.svc\n", i)
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: bulkLabels(name, namespace)},
		Data:       map[string]string{"application.conf": strings.Repeat(line, 2048/len(line))},
	}
}

func bulkSecret(i int, namespace string) *corev1.Secret {
	name := fmt.Sprintf("credentials-%05d", i)
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: bulkLabels(name, namespace)},
		Data:       map[string][]byte{"password": []byte(strings.Repeat(fmt.Sprintf("%08d", i), 128))},
	}
}

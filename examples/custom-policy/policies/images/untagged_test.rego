package precheck.images.untagged_test

import data.precheck.images.untagged

test_floating[image] if {
	some image in ["nginx", "nginx:latest", "registry.example.org:5000/nginx"]
	untagged.floating(image)
}

test_pinned[image] if {
	some image in ["nginx:1.29", "registry.example.org:5000/nginx:1.29", "nginx@sha256:0123", "nginx:latest@sha256:0123"]
	not untagged.floating(image)
}

test_exempt if {
	count(untagged.deny) == 0 with input.object as {"template": {"spec": {"containers": [{"name": "a", "image": "nginx"}]}}}
		with input.params.exempt as ["nginx"]
}

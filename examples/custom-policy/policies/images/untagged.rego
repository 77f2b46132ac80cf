# METADATA
# title: images are not pinned to a version
# description: |-
#   An image without a tag, or with the tag latest, is pulled anew on the
#   target's nodes. What runs there may be newer than what runs on the source, so
#   the two clusters answer the same request differently while traffic moves.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/containers/images/#image-names
# custom:
#   severity: warning
#   step: application
#   remedy: Pin the image to the version or the digest that runs on the source.
#   each: workloads
#   params:
#     exempt: []
package precheck.images.untagged

import data.precheck.lib.workload

deny contains {
	"message": sprintf("image %q of container %q is not pinned", [c.image, c.name]),
	"details": {"container": c.name, "image": c.image},
} if {
	some c in workload.containers(input.object.template.spec)
	not c.image in input.params.exempt
	floating(c.image)
}

# floating images have neither a digest nor a tag other than latest. A colon
# before the last slash belongs to the port of a registry.
floating(image) if {
	not contains(image, "@")
	parts := split(image, "/")
	regex.match(`^[^:]+(:latest)?$`, parts[count(parts) - 1])
}

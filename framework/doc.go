// Package framework defines what a check is and turns the answers of many
// checks into one risk report.
//
// A [Check] is a value: an ID, the resources it reads, and a pure function from
// two cluster snapshots to findings. There is no registry: the registry is a
// []*Check. [Apply] runs checks over two snapshots and returns a [Report]; a
// [Gate] decides from the report whether a step of the migration may begin.
package framework

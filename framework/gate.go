package framework

// A Gate decides whether a step may begin.
type Gate struct {
	Step Step
	// FailOn is the least severity that blocks; zero means Blocker.
	FailOn Severity
}

// Decide looks at the findings and the unknown checks of the gate's step and
// of the steps before it: traffic cannot be shifted to applications that were
// never restored. Blocked outranks inconclusive. A step is never ready when
// not one check of it or the steps before it was answered.
func (g Gate) Decide(r *Report) Verdict {
	failOn := g.FailOn
	if failOn == 0 {
		failOn = Blocker
	}
	answered, unknown := false, false
	for _, result := range r.Results {
		for _, f := range result.Findings {
			if f.Step <= g.Step && f.Severity >= failOn {
				return Blocked
			}
		}
		if result.Step > g.Step {
			continue
		}
		switch result.Status {
		case Clean, Found:
			answered = true
		case Skipped:
		default:
			unknown = true
		}
	}
	if unknown || !answered {
		return Inconclusive
	}
	return Ready
}
